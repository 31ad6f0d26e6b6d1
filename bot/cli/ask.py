"""`paperbrief ask`: a question about one paper, answered by the language model from the paper's text."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import TextOrJson, prepare, print_json, run_async

if TYPE_CHECKING:
    from bot.model import Paper
    from bot.render.answers import AnswerDetails
    from bot.services import OnlineServices
    from bot.settings import Settings

_READ_SECONDS = 120.0
"""How long an owner at a terminal waits for a full text: what is not there by then is lost with the process."""


def ask(
    reference: Annotated[
        str, typer.Argument(metavar="PAPER", help="An arXiv id, an address on arxiv.org, or words of a stored title.")
    ],
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    language: Annotated[str, typer.Option(help="The language of the answer: en, zh-CN, de …")] = "en",
    abstract_only: Annotated[bool, typer.Option("--abstract-only", help="Do not ask arXiv for the full text.")] = False,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print it.")] = TextOrJson.TEXT,
) -> None:
    """Ask a question about a paper; the answer quotes its text. Needs a language model (LLM__MODEL)."""
    settings = prepare()
    found = run_async(lambda: _answer(settings, reference, question, language, abstract_only=abstract_only))
    from bot.render.answers import answer_as_json, render_answer_text

    if output is TextOrJson.JSON:
        print_json(answer_as_json(found))
    else:
        typer.echo(render_answer_text(found))


async def _answer(
    settings: "Settings", reference: str, question: str, language: str, *, abstract_only: bool
) -> "AnswerDetails":
    from bot.app import open_online_services
    from bot.digest.languages import language_name
    from bot.errors import UsageError

    language_name(language)
    async with open_online_services(settings, with_model=True) as online:
        asker = online.reading.asker
        if not asker.ready:
            raise UsageError("no language model is set up; set LLM__MODEL, and LLM__API_KEY where it needs one")
        paper = await _find(online, reference)
        seconds = 0.0 if abstract_only else _READ_SECONDS
        return await asker.answer(paper, question, language, read_seconds=seconds)


async def _find(online: "OnlineServices", reference: str) -> "Paper":
    """Return the paper that an id, an address or words mean. Raises `UsageError`."""
    from bot.arxiv_id import parse_reference
    from bot.errors import UsageError

    try:
        arxiv_id = parse_reference(reference).arxiv_id
    except UsageError as error:
        if not any(map(str.isspace, reference.strip())):
            raise
        hits = await online.reading.search.search(reference[:200], newest=False, limit=1)
        if not hits:
            raise UsageError("no stored paper has these words; give its arXiv id") from error
        return hits[0].paper
    known = await online.reading.papers.load_paper(arxiv_id)
    return known if known is not None else await online.ingest.fetch_paper(arxiv_id)
