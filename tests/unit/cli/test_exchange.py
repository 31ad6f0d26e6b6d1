"""`paperbrief export` and `import`: out and in again, twice, and what is refused."""

import asyncio
import json
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.delivery import PostingStyle, Subscription, SubscriptionState, TopicKey
from bot.model import CrossListPolicy, Topic, Weights
from bot.pipeline.exchange_form import ExchangeFile
from bot.statement import Statement
from bot.store.engine import Database
from bot.store.guild_topics import GuildTopicStore
from bot.store.guilds import GuildStore
from bot.store.subscriptions import SubscriptionStore
from tests.faults.disks import fill_up, mounted
from tests.store.files import names_in
from tests.store.rows import AT

ROOT = Path(__file__).resolve().parents[3]
USER = 777_000_000_000_000_001
GUILD, OTHER, CHANNEL, ROLE, TAG = range(1_441_000_000_000_000_001, 1_441_000_000_000_000_006)
"""Nineteen digits, as Discord's ids have had since July 2022; a user may have one from before."""

OWN = Topic(
    "our-own",
    {"en": "Our own", "zh-CN": "我们"},
    ("cs.CL", "cs.AI"),
    query='ti:(agent OR "tool use")',
    interest="things we like",
    exclude="survey",
    cross_lists=CrossListPolicy.INCLUDE,
    guild_id=GUILD,
    weights=Weights(),
)
SUBSCRIPTIONS = (
    Subscription(GUILD, CHANNEL, TopicKey("llm"), USER, AT),
    Subscription(
        GUILD,
        CHANNEL,
        TopicKey("our-own", GUILD),
        USER,
        AT,
        time(9, 30),
        "Asia/Shanghai",
        "zh-CN",
        PostingStyle.FORUM,
        3,
        ROLE,
        True,
        True,
        (TAG, TAG + 1),
        True,
        SubscriptionState.PAUSED,
    ),
    Subscription(
        OTHER, CHANNEL + 9, TopicKey("agents"), USER, AT, state=SubscriptionState.PARKED, reason=Statement.plain("x")
    ),
)

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_path: Path) -> Run:
    """Run a command on a database of this test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE__URL", f"sqlite:///{sqlite_path}")
    return lambda *words: CliRunner().invoke(app, list(words))


def on(path: Path, work: Callable[[Database], Any]) -> Any:
    async def main() -> Any:
        async with Database.open(f"sqlite:///{path}") as database:
            return await work(database)

    return asyncio.run(main())


async def fill(database: Database) -> None:
    await GuildTopicStore(database).save(OWN)
    for one in SUBSCRIPTIONS:
        await SubscriptionStore(database).save(one)


async def empty(database: Database) -> None:
    for one in await SubscriptionStore(database).load_all():
        await SubscriptionStore(database).delete(one.channel_id, one.topic)
    await GuildTopicStore(database).delete(GUILD, OWN.slug)


async def held(database: Database) -> tuple[list[Topic], list[Subscription]]:
    return await GuildTopicStore(database).load_every(), await SubscriptionStore(database).load_all()


def entries(done: Result, code: int = 0) -> dict[str, tuple[str, str]]:
    assert done.exit_code == code, done.output
    return {one["entry"]: (one["done"], one["why"]) for one in json.loads(done.stdout)["entries"]}


def test_what_is_exported_can_be_imported_elsewhere_and_twice(run: Run, sqlite_path: Path, tmp_path: Path) -> None:
    on(sqlite_path, fill)
    before = on(sqlite_path, held)
    assert run("export", "out.json").stdout == "wrote 3 subscriptions of 2 servers to out.json\n"
    assert run("export", "out.json").exit_code == 2, "nothing is overwritten"
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    Draft202012Validator(ExchangeFile.model_json_schema()).validate(document)
    assert str(USER) not in json.dumps(document), "no person is in it"
    assert set(entries(run("import", "out.json", "--format", "json")).values()) == {("unchanged", "")}
    on(sqlite_path, empty)
    tried = entries(run("import", "out.json", "--dry-run", "--format", "json"))
    assert set(tried.values()) == {("added", "")}
    assert len(tried) == 4
    assert on(sqlite_path, held) == ([], [])
    assert entries(run("import", "out.json", "--format", "json")) == tried
    topics, subscriptions = on(sqlite_path, held)
    assert topics == before[0]
    assert [(one.channel_id, one.topic, one.post_time, one.zone, one.language, one.style) for one in subscriptions] == [
        (one.channel_id, one.topic, one.post_time, one.zone, one.language, one.style) for one in before[1]
    ]
    assert [one.state.value for one in subscriptions] == ["active", "paused", "active"]
    assert {one.created_by for one in subscriptions} == {0}
    assert set(entries(run("import", "out.json", "--format", "json")).values()) == {("unchanged", "")}


def test_ids_of_every_length_that_discord_gave_and_none_beyond(run: Run, sqlite_path: Path, tmp_path: Path) -> None:
    ids = [81_384_788_765_712_384, GUILD, 2**63 - 1]
    channels = [{"channel_id": str(one), "topic": "llm", "role_id": str(one), "tag_ids": [str(one)]} for one in ids]
    wrong = [{"channel_id": one, "topic": "llm"} for one in (str(2**63), "9" * 19, "0", "", "-1", "1" * 5000, 5)]
    servers = [{"server_id": str(GUILD), "subscriptions": channels + wrong}, {"server_id": str(2**63)}]
    document = {"format": "paperbrief-subscriptions", "version": 1, "servers": servers}
    (tmp_path / "in.json").write_text(json.dumps(document))
    done = entries(run("import", "in.json", "--format", "json"), 3)
    assert [what for what, _ in done.values()] == ["added"] * len(ids) + ["refused"] * (len(wrong) + 1)
    assert [(one.channel_id, one.role_id, one.tag_ids) for one in on(sqlite_path, held)[1]] == [
        (one, one, (one,)) for one in ids
    ]


@pytest.mark.parametrize(
    "words", [("export", "--server"), ("import", "x.csv", "--server"), ("import", "x.csv", "--channel")]
)
def test_an_id_on_the_command_line_that_cannot_be_one_is_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words, str(2**63))
    assert done.exit_code == 2
    assert "9223372036854775807" in done.stderr


def test_words_of_a_hostile_file_are_shown_on_one_line_and_without_control_characters(run: Run, tmp_path: Path) -> None:
    nasty = "\x1b[2J\n\u202eevil" * 99
    topic = {"slug": "a", "names": {"en": "x"}, "categories": ["cs.CL"]}
    topics = [
        {**topic, nasty: 1},
        {**topic, "names": {"en": "x", nasty: "y"}},
        {**topic, "categories": [nasty[:40]]},
        {**topic, "weights": {nasty: 1}},
        {**topic, "query": f"({nasty}"},
    ]
    subscription = {"channel_id": str(CHANNEL), "topic": "llm"}
    subscriptions = [
        {**subscription, nasty: 1},
        {**subscription, "timezone": nasty[:60]},
        {**subscription, "language": nasty[:30]},
    ]
    server = {"server_id": str(GUILD), "topics": topics, "subscriptions": subscriptions}
    document = {"format": "paperbrief-subscriptions", "version": 1, "servers": [server, {**server, nasty: []}]}
    (tmp_path / "in.json").write_text(json.dumps(document))
    done = run("import", "in.json")
    assert done.exit_code == 3
    lines = done.stdout.splitlines()
    assert lines[-1] == "0 added, 0 changed, 0 unchanged, 9 refused"
    assert len(lines) == 10
    for line in lines:
        assert line.isprintable(), ascii(line)
        assert len(line) < 400


def test_a_file_of_too_much_is_refused_as_a_whole(run: Run, tmp_path: Path) -> None:
    def written(servers: list[Any]) -> str:
        return json.dumps({"format": "paperbrief-subscriptions", "version": 1, "servers": servers})

    for text, why in (
        (written([0] * 100_001), "more than 100,000 entries"),
        (written([{"server_id": "1", "topics": [0] * 60_000}, {"subscriptions": [0] * 60_000}]), "more than 100,000"),
        (written([]) + " " * 32 * 2**20, "larger than 32 MiB"),
    ):
        (tmp_path / "in.json").write_text(text)
        done = run("import", "in.json")
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert why in done.stderr


def test_a_large_bots_own_export_is_not_too_much(run: Run, tmp_path: Path) -> None:
    """Two thousand servers: more than a list of another program may have."""
    one = {"channel_id": str(CHANNEL), "topic": "no-such", "quiet_line": True, "timezone": "Asia/Shanghai"}
    server = {"server_id": str(GUILD), "topics": [], "subscriptions": [one] * 6}
    document = {"format": "paperbrief-subscriptions", "version": 1, "servers": [server] * 2000}
    (tmp_path / "in.json").write_text(json.dumps(document, indent=12))
    assert (tmp_path / "in.json").stat().st_size > 4 * 2**20
    assert run("import", "in.json").stdout.endswith("0 added, 0 changed, 0 unchanged, 12000 refused\n")


def test_half_an_export_is_none(run: Run, sqlite_path: Path, tmp_path: Path) -> None:
    on(sqlite_path, fill)
    with mounted(tmp_path / "small", "size=64k"):
        filler = fill_up(tmp_path / "small")
        done = run("export", "small/out.json")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "No space left on device" in done.stderr
        assert names_in(tmp_path / "small") == ["filler"]
        filler.unlink()
        assert run("export", "small/out.json").exit_code == 0


def test_servers_that_the_bot_is_not_known_to_be_in_are_named(run: Run, sqlite_path: Path, tmp_path: Path) -> None:
    async def join(database: Database) -> None:
        await GuildStore(database).joined(GUILD, AT)

    on(sqlite_path, join)
    servers = [
        {"server_id": str(GUILD + number), "subscriptions": [{"channel_id": str(CHANNEL + number), "topic": "llm"}]}
        for number in range(13)
    ]
    document = {"format": "paperbrief-subscriptions", "version": 1, "servers": servers}
    (tmp_path / "in.json").write_text(json.dumps(document))
    assert "known to be in" not in run("import", "in.json", "--dry-run").stdout, "nothing is there yet"
    *_, line, counts = run("import", "in.json").stdout.splitlines()
    assert counts == "13 added, 0 changed, 0 unchanged, 0 refused"
    named = ", ".join(str(GUILD + number) for number in range(1, 11))
    assert line == (
        f"subscribed in servers that the bot is not known to be in: {named} and 2 more. It looks at its next start; "
        "where it is not, nothing is sent until it is invited"
    )
    again = json.loads(run("import", "in.json", "--format", "json").stdout)
    assert again["servers_not_joined"] == [str(GUILD + number) for number in range(1, 13)]


def test_a_misspelt_list_of_a_server_is_said_rather_than_passed_over(run: Run, tmp_path: Path) -> None:
    server = {"server_id": str(GUILD), "subscription": [{"channel_id": str(CHANNEL), "topic": "llm"}]}
    document = {"format": "paperbrief-subscriptions", "version": 1, "servers": [server]}
    (tmp_path / "in.json").write_text(json.dumps(document))
    ((what, why),) = entries(run("import", "in.json", "--format", "json"), 3).values()
    assert (what, "subscription" in why) == ("refused", True)


def test_a_changed_entry_changes_what_is_there_but_not_how_it_stands(
    run: Run, sqlite_path: Path, tmp_path: Path
) -> None:
    on(sqlite_path, fill)
    document = json.loads(run("export").stdout)
    document["servers"][1]["subscriptions"][0]["max_papers"] = 4
    document["servers"][0]["topics"][0]["query"] = "reasoning"
    (tmp_path / "in.json").write_text(json.dumps(document))
    assert [what for what, _ in entries(run("import", "in.json", "--format", "json")).values()].count("changed") == 2
    (other,) = [one for one in on(sqlite_path, held)[1] if one.guild_id == OTHER]
    assert (other.max_papers, other.state, other.created_by) == (4, SubscriptionState.PARKED, USER)


def test_what_cannot_be_is_refused_with_its_reason_and_the_rest_goes_on(
    run: Run, sqlite_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMITS__SUBSCRIPTIONS_PER_GUILD", "2")
    good = {"channel_id": str(CHANNEL), "topic": "llm"}
    bad: list[tuple[Any, str]] = [
        ({**good, "topic": "no-such"}, "no built-in topic no-such"),
        ({**good, "own_topic": True}, "no own topic llm"),
        ({**good, "timezone": "Mars/Olympus"}, "no zone Mars/Olympus"),
        ({**good, "timezone": "../../etc/passwd"}, "no zone"),
        ({**good, "language": "tlh"}, "none of en, zh-CN"),
        ({**good, "time": "25:00"}, "time: "),
        ({**good, "channel_id": "abc"}, "channel_id: "),
        ({**good, "channel_id": str(2**63)}, "too large for a Discord id"),
        ({**good, "max_papers": 99}, "max_papers: "),
        ({**good, "colour": "red"}, "colour: "),
        ("text", "dictionary"),
    ]
    topics = [
        {"slug": "llm", "names": {"en": "x"}, "categories": ["cs.CL"]},
        {"slug": "a", "names": {"en": "x"}, "categories": ["cs.QQ"]},
        {"slug": "b", "names": {"en": "x"}, "categories": ["cs.CL"], "query": "(("},
        {"slug": "c", "names": {"fr": "x"}, "categories": ["cs.CL"]},
        {"slug": "d", "names": {"en": "x"}, "categories": ["cs.CL"], "weights": {"luck": 1}},
    ]
    more = [{**good, "topic": slug} for slug in ("llm", "agents", "rag")]
    server = {"server_id": str(GUILD), "topics": topics, "subscriptions": [*[one for one, _ in bad], *more]}
    servers = [
        server,
        {"server_id": "-1"},
        {"server_id": str(2**63)},
        {"server_id": str(OTHER), "subscriptions": [good]},
    ]
    document = {"format": "paperbrief-subscriptions", "version": 1, "servers": servers}
    (tmp_path / "in.json").write_text(json.dumps(document))
    for words in (("--dry-run",), ()):
        done = run("import", "in.json", "--format", "json", *words)
        assert done.exit_code == 3
        found = [(one["done"], one["why"]) for one in json.loads(done.stdout)["entries"]]
        refusals = [why for what, why in found if what == "refused"]
        for expected in (
            "built-in topic of that name",
            "cs.QQ",
            "does not parse",
            'in "en" is missing',
            "none named luck",
        ):
            assert any(expected in why for why in refusals), expected
        for (_, expected), (what, why) in zip(bad, found[len(topics) :], strict=False):
            assert what == "refused"
            assert expected in why, (expected, why)
        assert [what for what, _ in found].count("added") == 2
        assert any("the limit (LIMITS__SUBSCRIPTIONS_PER_GUILD)" in why for why in refusals)
        assert any("one of another server" in why for why in refusals)
        assert all("\n" not in why for why in refusals)
    assert len(on(sqlite_path, held)[1]) == 2


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.json", "{}", "not one of `paperbrief export`"),
        ("a.json", '{"format": "paperbrief-subscriptions", "version": 2, "servers": []}', "not of version 1"),
        ("a.json", '{"format": "paperbrief-subscriptions", "version": 1}', 'no list "servers"'),
        ("a.json", "[" * 100_000, "nested too deep"),
        ("a.opml", "<!DOCTYPE x><opml/>", "declares a document type"),
        ("a.csv", "a,b\n1,2\n", "must name the columns"),
        ("a.txt", "", "give --kind"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(run: Run, tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    done = run("import", name)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert why in line
    assert run("import", "missing.json").exit_code == 2


def test_lists_of_other_programs_become_subscriptions_to_categories(
    run: Run, sqlite_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "bot.csv").write_text(
        f"channel_id,feed_url,server_id\n{CHANNEL},https://rss.arxiv.org/rss/cs.CL,{GUILD}\n"
        f"{CHANNEL},http://export.arxiv.org/api/query?search_query=cat:cs.CV+OR+cat:cs.GR,{GUILD}\n"
        f"{CHANNEL},https://example.org/feed.xml,{GUILD}\n{CHANNEL},cs.AI,\n,cs.AI,{GUILD}\n"
    )
    said = [why for _, why in entries(run("import", "bot.csv", "--format", "json"), 3).values()]
    assert said[:2] == ["", ""]
    assert ["other feeds" in said[2], "--server" in said[3], "--channel" in said[4]] == [True] * 3
    topics, subscriptions = on(sqlite_path, held)
    assert [one.categories for one in topics] == [("cs.CV", "cs.GR")]
    assert [one.topic for one in subscriptions] == [TopicKey("cs-cl"), TopicKey("cs-cv-cs-gr", GUILD)]
    (tmp_path / "feeds.opml").write_text(
        '<opml><body><outline xmlUrl="http://arxiv.org/rss/cs.CL"/>'
        '<outline xmlUrl="https://rss.arxiv.org/atom/math.CO"/></body></opml>'
    )
    words = ("import", "feeds.opml", "--server", str(GUILD), "--channel", str(CHANNEL), "--format", "json")
    assert [what for what, _ in entries(run(*words)).values()] == ["unchanged", "added"]
    assert [what for what, _ in entries(run(*words)).values()] == ["unchanged", "unchanged"]


def test_the_documented_schema_is_that_of_the_program() -> None:
    written = json.loads((ROOT / "docs/exchange.schema.json").read_text(encoding="utf-8"))
    assert written == ExchangeFile.model_json_schema(), "write it anew: python -m tools.exchange_schema"
