"""`paperbrief brief`: one topic's brief for one announcement date, from what is stored."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import parse_date, prepare, print_json, reported_errors, run_async

if TYPE_CHECKING:
    from bot.model import Brief


class BriefFormat(StrEnum):
    """How a brief can be printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"
    DISCORD = "discord"


def brief(
    topic: Annotated[str, typer.Argument(help="A topic's short name; `paperbrief topics` lists them.")],
    date: Annotated[str | None, typer.Option(help="Announcement date, YYYY-MM-DD. Default: the newest stored.")] = None,
    max_papers: Annotated[int | None, typer.Option("--max", min=1, max=10, help="Papers at the most.")] = None,
    language: Annotated[str, typer.Option(help="Language of the model's summaries, such as en or zh-CN.")] = "en",
    no_model: Annotated[bool, typer.Option("--no-model", help="Ask no language model; show what it wrote.")] = False,
    output: Annotated[BriefFormat, typer.Option("--format", help="What to print.")] = BriefFormat.TEXT,
) -> None:
    """Print the brief of TOPIC: what was announced, what was chosen and why, with a receipt that adds up.

    With a language model set up, it writes the summaries; what they cost stands under the receipt.
    """
    settings = prepare()
    with reported_errors():
        from bot.digest.languages import language_name

        wanted = parse_date(date)
        language_name(language)

    async def main() -> "Brief":
        from bot.app import open_services
        from bot.digest.catalogue import find_topic
        from bot.pipeline.patience import Patience

        async with open_services(settings, with_model=not no_model) as services:
            profile = find_topic(topic)
            announced_on = wanted or await services.briefing.latest_date(profile)
            most = max_papers or settings.brief.max_papers
            if no_model:
                made = await services.briefing.brief(profile, announced_on, max_papers=most, language=language)
                return await services.translator.add_stored(made)
            (made,) = await services.briefing.briefs_to_post(
                [profile], announced_on, max_papers=most, language=language, patience=Patience(settings.llm.patience)
            )
            return await services.translator.add_stored(made)

    print_brief(run_async(main), output)


def print_brief(made: "Brief", output: BriefFormat) -> None:
    """Print `made` in one of the formats; `discord` is the message body as it would be sent."""
    if output is BriefFormat.JSON:
        from bot.render.jsonview import brief_as_json

        print_json(brief_as_json(made))
    elif output is BriefFormat.DISCORD:
        from bot.render.embeds import render_message

        print_json(render_message(made))
    elif output is BriefFormat.MARKDOWN:
        from bot.render.markdown import render_markdown

        typer.echo(render_markdown(made))
    elif output is BriefFormat.HTML:
        from bot.render.pages import render_html

        typer.echo(render_html(made))
    else:
        from bot.render.plain import render_text

        typer.echo(render_text(made))
