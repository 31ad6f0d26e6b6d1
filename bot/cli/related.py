"""`paperbrief related`: the stored papers that are about the same thing as one of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import TextOrJson, prepare, print_json, reported_errors, run_async

if TYPE_CHECKING:
    from bot.model import Paper


def related(
    reference: Annotated[str, typer.Argument(metavar="PAPER", help="An arXiv id or an address on arxiv.org.")],
    surveys_first: Annotated[bool, typer.Option("--surveys-first", help="Surveys and reviews before others.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Papers at the most.")] = 10,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print them.")] = TextOrJson.TEXT,
) -> None:
    """List stored papers that are about the same thing as PAPER, nearest first. Asks nobody."""
    settings = prepare()
    with reported_errors():
        from bot.arxiv_id import parse_reference

        wanted = parse_reference(reference)

    async def main() -> "list[tuple[Paper, float]]":
        from bot.app import open_services
        from bot.errors import UsageError

        async with open_services(settings) as services:
            paper = await services.papers.load_paper(wanted.arxiv_id)
            if paper is None:
                raise UsageError(f"{wanted.arxiv_id} is not stored; `paperbrief paper {wanted.arxiv_id}` fetches it")
            return await services.related.find(paper, limit, surveys_first=surveys_first)

    found = run_async(main)
    if output is TextOrJson.JSON:
        from bot.render.jsonview import hits_as_json

        print_json(hits_as_json([(paper, None, score) for paper, score in found]))
        return
    from bot.render.plain import render_hits_text

    typer.echo(render_hits_text([(paper, None) for paper, _ in found]))
