"""`paperbrief spend`, as it prints."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.llm.port import Ceiling
from bot.settings import setting_names
from bot.spending import Spending
from bot.store.engine import Database
from bot.store.spend import SpendStore


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_url: str) -> date:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE__URL", sqlite_url)
    monkeypatch.setenv("LOG__LEVEL", "error")
    return datetime.now(UTC).date()


def book(url: str, *entries: tuple[date, str, str, Spending], leave_open: bool = False) -> None:
    async def main() -> None:
        async with Database.open(url) as database:
            store = SpendStore(database)
            for day, producer, purpose, spent in entries:
                reservation = await store.reserve(day, producer, purpose, spent, Ceiling())
                assert reservation is not None
                if not leave_open:
                    await store.settle(reservation, spent)

    asyncio.run(main())


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["spend", *arguments])
    return result.exit_code, result.stdout


def test_nothing_spent_is_said_and_so_is_the_missing_ceiling(today: date) -> None:
    code, text = run()
    assert code == 0
    assert text.splitlines() == [
        "no request was made to a model in 7 days",
        "no ceiling is set (LLM__DAILY_BUDGET, LLM__DAILY_TOKENS)",
    ]


def test_a_table_shows_days_purposes_models_and_sums(
    today: date, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM__DAILY_BUDGET", "2")
    monkeypatch.setenv("LLM__DAILY_TOKENS", "100000")
    before = today - timedelta(days=1)
    book(
        sqlite_url,
        (today, "small", "summary", Spending(120, 60_500, 30_000, 1_234_501, 0)),
        (today, "small", "translation", Spending(3, 1000, 500, 99, 1)),
        (before, "small", "summary", Spending(1, 500, 200, 1_999_999, 0)),
        (today - timedelta(days=30), "small", "summary", Spending(1, 9, 9, 9, 0)),
    )
    code, text = run("--days", "2")
    assert code == 0
    assert text == (
        "day (UTC)   purpose      model  requests  tokens in  tokens out    money\n"
        f"{today}  summary      small       120     60,500      30,000   1.2346\n"
        f"{today}  translation  small         3     ~1,000        ~500  ~0.0001\n"
        f"{today}  all                      123    ~61,500     ~30,500  ~1.2346\n"
        f"{before}  summary      small         1        500         200   2.0000\n"
        "~ partly estimated: a server did not count, or a request was cut short and counts in full\n"
        "today 1.2346 of 2.0000 (LLM__DAILY_BUDGET)\n"
        "today 92,000 of 100,000 tokens (LLM__DAILY_TOKENS)\n"
    )


def test_what_a_dead_process_reserved_is_shown_as_estimated(today: date, sqlite_url: str) -> None:
    book(sqlite_url, (today, "small", "summary", Spending(1, 10, 20, 30, 0)), leave_open=True)
    assert "~0.0001" in run()[1]


@pytest.mark.parametrize("name", ["LLM__DAILY_BUDGET", "LLM__DAILY_TOKENS"])
def test_more_than_the_ceiling_is_shown_as_it_is_and_said(
    today: date, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    book(sqlite_url, (today, "small", "summary", Spending(1, 900, 200, 1_000_000, 0)))
    said = "over the ceiling: the server counted more tokens than a request was allowed"
    assert (said in run()[1]) is (name == "LLM__DAILY_TOKENS"), "used up is not too much"
    book(sqlite_url, (today, "small", "summary", Spending(1, 0, 0, 1, 0)))
    text = run()[1]
    assert said in text
    assert "1.0001 of 1.0000" in text or "1,100 of 1 tokens" in text


def test_json_has_whole_figures_and_the_ceiling(today: date, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM__DAILY_BUDGET", "0.25")
    book(sqlite_url, (today, "small", "summary", Spending(2, 10, 20, 31, 1)))
    code, text = run("--format", "json", "--days", "1")
    assert code == 0
    amounts = {"requests": 2, "input_tokens": 10, "output_tokens": 20, "cost_micros": 31, "estimated": 1}
    assert json.loads(text) == {
        "days": 1,
        "today": today.isoformat(),
        "ceiling": {"cost_micros": 250_000, "tokens": None},
        "spending": [{"day": today.isoformat(), "purpose": "summary", "model": "small", **amounts}],
        "total": amounts,
    }


@pytest.mark.parametrize("days", ["0", "-1", "x", "100000"])
def test_a_wrong_number_of_days_is_a_usage_error(today: date, days: str) -> None:
    assert run("--days", days)[0] == 2


def test_a_damaged_database_is_trouble(today: date, sqlite_path: Path) -> None:
    sqlite_path.write_bytes(b"not a database" * 1000)
    assert run()[0] == 1
