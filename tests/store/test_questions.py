"""Quotas of questions: per person and per server, for a day, and forgotten with the person."""

import asyncio
from datetime import UTC, datetime, timedelta

from bot.store.engine import Database
from bot.store.questions import QuestionStore, Quota
from bot.store.readers import ReaderStore

NOW = datetime(2026, 5, 12, 12, tzinfo=UTC)
ANN, BO, GUILD, OTHER = 11, 12, 900, 901


async def test_a_persons_quota_holds_everywhere_together(db: Database) -> None:
    store = QuestionStore(db)
    for guild in (GUILD, OTHER, None):
        assert await store.take(ANN, guild, NOW, per_user=3, per_guild=10) is Quota.GRANTED
    assert await store.take(ANN, GUILD, NOW, per_user=3, per_guild=10) is Quota.USER_SPENT
    assert await store.take(BO, GUILD, NOW, per_user=3, per_guild=10) is Quota.GRANTED
    assert await store.asked_today(ANN, NOW) == 3
    assert await store.take(ANN, GUILD, NOW + timedelta(days=1), per_user=3, per_guild=10) is Quota.GRANTED


async def test_a_servers_quota_holds_for_all_its_people(db: Database) -> None:
    store = QuestionStore(db)
    for user in (ANN, BO):
        assert await store.take(user, GUILD, NOW, per_user=5, per_guild=2) is Quota.GRANTED
    assert await store.take(13, GUILD, NOW, per_user=5, per_guild=2) is Quota.GUILD_SPENT
    assert await store.take(13, OTHER, NOW, per_user=5, per_guild=2) is Quota.GRANTED
    assert await store.asked_today(13, NOW) == 1


async def test_a_question_that_could_not_be_answered_is_given_back(db: Database) -> None:
    store = QuestionStore(db)
    assert await store.take(ANN, GUILD, NOW, per_user=1, per_guild=1) is Quota.GRANTED
    await store.give_back(ANN, GUILD, NOW)
    await store.give_back(ANN, GUILD, NOW)
    assert await store.take(ANN, GUILD, NOW, per_user=1, per_guild=1) is Quota.GRANTED
    assert await store.take(ANN, GUILD, NOW, per_user=1, per_guild=1) is Quota.USER_SPENT


async def test_many_at_once_never_pass_the_quota(db: Database) -> None:
    store = QuestionStore(db)
    made = await asyncio.gather(*(store.take(ANN, GUILD, NOW, per_user=5, per_guild=100) for _ in range(20)))
    assert made.count(Quota.GRANTED) == 5


async def test_forgetting_a_person_keeps_the_servers_count_without_the_name(db: Database) -> None:
    store, readers = QuestionStore(db), ReaderStore(db)
    await store.take(ANN, GUILD, NOW, per_user=5, per_guild=2)
    await store.take(BO, GUILD, NOW, per_user=5, per_guild=2)
    assert await readers.describe(ANN) == {"question_quota": 1}
    assert await readers.forget(ANN) == 1
    assert await readers.describe(ANN) == {}
    assert await readers.describe(BO) == {"question_quota": 1}
    assert await store.take(ANN, GUILD, NOW, per_user=5, per_guild=2) is Quota.GUILD_SPENT


async def test_who_asked_is_forgotten_the_next_day(db: Database) -> None:
    store, readers = QuestionStore(db), ReaderStore(db)
    await store.take(ANN, GUILD, NOW, per_user=5, per_guild=5)
    await store.take(BO, GUILD, NOW + timedelta(days=1), per_user=5, per_guild=5)
    assert await readers.describe(ANN) == {}
