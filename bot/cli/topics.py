"""`paperbrief topics`: the catalogue, and a dry run of a query over what is stored."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import TextOrJson, prepare, print_json, reported_errors, run_async

if TYPE_CHECKING:
    from bot.digest.coverage import Coverage


def topics(
    check: Annotated[str | None, typer.Option(help="A query to try: how many papers a day would it match?")] = None,
    category: Annotated[
        list[str] | None, typer.Option("--category", "-c", help="Categories to try it on. Default: those ingested.")
    ] = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print it.")] = TextOrJson.TEXT,
) -> None:
    """List the built-in topics, or try a query with --check over the last 14 stored announcement days."""
    settings = prepare()
    if check is None:
        _list_catalogue(output)
        return
    with reported_errors():
        from bot.digest.query import parse_query
        from bot.model import Topic
        from bot.sources.categories import check_categories

        parse_query(check)
        categories = check_categories(category or settings.brief.categories)
        trial = Topic(slug="trial", names={"en": "Trial"}, categories=tuple(categories), query=check)

    async def main() -> "Coverage":
        from bot.app import open_services
        from bot.digest.coverage import check_coverage

        async with open_services(settings) as services:
            await services.briefing.latest_date(trial)
            return check_coverage(trial, await services.briefing.load_pool(trial))

    coverage = run_async(main)
    if output is TextOrJson.JSON:
        print_json(
            {
                "query": check,
                "per_day": {day.isoformat(): count for day, count in coverage.per_day.items()},
                "matched": coverage.total,
                "pool": coverage.pool,
                "share": round(coverage.share, 4),
                "warning": coverage.warning,
            }
        )
        return
    for day, count in coverage.per_day.items():
        typer.echo(f"{day:%a %d %b %Y}  {count:5d}")
    typer.echo(f"{coverage.total} of {coverage.pool} papers match ({coverage.share:.1%})")
    if coverage.warning:
        typer.echo(f"warning: {coverage.warning}")


def _list_catalogue(output: TextOrJson) -> None:
    with reported_errors():
        from bot.digest.catalogue import load_catalogue

        catalogue = load_catalogue()
    if output is TextOrJson.JSON:
        print_json(
            [
                {
                    "slug": topic.slug,
                    "names": dict(topic.names),
                    "categories": list(topic.categories),
                    "query": topic.query,
                    "interest": topic.interest,
                }
                for topic in catalogue.values()
            ]
        )
        return
    width = max(len(slug) for slug in catalogue)
    for topic in catalogue.values():
        typer.echo(
            f"{topic.slug:<{width}}  {topic.names['en']} · {topic.name('zh-CN')}  [{', '.join(topic.categories)}]"
        )
