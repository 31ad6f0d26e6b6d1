"""What Discord itself does only once, a thread on a message and a crosspost, is repeated without asking first."""

import pytest

from bot.delivery import DeliveryAction, DeliveryState
from bot.store.engine import Database
from tests.unit.deliver.fakes import Lost, bench
from tests.unit.deliver.samples import BOT, CHANNEL, NOON, make_planned, make_subscription


@pytest.mark.parametrize("action", [DeliveryAction.THREAD, DeliveryAction.CROSSPOST])
async def test_a_lost_answer_is_made_up_for_even_where_history_cannot_be_read(
    sqlite_url: str, action: DeliveryAction
) -> None:
    async with Database.open(sqlite_url) as db, bench(db) as desk:
        await desk.subscriptions.save(make_subscription())
        planned = make_planned(CHANNEL, [(DeliveryAction.MESSAGE, None), (action, 0)])
        assert await desk.outbox.plan(planned, bot_id=BOT, now=NOON)
        desk.wire.readable = False
        desk.wire.faults.extend([None, Lost()])
        await (await desk.sender()).run_until_idle()
        parts = await desk.outbox.load_for_channel(CHANNEL)
        assert [one.state for one in parts] == [DeliveryState.SENT, DeliveryState.SENT]
        assert desk.wire.looked == []
        assert len(desk.wire.threads | desk.wire.crossposted) == 1
