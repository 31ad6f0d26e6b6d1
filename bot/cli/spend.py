"""`paperbrief spend`: what the language model cost, by day, purpose and model."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import TextOrJson, prepare, print_json, run_async

if TYPE_CHECKING:
    from datetime import date

    from bot.llm.port import Ceiling
    from bot.settings import Settings
    from bot.spending import Spending

    Entry = tuple[date, str, str, Spending]

_HEADINGS = ("day (UTC)", "purpose", "model", "requests", "tokens in", "tokens out", "money")
_LEFT = 3
"""Columns of words, flush left; the others are figures."""


def spend(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days, today's included.")] = 7,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print it.")] = TextOrJson.TEXT,
) -> None:
    """Show what the language model cost: per day, purpose and model, with the day's ceiling."""
    settings = prepare()
    today, entries = run_async(lambda: _load(settings, days))
    from bot.app_model import day_ceiling

    ceiling = day_ceiling(settings)
    if output is TextOrJson.JSON:
        print_json(_as_json(today, days, entries, ceiling))
    else:
        typer.echo("\n".join(_as_table(today, days, entries, ceiling)))


async def _load(settings: "Settings", days: int) -> "tuple[date, list[Entry]]":
    from datetime import timedelta

    from bot.app import open_services
    from bot.store.spend import SpendStore

    async with open_services(settings) as services:
        today = services.clock.now().date()
        return today, await SpendStore(services.database).load_days(today - timedelta(days=days - 1))


def _as_table(today: "date", days: int, entries: "list[Entry]", ceiling: "Ceiling") -> list[str]:
    if not entries:
        return [f"no request was made to a model in {_days(days)}", *_ceiling_lines(today, entries, ceiling)]
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for day in sorted({entry[0] for entry in entries}, reverse=True):
        of_day = [entry for entry in entries if entry[0] == day]
        rows += [_row(day.isoformat(), purpose, producer, spending) for _, producer, purpose, spending in of_day]
        if len(of_day) > 1:
            rows.append(_row(day.isoformat(), "all", "", _total(of_day)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = []
    for row in rows:
        cells = [
            text.ljust(width) if column < _LEFT else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    if _total(entries).estimated:
        lines.append("~ partly estimated: a server did not count, or a request was cut short and counts in full")
    return [*lines, *_ceiling_lines(today, entries, ceiling)]


def _row(day: str, purpose: str, producer: str, spending: "Spending") -> tuple[str, ...]:
    mark = "~" if spending.estimated else ""
    return (
        day,
        purpose,
        producer,
        f"{spending.requests:,}",
        f"{mark}{spending.input_tokens:,}",
        f"{mark}{spending.output_tokens:,}",
        f"{mark}{_money(spending.cost_micros)}",
    )


def _ceiling_lines(today: "date", entries: "list[Entry]", ceiling: "Ceiling") -> list[str]:
    spent = _total([entry for entry in entries if entry[0] == today])
    tokens = spent.tokens
    lines = []
    if ceiling.cost_micros is not None:
        lines.append(f"today {_money(spent.cost_micros)} of {_money(ceiling.cost_micros)} (LLM__DAILY_BUDGET)")
    if ceiling.tokens is not None:
        lines.append(f"today {tokens:,} of {ceiling.tokens:,} tokens (LLM__DAILY_TOKENS)")
    if (ceiling.cost_micros is not None and spent.cost_micros > ceiling.cost_micros) or (
        ceiling.tokens is not None and tokens > ceiling.tokens
    ):
        lines.append(
            "over the ceiling: the server counted more tokens than a request was allowed, or the ceiling was lowered "
            "today; nothing more is asked until midnight UTC"
        )
    return lines or ["no ceiling is set (LLM__DAILY_BUDGET, LLM__DAILY_TOKENS)"]


def _as_json(today: "date", days: int, entries: "list[Entry]", ceiling: "Ceiling") -> dict[str, Any]:
    return {
        "days": days,
        "today": today.isoformat(),
        "ceiling": {"cost_micros": ceiling.cost_micros, "tokens": ceiling.tokens},
        "spending": [
            {"day": day.isoformat(), "purpose": purpose, "model": producer, **_amounts(spending)}
            for day, producer, purpose, spending in entries
        ],
        "total": _amounts(_total(entries)),
    }


def _amounts(spending: "Spending") -> dict[str, int]:
    return {
        "requests": spending.requests,
        "input_tokens": spending.input_tokens,
        "output_tokens": spending.output_tokens,
        "cost_micros": spending.cost_micros,
        "estimated": spending.estimated,
    }


def _total(entries: "list[Entry]") -> "Spending":
    from bot.spending import Spending

    return sum((spending for *_, spending in entries), Spending())


def _money(micros: int) -> str:
    whole, rest = divmod(micros, 1_000_000)
    # As many places as it takes to see a single summary, and no rounding that hides a fraction.
    return f"{whole:,}.{-(-rest // 100):04d}" if rest <= 999_900 else f"{whole + 1:,}.0000"


def _days(days: int) -> str:
    return "one day" if days == 1 else f"{days} days"
