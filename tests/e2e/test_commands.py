"""Each command on the sample day: what it prints, and the code it leaves with."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.demo.loopback import Fault
from bot.demo.world import release_of
from tests.e2e.conftest import CommandLine

DAY = date(2026, 11, 17)
EVE = release_of(DAY) + timedelta(minutes=45)
MORNING = release_of(DAY) + timedelta(hours=6)


def test_ingest_reports_every_category_with_counts_that_agree(command_line: CommandLine) -> None:
    report = command_line.ingest(EVE)
    assert report["as_of"] == EVE.isoformat().replace("+00:00", "Z")
    assert [one["category"] for one in report["announcements"]] == list(command_line.world.categories)
    for one in report["announcements"]:
        assert one["announced_on"] == "2026-11-17"
        assert (one["state"], one["source"], one["late"]) == ("fresh", "listing", False)
        assert one["shown"] == one["stored"]
        assert set(one["shown"]) == {"new", "cross", "replace"}
    assert report["requests"] == len(command_line.server.log) == 3
    assert report["new_papers"] >= 45


def test_ingest_again_finds_nothing_new_and_adds_what_comes_later(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    report = command_line.ingest(MORNING)
    assert report["new_papers"] == 0
    assert report["requests"] == 4
    assert report["enriched"] > 40
    found = command_line.json("paper", "2611.90005", "--format", "json")
    assert found["licence"].startswith("http")


def test_arxiv_sees_who_asks(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    assert {one.user_agent for one in command_line.server.log} == {"paper-brief-bot/0.1.0 (tests@example.org)"}


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Fault(status=404, body=b"<html>no such page</html>"), "failed"),
        (Fault(body=b"<html><body>Please prove that you are human.</body></html>"), "failed"),
        (Fault(body=b""), "failed"),
        (Fault(truncate=0.6), "partial"),
    ],
)
def test_a_category_in_trouble_leaves_with_3_and_the_others_are_kept(
    command_line: CommandLine, fault: Fault, state: str
) -> None:
    command_line.server.script("/list", [fault] * 3, category="cs.CV")
    command_line.server.script("/rss", [Fault(status=404)] * 3, category="cs.CV")
    report = command_line.ingest(EVE, code=3)
    states = {one["category"]: one["state"] for one in report["announcements"]}
    assert states.pop("cs.CV") == state
    assert set(states.values()) == {"fresh"}
    assert all(one["reason"] for one in report["announcements"] if one["category"] == "cs.CV")
    command_line.server.clear_script()
    recovered = command_line.ingest(EVE)
    assert {one["state"] for one in recovered["announcements"]} == {"fresh"}
    assert all(one["shown"] == one["stored"] for one in recovered["announcements"])


def test_ingest_as_text_is_for_people(command_line: CommandLine) -> None:
    command_line.world.set_now(EVE)
    done = command_line.run("ingest", "-c", "cs.CL", "--as-of", EVE.isoformat())
    assert done.exit_code == 0
    assert "cs.CL  Tue 17 Nov 2026  fresh from listing" in done.stdout
    assert "1 request" in done.stdout


def test_an_arxiv_that_stands_still_is_stalled_and_its_missed_days_are_not_forgotten(
    command_line: CommandLine,
) -> None:
    command_line.ingest(EVE, "cs.CL")
    report = command_line.ingest(datetime(2026, 11, 20, 15, tzinfo=UTC), "cs.CL", code=3)
    states = {one["announced_on"]: one["state"] for one in report["announcements"]}
    assert states == {"2026-11-18": "failed", "2026-11-19": "failed", "2026-11-20": "stalled"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ingest", "--category", "cs.ZZ"), "'cs.ZZ' is not a category of arXiv"),
        (("ingest", "--as-of", "yesterday"), "expected one such as 2026-05-12T01:45:00Z"),
        (("ingest", "--as-of", "2026-05-12T01:45:00"), "has no offset"),
        (("brief", "agents", "--date", "12 May"), "expected one such as 2026-05-12"),
        (("brief", "agnets"), "agents"),
        (("brief", "agents"), "run: paperbrief ingest"),
        (("paper", "https://example.org/abs/2605.00847"), "is not arXiv"),
        (("search", "x", "--since", "May"), "is not a date"),
        (("search", "x", "--since", "20260505"), "is not a date"),
        (("search", '"'), "no word to look for"),
        (("search", "x", "--category", "zz.ZZ"), "is not a category"),
        (("ingest", "--as-of", "0001-01-01T00:00:00Z"), "outside 1991 to 2090"),
        (("brief", "agents", "--date", "0001-01-01"), "outside 1991 to 2090"),
        (("topics", "--check", 'ti:"open'), "expected"),
    ],
)
def test_bad_words_are_answered_with_what_was_expected_and_2(
    command_line: CommandLine, words: tuple[str, ...], message: str
) -> None:
    done = command_line.run(*words)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_a_wrong_setting_is_one_line_and_2(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG__LEVEL", "loud")
    done = command_line.run("search", "x")
    assert done.exit_code == 2
    assert done.stderr == "paperbrief: LOG__LEVEL: input should be 'debug', 'info', 'warning' or 'error'\n"


def test_brief_as_json_adds_up_and_quotes_only_the_abstract(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    brief = command_line.json("brief", "agents", "--format", "json")
    receipt = brief["receipt"]
    assert brief["topic"] == "agents"
    assert brief["announced_on"] == "2026-11-17"
    assert receipt["announced"] == receipt["read"] + receipt["failed"]
    assert receipt["read"] == receipt["shown"] + sum(receipt["dropped"].values())
    assert receipt["shown"] == len(brief["items"]) > 0
    for item in brief["items"]:
        assert item["summary"]["producer"] == "extractive"
        assert item["links"]["abs"] == f"https://arxiv.org/abs/{item['arxiv_id']}"
        assert item["score"] == pytest.approx(sum(reason["score"] for reason in item["reasons"]))
        paper = command_line.json("paper", item["arxiv_id"], "--format", "json")
        assert item["summary"]["text"].rstrip(".")[5:] in " ".join(paper["abstract"].split())


def test_the_same_brief_twice_is_the_same_text(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    for output in ("text", "markdown", "json", "html", "discord"):
        first, second = (command_line.run("brief", "multimodal", "--format", output) for _ in range(2))
        assert first.exit_code == 0, first.output
        assert first.stdout == second.stdout


def test_brief_honours_its_limit(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    brief = command_line.json("brief", "cs-cl", "--max", "3", "--format", "json")
    assert len(brief["items"]) == 3
    assert brief["receipt"]["dropped"]["below_cut"] == brief["receipt"]["matched"] - 3


def test_a_brief_for_a_day_without_announcement_says_why(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    brief = command_line.json("brief", "agents", "--date", "2026-11-14", "--format", "json")
    assert brief["items"] == []
    assert "Saturday" in brief["silence"]


def test_search_finds_by_word_category_author_and_date(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    assert "2611.90005" in {hit["arxiv_id"] for hit in command_line.json("search", "ToolSmith", "--format", "json")}
    assert command_line.json("search", "ToolSmith", "-c", "cs.RO", "--format", "json") == []
    assert command_line.json("search", "agents", "--since", "2026-11-18", "--format", "json") == []
    by_author = command_line.json("search", "agent", "--author", "Fallowtree", "--format", "json")
    assert "2611.90005" in {hit["arxiv_id"] for hit in by_author}
    assert all("Fallowtree" in " ".join(hit["authors"]) for hit in by_author)
    assert command_line.run("search", "\"' OR 1=1 --", "NEAR(").exit_code == 0


def test_a_paper_that_is_not_stored_is_asked_of_arxiv(command_line: CommandLine) -> None:
    command_line.world.set_now(MORNING)
    found = command_line.json("paper", "arXiv:2611.90005v1", "--format", "json")
    assert found["title"].startswith("ToolSmith")
    asked = len(command_line.server.log)
    command_line.json("paper", "2611.90005", "--format", "json")
    assert len(command_line.server.log) == asked
    unknown = command_line.run("paper", "2611.99999")
    assert unknown.exit_code == 2
    assert "knows no paper 2611.99999" in unknown.stderr


def test_topics_lists_and_tries_queries(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    listed = command_line.json("topics", "--format", "json")
    assert len(listed) >= 30
    assert all(topic["names"]["zh-CN"] for topic in listed)
    tried = command_line.json("topics", "--check", "xylophone", "--format", "json")
    assert (tried["matched"], list(tried["per_day"])) == (0, ["2026-11-17"])
    assert tried["warning"]
    wide = command_line.run("topics", "--check", "the OR we")
    assert "warning" in wide.stdout


def test_doctor_finds_a_healthy_installation(command_line: CommandLine) -> None:
    command_line.world.set_now(MORNING)
    done = command_line.run("doctor")
    assert done.exit_code == 0, done.output
    assert "fail" not in done.stdout
    assert "arXiv oai" in done.stdout


def test_doctor_names_what_fails(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXIV__FEED_URL", "http://127.0.0.1:9")
    command_line.data.mkdir()
    (command_line.data / "paperbrief.sqlite3").write_bytes(b"this is no database" * 100)
    done = command_line.run("doctor", "--offline")
    assert done.exit_code == 1
    assert "fail  database" in done.stdout
    assert "restore" in done.stdout


def test_database_commands_make_a_copy_that_can_be_put_back(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    copy = command_line.data / "copy.sqlite3"
    assert command_line.run("db", "check").stdout == "no damage found\n"
    assert command_line.run("db", "backup", str(copy)).exit_code == 0
    assert command_line.run("db", "backup", str(copy)).exit_code != 0
    database = command_line.data / "paperbrief.sqlite3"
    database.write_bytes(b"\0" * 4096)
    refused = command_line.run("brief", "agents")
    assert refused.exit_code == 1
    assert "paperbrief db restore" in refused.stderr
    assert command_line.run("db", "restore", str(copy)).exit_code == 0
    assert command_line.json("brief", "agents", "--format", "json")["items"]
    with sqlite3.connect(database) as connection:
        assert connection.execute("pragma quick_check").fetchone() == ("ok",)
    connection.close()
    assert "already at" in command_line.run("db", "upgrade").stdout


def test_demo_needs_nothing(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG__LEVEL", "warning")
    done = command_line.run("demo", "--once")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Reasoning in the style of R1: Tue 17 Nov 2026")
    assert "fresh from listing" in done.stdout
    assert command_line.server.log == []
    assert not command_line.data.exists()


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['paperbrief', '--help']\n"
        "from bot.cli import run\n"
        "try: run()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'lxml', 'httpx2', 'arxiv', 'openai', 'discord', 'pydantic', 'aiohttp', 'alembic'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ingest" in done.stdout
    assert done.stderr.strip() == "[]"


def test_python_dash_m_is_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "bot", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "paperbrief 0.1.0\n"


def test_a_cool_down_outlives_the_process_and_ends_on_time(command_line: CommandLine) -> None:
    command_line.server.script("/list", [Fault(status=429, headers={"Retry-After": "600"})])
    limited = command_line.ingest(EVE, "cs.CL", code=3)
    assert "until 2026-11-17 01:55:00 UTC" in limited["announcements"][0]["reason"]
    asked = len(command_line.server.log)
    again = command_line.ingest(EVE + timedelta(minutes=5), "cs.CL", code=3)
    assert again["requests"] == 0
    assert len(command_line.server.log) == asked
    over = command_line.ingest(EVE + timedelta(minutes=11), "cs.CL")
    assert over["announcements"][0]["state"] == "fresh"


def test_a_short_retry_after_is_waited_for_in_the_run(command_line: CommandLine) -> None:
    command_line.server.script("/list", [Fault(status=503, headers={"Retry-After": "0"})])
    report = command_line.ingest(EVE, "cs.CL")
    assert report["announcements"][0]["state"] == "fresh"
    assert report["requests"] == 2


def test_categories_that_are_not_read_are_named_in_the_brief(command_line: CommandLine) -> None:
    command_line.ingest(EVE)
    brief = command_line.json("brief", "music-audio", "--format", "json")
    assert "Not read here: cs.SD, eess.AS, cs.MM (see BRIEF__CATEGORIES)." in brief["silence"]


def test_restore_says_where_the_old_database_is(command_line: CommandLine) -> None:
    command_line.ingest(EVE, "cs.CL")
    copy = command_line.data / "copy.sqlite3"
    command_line.run("db", "backup", str(copy))
    said = command_line.run("db", "restore", str(copy)).stdout
    assert "kept as" in said
    assert len(list(command_line.data.glob("*.before-restore-*"))) >= 1


def test_doctor_calls_a_captive_portal_what_it_is(command_line: CommandLine) -> None:
    command_line.world.set_now(MORNING)
    portal = Fault(body=b"<html>Please log in to the hotel's network</html>")
    for prefix in ("/list", "/rss", "/api", "/oai"):
        command_line.server.script(prefix, [portal])
    done = command_line.run("doctor")
    assert done.exit_code == 1
    assert done.stdout.count("but not as arXiv does") == 4


def test_doctor_reports_everything_else_when_the_database_is_out_of_reach(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE__URL", "postgresql://user:canary-password@127.0.0.1:1/nothing")
    monkeypatch.setenv("ARXIV__MININTERVAL", "5")
    done = command_line.run("doctor")
    assert done.exit_code == 1
    assert "fail  database" in done.stdout
    assert "warn  addresses" in done.stdout
    assert "ARXIV__MININTERVAL is not a setting and has no effect; did you mean ARXIV__MIN_INTERVAL?" in done.stdout
    assert "canary-password" not in done.output


def test_sigterm_gives_back_the_turn_at_arxiv(command_line: CommandLine) -> None:
    command_line.world.set_now(EVE)
    command_line.server.script("/list", [Fault(hang=True)])
    words = [sys.executable, "-m", "bot", "ingest", "-c", "cs.CL", "--as-of", EVE.isoformat()]
    root = Path(__file__).resolve().parents[2]
    running = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(root)})
    command_line.wait_for_request()
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 143
    assert "terminated; what was stored is kept" in said
    with sqlite3.connect(command_line.data / "paperbrief.sqlite3") as connection:
        (state,) = connection.execute("select state from source_state where name = 'arxiv'").fetchone()
    connection.close()
    assert "lease" not in json.loads(state)
