"""Every table has a decision about whom it concerns, and deleting keeps to it."""

from pathlib import Path

from bot.model import Topic
from bot.store.engine import Database
from bot.store.guild_topics import GuildTopicStore
from bot.store.guilds import GuildStore
from bot.store.privacy import DECISIONS, Erasure
from bot.store.readers import ReaderStore
from bot.store.schema import metadata
from tests.store.files import contents, is_there, log_of
from tests.store.rows import AT, fill, texts
from tools.privacy import PAGE, render

USER, GUILD, CHANNEL, ROLE = (
    777_000_000_000_000_001,
    777_000_000_000_000_002,
    777_000_000_000_000_003,
    777_000_000_000_000_004,
)
NAMED = {
    "user_id": USER,
    "created_by": USER,
    "guild_id": GUILD,
    "topic_guild_id": GUILD,
    "channel_id": CHANNEL,
    "role_id": ROLE,
    "tag_ids": [ROLE],
    "payload": {"content": f"<@&{ROLE}> <#{CHANNEL}>", "guild_id": str(GUILD)},
    "interest": f"what {GUILD} wants",
    "left_at": AT,
}


def test_every_table_has_a_decision() -> None:
    assert set(DECISIONS) == set(metadata.tables), (
        "say in bot/store/privacy.py what each table holds about a person or a server, and what deletes it"
    )


def test_every_column_that_could_name_somebody_has_a_decision() -> None:
    suspects = {"user", "member", "author", "by", "owner", "guild", "server", "channel", "role", "thread", "message"}
    for table in metadata.sorted_tables:
        decision = DECISIONS[table.name]
        decided = {*decision.user, *decision.guild, *decision.of}
        assert decided <= set(table.c.keys()), table.name
        for column in table.c:
            # Ours, not a person's: the instance that claimed a delivery.
            parts = set(column.name.removeprefix("claimed_by").split("_"))
            assert column.name in decided or not parts & suspects, f"{table.name}.{column.name}"


def test_what_names_a_channel_goes_with_its_server() -> None:
    for name, one in DECISIONS.items():
        if one.of:
            assert Erasure.DELETE in one.guild.values(), name
        if one.parent:
            (key,) = [key for key in metadata.tables[name].foreign_keys if key.column.table.name == one.parent]
            assert key.ondelete == "CASCADE", name


def test_the_page_says_of_every_table_what_the_program_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m tools.privacy"


async def test_forgetting_leaves_no_trace_of_a_person_in_any_table(db: Database) -> None:
    filled = await fill(db, NAMED)
    before = await texts(db)
    concerned = {name for name in filled if DECISIONS[name].user}
    assert {name for name, text in before.items() if str(USER) in text} == concerned
    assert await ReaderStore(db).forget(USER) == len(concerned)
    after = await texts(db)
    assert [name for name, text in after.items() if str(USER) in text] == []
    blanked = {name for name in concerned if Erasure.BLANK in DECISIONS[name].user.values()}
    assert set(after) == set(before) - (concerned - blanked), "what concerns nobody else is as it was"


async def test_purging_a_server_leaves_no_trace_of_it_in_any_table(db: Database) -> None:
    filled = await fill(db, NAMED)
    before = await texts(db)
    concerned = {name for name in filled if DECISIONS[name].guild}
    assert {name for name, text in before.items() if str(GUILD) in text} == concerned
    assert await GuildStore(db).purge_left(AT) == []
    assert await GuildStore(db).purge_left(AT.replace(hour=13)) == [GUILD]
    after = await texts(db)
    for gone in (GUILD, CHANNEL, ROLE):
        assert [name for name, text in after.items() if str(gone) in text] == []
    kept = {name for name in concerned if set(DECISIONS[name].guild.values()) == {Erasure.BLANK}}
    children = {name for name in filled if DECISIONS[name].parent}
    assert set(after) == set(before) - (concerned - kept) - children


async def test_a_server_that_came_back_is_not_purged(db: Database) -> None:
    guilds = GuildStore(db)
    await guilds.joined(GUILD, AT)
    await guilds.left(GUILD, AT)
    await guilds.joined(GUILD, AT.replace(hour=13))
    assert await guilds.purge_left(AT.replace(hour=14)) == []
    assert await guilds.load_joined() == {GUILD}


async def test_what_is_deleted_is_not_left_in_the_file(sqlite_url: str, sqlite_path: Path) -> None:
    words = "what we would rather not be known for"
    async with Database.open(sqlite_url) as db:
        await GuildTopicStore(db).save(Topic("ours", {"en": "Ours"}, ("cs.CL",), interest=words, guild_id=GUILD))
    assert words.encode() in contents(sqlite_path)
    async with Database.open(sqlite_url) as db:
        await GuildTopicStore(db).delete(GUILD, "ours")
    assert not is_there(log_of(sqlite_path)), "closing folds the log into the file"
    assert words.encode() not in contents(sqlite_path)
