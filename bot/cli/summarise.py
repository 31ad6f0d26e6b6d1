"""`paperbrief summarise`: model summaries for the papers of briefs that are stored already."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import EXIT_INCOMPLETE, parse_date, prepare, progress_bar, reported_errors, run_async

if TYPE_CHECKING:
    from bot.spending import Bill


def summarise(
    since: Annotated[str, typer.Option(help="Briefs announced on or after YYYY-MM-DD.")],
    language: Annotated[
        str | None, typer.Option(help="Language, such as en or zh-CN. Default: that of each brief.")
    ] = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="By OpenAI's Batch API: within a day; run it again to go on with one.")
    ] = False,
) -> None:
    """Have the language model summarise the papers of earlier briefs; what is there already is not asked for again."""
    settings = prepare()
    with reported_errors():
        from bot.digest.languages import language_name

        first = parse_date(since)
        if language is not None:
            language_name(language)

    async def main() -> "Bill":
        from datetime import date

        from bot.app import open_backfill

        with progress_bar() as progress:
            async with open_backfill(settings, batch=batch) as backfill:
                work = backfill.run_batch if batch else backfill.run
                return await work(first or date.min, language, progress)

    bill = run_async(main)
    for line in receipt_lines(bill):
        typer.echo(line)
    if batch and bill.spending.cost_micros:
        typer.echo("counted at the full price; OpenAI bills batches at half")
    if bill.fallbacks:
        raise typer.Exit(EXIT_INCOMPLETE)


def receipt_lines(bill: "Bill") -> list[str]:
    """Return what was done in numbers that add up, and what it cost."""
    from bot.render.bills import bill_line

    extracted = sum(bill.fallbacks.values())
    papers = bill.made + bill.cached + extracted
    counts = f"{papers:,} papers: {bill.made:,} written, {bill.cached:,} there already, {extracted:,} without"
    reasons = ", ".join(f"{why.value} {count:,}" for why, count in bill.fallbacks.items())
    return [f"{counts} ({reasons})" if reasons else counts, bill_line(bill)]
