"""`paperbrief paper` and `paperbrief search`: looking things up in the store."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import TextOrJson, parse_date, prepare, print_json, reported_errors, run_async

if TYPE_CHECKING:
    from datetime import date

    from bot.arxiv_id import PaperReference
    from bot.model import AnnounceType, Paper, PaperVersion
    from bot.settings import Settings
    from bot.store.search import SearchHit
    from bot.texts import Summary, Translation


class Sort(StrEnum):
    """Orders of search results."""

    NEWEST = "newest"
    RELEVANCE = "relevance"


def paper(
    reference: Annotated[str, typer.Argument(metavar="ID", help="An arXiv id or the address of a paper on arxiv.org.")],
    language: Annotated[str, typer.Option(help="Language of the model's summary, such as en or zh-CN.")] = "en",
    no_model: Annotated[bool, typer.Option("--no-model", help="Ask no language model; show what it wrote.")] = False,
    translate: Annotated[
        str | None, typer.Option(metavar="LANG", help="Translate title and abstract into it, such as zh-CN or de.")
    ] = None,
    terms: Annotated[bool, typer.Option("--terms", help="Keep English terms in parentheses there.")] = False,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print it.")] = TextOrJson.TEXT,
) -> None:
    """Show one paper: summary, takeaways, links, versions. Asks arXiv when it is not stored.

    With a language model set up, it writes the summary once, and a translation where one is asked for.
    """
    settings = prepare()
    with reported_errors():
        from bot.arxiv_id import parse_reference
        from bot.digest.languages import language_name
        from bot.errors import UsageError

        wanted = parse_reference(reference)
        language_name(language)
        if translate is not None:
            language_name(translate)
        elif terms:
            raise UsageError("--terms goes with --translate LANG")

    async def main() -> (
        "tuple[Paper, list[PaperVersion], list[tuple[str, date, AnnounceType]], Summary, Translation | None]"
    ):
        found = await _load_or_fetch(settings, wanted)
        summary = await _summary(settings, found[0], language, ask=not no_model)
        if translate is None:
            return *found, summary, None
        return *found, summary, await _translation(settings, found[0], translate, terms=terms, ask=not no_model)

    found, versions, announced, summary, translation = run_async(main)
    from bot.digest.links import find_links

    links = find_links(found)
    if output is TextOrJson.JSON:
        from bot.render.jsonview import paper_as_json

        print_json(paper_as_json(found, summary, links, versions, announced, translation))
    else:
        from bot.render.plain import render_paper_text

        typer.echo(render_paper_text(found, summary, links, versions, announced, translation))
    if wanted.version is not None and wanted.version != found.version:
        typer.echo(f"paperbrief: version {wanted.version} was asked for; version {found.version} is stored", err=True)


async def _load_or_fetch(
    settings: "Settings", wanted: "PaperReference"
) -> "tuple[Paper, list[PaperVersion], list[tuple[str, date, AnnounceType]]]":
    from bot.app import open_online_services, open_services

    async with open_services(settings) as services:
        known = await services.papers.load_paper(wanted.arxiv_id)
        if known is not None:
            return (
                known,
                await services.papers.load_versions(wanted.arxiv_id),
                await services.papers.load_announced(wanted.arxiv_id),
            )
    async with open_online_services(settings) as online:
        return await online.ingest.fetch_paper(wanted.arxiv_id), [], []


async def _summary(settings: "Settings", paper: "Paper", language: str, *, ask: bool) -> "Summary":
    """Return what a model wrote about the paper, now or earlier, else the extracted text, which says why."""
    from bot.app import open_services
    from bot.pipeline.summarising import is_extracted

    async with open_services(settings, with_model=ask) as services:
        best = await services.summariser.best(paper, language)
        if services.summariser.producer is None or not is_extracted(best):
            return best
        return (await services.summariser.summarise([paper], language))[paper.arxiv_id]


async def _translation(settings: "Settings", paper: "Paper", language: str, *, terms: bool, ask: bool) -> "Translation":
    """Return the translation; raises `Refusal` where there is none and none can be made."""
    from bot.app import open_services

    async with open_services(settings, with_model=ask) as services:
        return await services.translator.translate(paper, language, terms=terms)


def search(
    words: Annotated[list[str], typer.Argument(help='Words to look for; "quoted words" are a phrase.')],
    since: Annotated[str | None, typer.Option(help="Only papers announced on or after YYYY-MM-DD.")] = None,
    category: Annotated[str | None, typer.Option("--category", "-c", help="Only this category.")] = None,
    author: Annotated[str | None, typer.Option(help="Only papers with this author.")] = None,
    sort: Annotated[Sort, typer.Option(help="Order of the results.")] = Sort.NEWEST,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Results at the most.")] = 20,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print it.")] = TextOrJson.TEXT,
) -> None:
    """Search titles, abstracts and authors of the stored papers."""
    settings = prepare()
    with reported_errors():
        from bot.errors import UsageError
        from bot.sources.categories import check_categories

        earliest = parse_date(since)
        (only,) = check_categories([category]) if category else (None,)
        if not any(character.isalnum() for word in words for character in word):
            raise UsageError("there is no word to look for")

    async def main() -> "list[SearchHit]":
        from bot.app import open_services

        async with open_services(settings) as services:
            return await services.search.search(
                " ".join(words),
                since=earliest,
                category=only,
                author=author,
                newest=sort is Sort.NEWEST,
                limit=limit,
            )

    hits = run_async(main)
    if output is TextOrJson.JSON:
        from bot.render.jsonview import hits_as_json

        print_json(hits_as_json([(hit.paper, hit.announced_on, hit.score) for hit in hits]))
    else:
        from bot.render.plain import render_hits_text

        typer.echo(render_hits_text([(hit.paper, hit.announced_on) for hit in hits]))
