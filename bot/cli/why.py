"""`paperbrief why`: how far a paper came under a topic, stage by stage and in numbers."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import TextOrJson, prepare, print_json, reported_errors, run_async

if TYPE_CHECKING:
    from bot.fates import Fate


def why(
    reference: Annotated[str, typer.Argument(metavar="PAPER", help="An arXiv id or an address on arxiv.org.")],
    topic: Annotated[str, typer.Option("--topic", help="A topic's short name; `paperbrief topics` lists them.")],
    channel: Annotated[
        int | None, typer.Option("--channel", min=1, help="A channel's number: as ranked with its readers' feedback.")
    ] = None,
    max_papers: Annotated[int | None, typer.Option("--max", min=1, max=10, help="Papers that the brief shows.")] = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print it.")] = TextOrJson.TEXT,
) -> None:
    """Say why the brief of a topic shows PAPER or leaves it out: the stage, the scores, the cut."""
    settings = prepare()
    with reported_errors():
        from bot.arxiv_id import parse_reference

        wanted = parse_reference(reference)

    async def main() -> "Fate":
        from bot.app import open_services
        from bot.digest.catalogue import find_topic
        from bot.errors import UsageError
        from bot.model import Edition

        async with open_services(settings) as services:
            profile = find_topic(topic)
            found = await services.papers.load_paper(wanted.arxiv_id)
            if found is None:
                raise UsageError(f"{wanted.arxiv_id} is not stored: none of the categories read here has announced it")
            return await services.explainer.why(
                found,
                profile,
                max_papers=max_papers or settings.brief.max_papers,
                edition=Edition(0, channel) if channel is not None else None,
            )

    fate = run_async(main)
    from bot.i18n import load_texts
    from bot.render.explanations import fate_as_json, say_numbers, say_stage

    if output is TextOrJson.JSON:
        print_json({"paper": wanted.arxiv_id, **fate_as_json(fate)})
        return
    texts = load_texts("en")
    day = f"{fate.announced_on:%Y-%m-%d}: " if fate.announced_on else ""
    typer.echo(f"{fate.topic.name('en')}, {day}{say_stage(fate, texts)}")
    for line in say_numbers(fate, texts):
        typer.echo(f"  {line}")
