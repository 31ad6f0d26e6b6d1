"""`RETENTION__…` as the real process keeps to it: what is older goes, what is younger stays, some stays for ever."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import DeliveryState, SubscriptionState
from bot.store.schema import metadata
from tests.store.rows import sample_row
from tests.wire.run.machine import MORNING, Machine

DAYS = {"LEFT": 7, "PAYLOAD": 40, "LOOK_UP": 100, "TEXT_VECTOR": 10}
"""None of them is a default: who does not look at the settings keeps more."""

GONE_GUILD, LEFT_GUILD = 71, 72
OLD, YOUNG, PARKED = 1, 2, 3
"""Ids of rows that are a day past their limit, a day before it, and past it but not over."""

LONG_AGO = MORNING - timedelta(days=3000)
FOR_EVER = (("paper", "arxiv_id"), ("saved_paper", "user_id"), ("feedback", "user_id"), ("spend", "day"))
"""Tables whose rows no setting limits, with a column that names the one."""

Row = tuple[str, Mapping[str, Any]]


def around(setting: str) -> dict[int, Any]:
    """Return the instants of a row that is too old, and of one that is not."""
    days = DAYS[setting]
    return {OLD: MORNING - timedelta(days=days + 1), YOUNG: MORNING - timedelta(days=days - 1)}


def rows(guild_id: int) -> list[Row]:
    """Return all that is there at the start, parents first; `guild_id` is the server that the bot is in."""
    of_paper = {"arxiv_id": "2001.00001"}
    message = {"guild_id": guild_id, "state": DeliveryState.SENT, "payload": {"content": "text"}, "brief_id": None}
    message |= {"claimed_by": None, "lease_until": None, "next_attempt_at": None, "topic_guild_id": 0}
    at = around("PAYLOAD")
    found: list[Row] = [
        ("paper", of_paper),
        ("saved_paper", of_paper | {"guild_id": guild_id, "saved_at": LONG_AGO}),
        ("feedback", of_paper | {"guild_id": guild_id, "topic_guild_id": 0, "given_at": LONG_AGO}),
        ("spend", {"day": LONG_AGO.date()}),
    ]
    for number, updated in (at | {PARKED: at[OLD]}).items():
        state = DeliveryState.PARKED if number == PARKED else DeliveryState.SENT
        found.append(
            ("delivery", message | {"delivery_id": number, "part": number, "state": state, "updated_at": updated})
        )
    for number, instant in around("LOOK_UP").items():
        found.append(("look_up", of_paper | {"guild_id": number, "day": instant.date()}))
    for number, instant in around("TEXT_VECTOR").items():
        found.append(("text_vector", {"digest": str(number), "made_at": instant}))
    for number, day in ((OLD, MORNING.date() - timedelta(days=1)), (YOUNG, MORNING.date())):
        today = of_paper | {"user_id": number, "day": day}
        found += [("look_up_today", today), ("question_quota", today)]
    for guild, left_at in zip((GONE_GUILD, LEFT_GUILD), around("LEFT").values(), strict=True):
        found.append(("guild", {"guild_id": guild, "left_at": left_at}))
        found.append(("topic", {"guild_id": guild, "slug": f"theirs-{guild}"}))
        ended = {"guild_id": guild, "channel_id": guild, "topic_guild_id": 0, "state": SubscriptionState.LEFT}
        found.append(("subscription", ended | {"state_since": left_at}))
    return found


async def test_what_is_older_than_its_setting_goes_and_nothing_else(machine: Machine) -> None:
    guild_id = machine.rooms[0].guild_id
    assert guild_id is not None
    start = rows(guild_id)

    async def insert(connection: AsyncConnection) -> None:
        for name, named in start:
            table = metadata.tables[name]
            await connection.execute(sa.insert(table).values(sample_row(table, named)))

    async with machine.opened() as db:
        await db.write(insert)
    kept_for_ever = {(name, one) for name, key in FOR_EVER for one in await column(machine, name, key)}
    assert len(kept_for_ever) == len(FOR_EVER)
    settings = {f"RETENTION__{name}_DAYS": str(days) for name, days in DAYS.items()}
    running = await machine.ready(tick=0.2, **settings)
    await machine.until_file(running.log, "old rows deleted")
    await machine.until_file(running.log, "purged what belonged to servers left long ago")
    assert await running.terminate() == 0

    assert await column(machine, "text_vector", "digest") == {str(YOUNG)}
    assert await column(machine, "look_up", "guild_id") == {YOUNG}
    assert await column(machine, "look_up_today", "user_id") == {YOUNG}
    assert await column(machine, "question_quota", "user_id") == {YOUNG}
    assert await column(machine, "topic", "guild_id") == {LEFT_GUILD}
    assert await column(machine, "subscription", "guild_id") == {LEFT_GUILD}
    assert kept_for_ever <= {(name, one) for name, key in FOR_EVER for one in await column(machine, name, key)}
    async with machine.opened() as db, db.read() as connection:
        table = metadata.tables["delivery"].c
        query = sa.select(table.part, table.payload, table.nonce, table.marker).order_by(table.part)
        kept = (await connection.execute(query)).all()
    text = {"content": "text"}
    assert [tuple(row) for row in kept] == [
        (OLD, {}, "x", "x"),
        (YOUNG, text, "x", "x"),
        (PARKED, text, "x", "x"),
    ], "what was posted is known for ever, its text is not"


async def column(machine: Machine, table: str, name: str) -> set[Any]:
    async with machine.opened() as db, db.read() as connection:
        return set(await connection.scalars(sa.select(metadata.tables[table].c[name])))
