"""`paperbrief report`: how late briefs were, how many, and whether anything was lost or repeated."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import TextOrJson, prepare, print_json, run_async

if TYPE_CHECKING:
    from bot.health.report import Report
    from bot.settings import Settings


def report(
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back from now.")] = 7,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print it.")] = TextOrJson.TEXT,
) -> None:
    """Report on the briefs that were due lately: lateness, what was sent, stopped, lost, repeated, and what it cost."""
    settings = prepare()
    found = run_async(lambda: _load(settings, days))
    if output is TextOrJson.JSON:
        print_json(as_json(found))
        return
    from bot.health.wording import report_heading, report_lines
    from bot.i18n import load_texts

    texts = load_texts("en")
    typer.echo("\n".join([report_heading(found, texts), *report_lines(found, texts, settings.llm.currency)]))


async def _load(settings: "Settings", days: int) -> "Report":
    from bot.app import open_services

    async with open_services(settings) as services:
        return await services.owner_view.load_report(days)


def as_json(report: "Report") -> dict[str, Any]:
    """Return the report as a JSON document: instants in ISO 8601, lateness in seconds, money in millionths."""
    spent, late = report.spending, report.lateness
    return {
        "first": report.first.isoformat(),
        "until": report.until.isoformat(),
        "briefs": {
            "planned": report.planned,
            "sent": report.sent,
            "parked": report.parked,
            "called_off": report.called_off,
            "waiting": report.waiting,
            "lost": report.lost,
        },
        "lines_about_missed_briefs": report.missed,
        "lateness_seconds": {"median": late.median, "p95": late.p95, "worst": late.worst},
        "papers": {"stored": report.papers, "lost": report.papers_missing, "repeated": report.repeats},
        "announcements": {state.value: count for state, count in report.days.items()},
        "model": {
            "requests": spent.requests,
            "input_tokens": spent.input_tokens,
            "output_tokens": spent.output_tokens,
            "cost_micros": spent.cost_micros,
        },
    }
