"""What counts for the order of a channel's briefs: its clicks, mild likes for saves, and nobody's name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.delivery import Subscription, TopicKey
from bot.model import Edition, Opinion
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.store.guilds import GuildStore
from bot.store.opinions import SAVE_VALUE, OpinionStore
from bot.store.papers import PaperStore
from bot.store.readers import ReaderStore
from bot.store.schema import brief, feedback
from bot.store.subscriptions import SubscriptionStore
from tests.store.samples import TUESDAY, make_paper
from tests.store.test_briefs_store import SUMMARY, make_brief

NOW = datetime(2026, 5, 12, 12, tzinfo=UTC)
ANN, BO, GUILD, CHANNEL = 11, 12, 900, 800
LLM = TopicKey("llm")
IDS = tuple(f"2605.0000{n}" for n in range(1, 6))


@pytest.fixture
async def readers(db: Database) -> ReaderStore:
    await PaperStore(db).save_metadata([make_paper(one) for one in IDS])
    return ReaderStore(db)


def said(opinions: list[Opinion]) -> list[tuple[str, float]]:
    return [(one.paper.arxiv_id, one.value) for one in opinions]


async def test_opinions_come_in_the_order_in_which_they_were_given(db: Database, readers: ReaderStore) -> None:
    store = OpinionStore(db)
    for minute, (user, number, value) in enumerate([(ANN, 1, 1), (BO, 0, -1), (ANN, 0, 1), (ANN, 1, -1)]):
        await readers.record_feedback(user, GUILD, CHANNEL, LLM, IDS[number], value, NOW + timedelta(minutes=minute))
    await readers.record_feedback(ANN, GUILD, CHANNEL + 1, LLM, IDS[2], 1, NOW)
    await readers.record_feedback(ANN, GUILD, CHANNEL, TopicKey("llm", GUILD), IDS[3], 1, NOW)
    assert said(await store.load(CHANNEL, LLM, 10)) == [(IDS[0], -1), (IDS[0], 1), (IDS[1], -1)]
    assert said(await store.load(CHANNEL, LLM, 1)) == [(IDS[1], -1)]
    assert await store.load_judged([CHANNEL, 5]) == {(CHANNEL, LLM), (CHANNEL, TopicKey("llm", GUILD))}


async def test_what_somebody_has_forgotten_is_gone_at_once(db: Database, readers: ReaderStore) -> None:
    await readers.record_feedback(ANN, GUILD, CHANNEL, LLM, IDS[0], 1, NOW)
    await readers.record_feedback(BO, GUILD, CHANNEL, LLM, IDS[1], 1, NOW)
    await readers.forget(ANN)
    assert said(await OpinionStore(db).load(CHANNEL, LLM, 10)) == [(IDS[1], 1)]
    await readers.forget(BO)
    assert await OpinionStore(db).load_judged([CHANNEL]) == set()


async def test_a_save_counts_mildly_where_the_topic_showed_the_paper(db: Database, readers: ReaderStore) -> None:
    store, briefs = OpinionStore(db), BriefStore(db)
    await SubscriptionStore(db).save(Subscription(GUILD, CHANNEL, LLM, ANN, NOW))
    await briefs.save_summaries([SUMMARY])
    await briefs.save_brief(make_brief())
    await briefs.save_brief(replace(make_brief(), language="zh-CN"))
    await readers.save_paper(ANN, IDS[0], NOW, guild_id=GUILD)
    await readers.save_paper(ANN, IDS[1], NOW, guild_id=GUILD)
    assert said(await store.load(CHANNEL, LLM, 10)) == [(IDS[0], SAVE_VALUE)]
    assert await store.load_judged([CHANNEL]) == {(CHANNEL, LLM)}
    await readers.unsave(ANN, IDS[0])
    await readers.save_paper(ANN, IDS[0], NOW, guild_id=GUILD + 1)
    assert await store.load(CHANNEL, LLM, 10) == []


async def test_ten_thousand_clicks_are_no_more_than_the_last_ones(db: Database, readers: ReaderStore) -> None:
    rows = [
        {
            "channel_id": CHANNEL,
            "topic_guild_id": 0,
            "topic_slug": "llm",
            "arxiv_id": IDS[user % 5],
            "user_id": 1000 + user,
            "guild_id": GUILD,
            "value": 1 if user % 2 else -1,
            "given_at": NOW + timedelta(seconds=user),
        }
        for user in range(10_000)
    ]

    async def insert(connection: object) -> None:
        await connection.execute(sa.insert(feedback), rows)  # type: ignore[attr-defined]  # a connection

    await db.write(insert)
    found = await OpinionStore(db).load(CHANNEL, LLM, 300)
    assert said(found) == [(row["arxiv_id"], row["value"]) for row in rows[-300:]]


async def test_a_channels_own_brief_stands_beside_the_shared_one(db: Database, readers: ReaderStore) -> None:
    briefs, own = BriefStore(db), Edition(GUILD, CHANNEL)
    await briefs.save_summaries([SUMMARY])
    shared = make_brief()
    ours = replace(shared, edition=own, receipt=replace(shared.receipt, matched=2))
    assert await briefs.save_brief(shared)
    assert await briefs.save_brief(ours)
    assert not await briefs.save_brief(replace(ours, receipt=shared.receipt))
    topic = shared.topic
    assert await briefs.load_brief(topic, TUESDAY, "en") == shared
    assert await briefs.load_brief(topic, TUESDAY, "en", edition=own) == ours
    assert await briefs.load_brief(topic, TUESDAY, "en", edition=Edition(GUILD, 5)) is None
    assert await briefs.load_receipt("llm", TUESDAY, "en", channel_id=CHANNEL) == ours.receipt
    assert await briefs.load_receipt("llm", TUESDAY, "en", channel_id=5) == shared.receipt


async def test_a_server_that_left_takes_its_own_briefs_along(db: Database, readers: ReaderStore) -> None:
    briefs, guilds, own = BriefStore(db), GuildStore(db), Edition(GUILD, CHANNEL)
    await briefs.save_summaries([SUMMARY])
    await briefs.save_brief(make_brief())
    await briefs.save_brief(replace(make_brief(), edition=own))
    await guilds.joined(GUILD, NOW)
    await guilds.left(GUILD, NOW)
    assert await guilds.purge_left(NOW + timedelta(days=40)) == [GUILD]
    async with db.read() as connection:
        assert list(await connection.scalars(sa.select(brief.c.channel_id))) == [0]


async def test_only_scores_on_the_same_scale_are_compared(db: Database, readers: ReaderStore) -> None:
    briefs, own = BriefStore(db), Edition(GUILD, CHANNEL)
    await briefs.save_summaries([SUMMARY])
    for days, scale, edition, score in (
        (1, "2:a", None, 4.0),
        (2, "2:a", own, 5.0),
        (3, "2:b", None, 9.0),
        (4, "2:a", Edition(GUILD, 5), 9.0),
        (5, "2:a", None, 3.0),
    ):
        one = make_brief()
        item = replace(one.items[0], score=score)
        await briefs.save_brief(
            replace(one, announced_on=TUESDAY - timedelta(days=days), scale=scale, edition=edition, items=(item,))
        )
    topic = make_brief().topic
    assert await briefs.load_best_scores(topic, "2:a", TUESDAY, edition=own) == [4.0, 5.0, 3.0]
    assert await briefs.load_best_scores(topic, "2:a", TUESDAY) == [4.0, 3.0]
    assert await briefs.load_best_scores(topic, "2:a", TUESDAY - timedelta(days=1)) == [3.0]
    assert await briefs.load_best_scores(topic, "2:a", TUESDAY, limit=1) == [4.0]
