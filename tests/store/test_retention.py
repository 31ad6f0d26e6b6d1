"""What is forgotten with time, how much of it at once, and what never is."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import DeliveryState
from bot.errors import DatabaseBusy
from bot.pipeline.tidying import EVERY, Tidying
from bot.store.engine import Database
from bot.store.outbox import Outbox
from bot.store.retention import Retention, RetentionRules
from bot.store.schema import delivery, look_up, look_up_today, question_quota, text_vector
from tests.store.rows import AT, fill, sample_row, texts
from tests.unit.deliver.fakes import JumpClock
from tests.unit.deliver.samples import BOT, CHANNEL, make_planned

DAY = timedelta(days=1)
RULES = RetentionRules()


async def add(db: Database, table: sa.Table, **named: object) -> None:
    async def insert(connection: AsyncConnection) -> None:
        await connection.execute(sa.insert(table).values(sample_row(table, named)))

    await db.write(insert)


async def count(db: Database, table: sa.Table) -> int:
    async with db.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("table", "lasts"),
    [
        (look_up_today, DAY),
        (question_quota, DAY),
        (look_up, RULES.look_up + DAY),
        (text_vector, RULES.text_vector),
    ],
)
async def test_rows_last_as_long_as_their_rule_and_no_longer(db: Database, table: sa.Table, lasts: timedelta) -> None:
    await fill(db)
    midnight = AT.replace(hour=0)
    start = midnight if "day" in table.c else AT
    retention = Retention(db)
    await retention.prune(start + lasts - timedelta(seconds=1))
    assert await count(db, table) == 1
    assert (await retention.prune(start + lasts + timedelta(seconds=1)))[table.name] == 1
    assert await count(db, table) == 0


async def test_nothing_else_is_ever_forgotten(db: Database) -> None:
    await fill(db, {"payload": {"content": "x"}})

    async def over(connection: AsyncConnection) -> None:
        await connection.execute(sa.update(delivery).values(state=DeliveryState.SKIPPED))

    await db.write(over)
    before = await texts(db)
    await Retention(db).prune(AT + 10_000 * DAY)
    after = await texts(db)
    gone = {look_up.name, look_up_today.name, question_quota.name, text_vector.name}
    assert set(before) - set(after) == gone
    assert {name for name in after if after[name] != before[name]} == {"delivery"}


async def test_the_text_of_a_delivery_goes_and_its_key_stays(db: Database) -> None:
    outbox = Outbox(db)
    for channel in (CHANNEL, CHANNEL + 1):
        await outbox.plan(make_planned(channel, 2), bot_id=BOT, now=AT)

    async def over(connection: AsyncConnection) -> None:
        sent = sa.update(delivery).where(delivery.c.channel_id == CHANNEL)
        await connection.execute(sent.values(state=DeliveryState.SENT, updated_at=AT))

    await db.write(over)
    assert await Retention(db).prune(AT + RULES.payload) == {}
    assert await Retention(db).prune(AT + RULES.payload + DAY) == {"delivery": 2}
    parts = await outbox.load_for_channel(CHANNEL)
    assert [(one.payload, bool(one.marker), bool(one.nonce)) for one in parts] == [({}, True, True)] * 2
    assert not await outbox.plan(make_planned(CHANNEL, 2), bot_id=BOT, now=AT), "it is still known to have been posted"
    assert all(one.payload for one in await outbox.load_for_channel(CHANNEL + 1)), "what is not over keeps its text"
    assert await Retention(db).prune(AT + RULES.payload + DAY) == {}


async def test_looking_for_what_is_old_holds_up_no_writer(sqlite_url: str, sqlite_path: Path) -> None:
    """Over a year's deliveries that look takes a second."""
    async with Database.open(sqlite_url, busy_timeout=0.01) as db:
        with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            assert await Retention(db).prune(AT) == {}


async def test_the_ticker_deletes_a_batch_at_a_time_until_little_is_left(db: Database) -> None:
    for number in range(5):
        await add(db, text_vector, digest=str(number), made_at=AT - 40 * DAY)
    clock = JumpClock(AT)
    tidying = Tidying(Retention(db, batch=2), clock)
    assert [await tidying.run() for _ in range(4)] == [{"text_vector": 2}, {"text_vector": 2}, {"text_vector": 1}, {}]
    await add(db, text_vector, digest="another", made_at=AT - 40 * DAY)
    assert await tidying.run() == {}, "an hour has to pass"
    clock.pass_time(seconds=EVERY)
    assert await tidying.run() == {"text_vector": 1}


async def test_a_database_that_is_busy_is_tidied_later(db: Database) -> None:
    class Busy:
        batch = 1

        async def prune(self, now: object) -> dict[str, int]:
            raise DatabaseBusy(str(now))

    assert await Tidying(Busy(), JumpClock(AT)).run() == {}
