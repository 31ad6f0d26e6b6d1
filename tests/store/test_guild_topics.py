"""Servers' own topics, and what the bot remembers of servers and of itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery import TopicKey
from bot.model import CrossListPolicy, Topic
from bot.store.engine import Database
from bot.store.guild_topics import GuildTopicStore
from bot.store.guilds import GuildStore
from bot.store.papers import PaperStore
from bot.store.readers import ReaderStore
from tests.store.samples import make_paper

NOW = datetime(2026, 5, 12, 12, tzinfo=UTC)
GUILD, OTHER = 900, 901
OURS = Topic(
    "our-field",
    {"en": "Our field", "zh-CN": "我们的领域"},
    ("cs.CL", "cs.LG"),
    query='"speech" AND NOT au:smith',
    interest="low-resource speech",
    exclude="survey",
    cross_lists=CrossListPolicy.EXCLUDE,
    guild_id=GUILD,
)


async def test_a_topic_comes_back_as_it_was_saved(db: Database) -> None:
    store = GuildTopicStore(db)
    assert await store.load(GUILD, OURS.slug) is None
    await store.save(OURS)
    assert await store.load(GUILD, OURS.slug) == OURS
    changed = replace(OURS, query="speech", names={"en": "Speech"}, cross_lists=CrossListPolicy.INCLUDE)
    await store.save(changed)
    assert await store.load_all(GUILD) == [changed]
    assert await store.count(GUILD) == 1


async def test_a_server_sees_its_own_topics_only(db: Database) -> None:
    store = GuildTopicStore(db)
    theirs = replace(OURS, guild_id=OTHER, query="other")
    another = replace(OURS, slug="a-field")
    for topic in (OURS, theirs, another):
        await store.save(topic)
    assert await store.load_all(GUILD) == [another, OURS]
    assert await store.load(OTHER, OURS.slug) == theirs
    assert await store.load_every() == [another, OURS, theirs]
    assert await store.delete(GUILD, OURS.slug)
    assert not await store.delete(GUILD, OURS.slug)
    assert await store.load_all(OTHER) == [theirs]
    assert (await store.count(GUILD), await store.count(OTHER), await store.count(1)) == (1, 1, 0)


@pytest.mark.parametrize("guild_id", [None, 0])
async def test_a_topic_of_no_server_is_refused(db: Database, guild_id: int | None) -> None:
    with pytest.raises(ValueError, match="no server"):
        await GuildTopicStore(db).save(replace(OURS, guild_id=guild_id))


async def test_joining_and_leaving_are_noted_once(db: Database) -> None:
    guilds = GuildStore(db)
    assert await guilds.joined(GUILD, NOW)
    assert not await guilds.joined(GUILD, NOW + timedelta(days=1))
    assert await guilds.load_joined() == {GUILD}
    assert await guilds.left(GUILD, NOW + timedelta(days=2))
    assert not await guilds.left(GUILD, NOW + timedelta(days=40))
    assert await guilds.load_joined() == set()
    # The first departure counts, so a repeated event does not put off the purge.
    assert await guilds.purge_left(NOW + timedelta(days=3)) == [GUILD]
    assert await guilds.left(OTHER, NOW)
    assert await guilds.joined(OTHER, NOW)
    assert await guilds.purge_left(NOW + timedelta(days=99)) == []


async def test_all_servers_are_noted_at_once(db: Database) -> None:
    guilds, later = GuildStore(db), NOW + timedelta(days=2)
    await guilds.joined(GUILD, NOW)
    await guilds.left(OTHER, NOW)
    assert await guilds.joined_all({GUILD, OTHER, 3, 4}, later) == {OTHER, 3, 4}
    assert await guilds.joined_all({GUILD, OTHER, 3, 4}, later) == set()
    assert await guilds.load_joined() == {GUILD, OTHER, 3, 4}
    assert await guilds.joined_all(set(), later) == set()
    # Who came back is purged no more.
    assert await guilds.purge_left(NOW + timedelta(days=99)) == []


async def test_purging_a_server_takes_all_that_is_its_own_and_nothing_else(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    guilds, topics, readers = GuildStore(db), GuildTopicStore(db), ReaderStore(db)
    for guild_id, user in ((GUILD, 1), (OTHER, 2)):
        await guilds.joined(guild_id, NOW)
        await topics.save(replace(OURS, guild_id=guild_id))
        await readers.save_paper(user, "2605.00001", NOW, guild_id=guild_id)
        await readers.record_look_up(user, guild_id, "2605.00001", NOW)
        await readers.record_feedback(user, guild_id, 5, TopicKey("x", guild_id), "2605.00001", 1, NOW)
    await guilds.left(GUILD, NOW)
    assert await guilds.purge_left(NOW) == []
    assert await guilds.purge_left(NOW + timedelta(seconds=1)) == [GUILD]
    assert await topics.load_every() == [replace(OURS, guild_id=OTHER)]
    assert await readers.load_feedback(5, TopicKey("x", GUILD)) == {}
    assert await readers.load_feedback(5, TopicKey("x", OTHER)) == {"2605.00001": 1}
    assert await readers.trending(GUILD, NOW - timedelta(days=9), 5) == []
    assert len(await readers.trending(OTHER, NOW - timedelta(days=9), 5)) == 1
    # A library is a person's, not the server's in which it was filled.
    assert await readers.count_saved(1) == 1
    assert await guilds.load_joined() == {OTHER}


async def test_identifies_are_counted_and_old_ones_dropped(db: Database) -> None:
    guilds = GuildStore(db)
    assert await guilds.last_identify() is None
    for hours in (0, 30, 50, 50, 51):
        await guilds.record_identify(NOW + timedelta(hours=hours))
    now = NOW + timedelta(hours=51)
    assert await guilds.count_since(now - timedelta(hours=24)) == 4
    assert await guilds.count_since(now) == 1
    assert await guilds.count_since(NOW - timedelta(days=9)) == 4
    assert await guilds.last_identify() == now


async def test_a_value_is_remembered_until_it_is_replaced(db: Database) -> None:
    guilds = GuildStore(db)
    assert await guilds.load_value("commands") is None
    await guilds.save_value("commands", {"hash": "abc", "at": [1, 2]})
    assert await guilds.load_value("commands") == {"hash": "abc", "at": [1, 2]}
    await guilds.save_value("commands", "x")
    assert await guilds.load_value("commands") == "x"
    assert await guilds.load_value("other") is None
