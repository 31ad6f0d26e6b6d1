"""Readers: libraries, look-ups, feedback; and that a person can be forgotten."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.delivery import TopicKey
from bot.errors import UsageError
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.readers import ReaderStore
from bot.store.schema import subscription, tables
from tests.store.rows import sample_row
from tests.store.samples import make_paper

NOW = datetime(2026, 5, 12, 12, tzinfo=UTC)
ANN, BO, GUILD, OTHER_GUILD, CHANNEL = 11, 12, 900, 901, 800
LLM = TopicKey("llm")
IDS = ("2605.00001", "2605.00002", "2605.00003", "hep-th/9901001")


@pytest.fixture
async def store(db: Database) -> ReaderStore:
    await PaperStore(db).save_metadata([make_paper(one) for one in IDS])
    return ReaderStore(db)


async def test_a_saved_paper_is_in_the_library_once_and_can_be_removed(store: ReaderStore) -> None:
    assert await store.save_paper(ANN, IDS[0], NOW)
    assert not await store.save_paper(ANN, IDS[0], NOW + timedelta(days=1))
    assert await store.save_paper(ANN, IDS[3], NOW + timedelta(hours=1), guild_id=GUILD)
    assert await store.save_paper(BO, IDS[1], NOW)
    saved = await store.load_saved(ANN)
    assert [(one.paper, one.saved_at) for one in saved] == [
        (make_paper(IDS[3]), NOW + timedelta(hours=1)),
        (make_paper(IDS[0]), NOW),
    ]
    assert await store.count_saved(ANN) == 2
    assert await store.unsave(ANN, IDS[0])
    assert not await store.unsave(ANN, IDS[0])
    assert not await store.unsave(BO, IDS[0])
    assert [one.paper.arxiv_id for one in await store.load_saved(BO)] == [IDS[1]]


async def test_a_paper_that_is_not_stored_cannot_be_saved_or_judged(store: ReaderStore) -> None:
    with pytest.raises(UsageError, match=r"2605\.99999"):
        await store.save_paper(ANN, "2605.99999", NOW)
    with pytest.raises(UsageError, match=r"2605\.99999"):
        await store.record_feedback(ANN, GUILD, CHANNEL, LLM, "2605.99999", 1, NOW)
    await store.record_look_up(ANN, GUILD, "2605.99999", NOW)
    assert await store.describe(ANN) == {}


async def test_a_library_has_an_end(store: ReaderStore) -> None:
    store.max_saved = 2
    await store.save_paper(ANN, IDS[0], NOW)
    await store.save_paper(ANN, IDS[1], NOW)
    with pytest.raises(UsageError, match="holds 2 papers"):
        await store.save_paper(ANN, IDS[2], NOW)
    assert not await store.save_paper(ANN, IDS[1], NOW)
    assert await store.save_paper(BO, IDS[2], NOW)


async def test_a_look_up_counts_once_a_day_for_each_person_and_server(store: ReaderStore) -> None:
    for _ in range(3):
        await store.record_look_up(ANN, GUILD, IDS[0], NOW)
    assert await store.counts(IDS[0]) == (1, 0)
    await store.record_look_up(BO, GUILD, IDS[0], NOW)
    await store.record_look_up(ANN, OTHER_GUILD, IDS[0], NOW)
    await store.record_look_up(ANN, None, IDS[0], NOW)
    await store.record_look_up(None, None, IDS[0], NOW)
    await store.record_look_up(None, None, IDS[0], NOW)
    await store.record_look_up(ANN, GUILD, IDS[0], NOW + timedelta(days=1))
    await store.save_paper(ANN, IDS[0], NOW)
    assert await store.counts(IDS[0]) == (7, 1)
    assert await store.counts(IDS[1]) == (0, 0)


async def test_who_looked_is_forgotten_the_next_day(store: ReaderStore) -> None:
    await store.record_look_up(ANN, GUILD, IDS[0], NOW)
    assert await store.describe(ANN) == {"look_up_today": 1}
    await store.record_look_up(BO, GUILD, IDS[1], NOW + timedelta(days=1))
    assert await store.describe(ANN) == {}
    assert await store.counts(IDS[0]) == (1, 0)


async def test_trending_weighs_saves_and_look_ups_of_one_server_since_a_day(store: ReaderStore) -> None:
    for user in range(1, 5):
        await store.record_look_up(user, GUILD, IDS[0], NOW)
    await store.save_paper(ANN, IDS[1], NOW, guild_id=GUILD)
    await store.save_paper(BO, IDS[1], NOW, guild_id=GUILD)
    await store.record_look_up(ANN, GUILD, IDS[2], NOW - timedelta(days=20))
    await store.save_paper(ANN, IDS[2], NOW - timedelta(days=20), guild_id=GUILD)
    await store.record_look_up(ANN, OTHER_GUILD, IDS[3], NOW)
    found = await store.trending(GUILD, NOW - timedelta(days=7), 10)
    assert [(one.paper.arxiv_id, one.look_ups, one.saves) for one in found] == [(IDS[1], 0, 2), (IDS[0], 4, 0)]
    assert [one.paper.arxiv_id for one in await store.trending(GUILD, NOW - timedelta(days=7), 1)] == [IDS[1]]
    assert [one.paper.arxiv_id for one in await store.trending(OTHER_GUILD, NOW, 10)] == [IDS[3]]
    assert await store.trending(7, NOW - timedelta(days=7), 10) == []


async def test_feedback_is_kept_per_channel_and_the_last_opinion_counts(store: ReaderStore) -> None:
    own = TopicKey("llm", GUILD)
    assert await store.record_feedback(ANN, GUILD, CHANNEL, LLM, IDS[0], 1, NOW)
    assert not await store.record_feedback(ANN, GUILD, CHANNEL, LLM, IDS[0], 1, NOW)
    await store.record_feedback(BO, GUILD, CHANNEL, LLM, IDS[0], 1, NOW)
    await store.record_feedback(BO, GUILD, CHANNEL, LLM, IDS[1], 1, NOW)
    assert await store.record_feedback(BO, GUILD, CHANNEL, LLM, IDS[1], -1, NOW)
    await store.record_feedback(ANN, GUILD, CHANNEL + 1, LLM, IDS[2], -1, NOW)
    await store.record_feedback(ANN, GUILD, CHANNEL, own, IDS[3], -1, NOW)
    assert await store.load_feedback(CHANNEL, LLM) == {IDS[0]: 2, IDS[1]: -1}
    assert await store.load_feedback(CHANNEL + 1, LLM) == {IDS[2]: -1}
    assert await store.load_feedback(CHANNEL, own) == {IDS[3]: -1}
    with pytest.raises(ValueError, match="1 or -1"):
        await store.record_feedback(ANN, GUILD, CHANNEL, LLM, IDS[0], 5, NOW)


async def test_forgetting_a_person_leaves_no_row_that_names_them(store: ReaderStore, db: Database) -> None:
    for user in (ANN, BO):
        await store.save_paper(user, IDS[0], NOW, guild_id=GUILD)
        await store.record_look_up(user, GUILD, IDS[0], NOW)
        await store.record_feedback(user, GUILD, CHANNEL, LLM, IDS[0], 1, NOW)
    await _add_subscription(db, ANN)
    before = await store.describe(ANN)
    assert before == {"saved_paper": 1, "look_up_today": 1, "feedback": 1, "subscription": 1}
    assert await store.forget(ANN) == 4
    assert await store.describe(ANN) == {}
    async with db.read() as connection:
        for table in tables(db.dialect):
            for column in table.c:
                if column.name in ("user_id", "created_by"):
                    rows = await connection.scalar(sa.select(sa.func.count()).where(column == ANN))
                    assert rows == 0, f"{table.name}.{column.name}"
        assert await connection.scalar(sa.select(sa.func.count()).select_from(subscription)) == 1
    # Others keep theirs, and what carries no name stays.
    assert await store.describe(BO) == {"saved_paper": 1, "look_up_today": 1, "feedback": 1}
    assert await store.counts(IDS[0]) == (2, 1)
    assert await store.forget(ANN) == 0


async def test_a_person_can_have_a_copy_of_what_is_stored(store: ReaderStore, db: Database) -> None:
    await store.save_paper(ANN, IDS[3], NOW, guild_id=GUILD)
    await store.record_feedback(ANN, GUILD, CHANNEL, LLM, IDS[0], -1, NOW)
    copy = json.loads(json.dumps(await store.export(ANN)))
    assert copy["saved_paper"][0]["arxiv_id"] == IDS[3]
    assert copy["feedback"][0]["value"] == -1
    assert copy["feedback"][0]["given_at"].startswith("2026-05-12")
    await _add_subscription(db, ANN)
    assert json.loads(json.dumps(await store.export(ANN)))["subscription"][0]["created_by"] == ANN
    assert await store.export(BO) == {}


async def _add_subscription(db: Database, user_id: int) -> None:
    """Write a subscription with a value for every column, whatever columns there are."""
    row = sample_row(subscription, {"created_by": user_id, "guild_id": GUILD})
    async with db._engine.begin() as connection:
        await connection.execute(sa.insert(subscription).values(row))
