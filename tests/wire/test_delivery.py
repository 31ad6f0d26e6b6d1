"""The sender's line to Discord over real sockets: one request each, every lookup, nothing hidden in discord.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.deliver.discord_sender import DiscordWire
from bot.deliver.lease import Lease
from bot.deliver.pacing import Pacer
from bot.deliver.replies import NoReply, Reply, Verdict, judge
from bot.deliver.sender import Sender
from bot.deliver.wire import LookupFailed, Wire
from bot.delivery import Delivery, DeliveryAction, DeliveryKind, DeliveryState
from bot.store.delivery_rows import holds
from bot.store.engine import Database
from bot.store.leases import LeaseStore
from bot.store.outbox import Outbox
from bot.store.subscriptions import SubscriptionStore
from tests.unit.deliver.samples import TOPIC, TUESDAY, make_payload, make_planned
from tests.wire.discord_client import logged_in
from tests.wire.discord_faults import (
    after_commit,
    cloudflare,
    limits,
    refuses,
    replies,
    resets,
    resets_after_commit,
    truncates,
)
from tests.wire.discord_faults import (
    holds as hangs,
)
from tests.wire.discord_model import ChannelType, Permission
from tests.wire.discord_server import LoopbackDiscord

CREATE = r"/channels/\d+/messages$"
MARKER = "k7m2q9xw"
MESSAGE, THREAD, FORUM, CROSSPOST = DeliveryAction


@dataclass(frozen=True, slots=True)
class Line:
    """A loopback Discord with a room, and the wire to it."""

    server: LoopbackDiscord
    wire: DiscordWire
    guild_id: int
    room_id: int

    def part(self, channel_id: int = 0, action: DeliveryAction = MESSAGE, marker: str = MARKER) -> Delivery:
        """Return a part to send."""
        payload = make_payload(action, 0, marker)
        now = datetime.now(UTC)
        place = (self.guild_id, channel_id or self.room_id, TOPIC, TUESDAY, DeliveryKind.BRIEF, 0, action)
        return Delivery(1, *place, payload, f"nonce-{marker}", marker, DeliveryState.POSTING, now)

    def room(self, kind: ChannelType) -> int:
        """Return a new channel."""
        return self.server.world.add_channel(self.guild_id, kind.name.lower(), kind).id


@asynccontextmanager
async def connected(**options: Any) -> AsyncIterator[Line]:
    async with LoopbackDiscord(**options) as server:
        guild = server.world.add_guild()
        room = server.world.add_channel(guild.id)
        async with logged_in(server) as client:
            wire = DiscordWire(client, Pacer(SystemClock(), rate=45.0), deadline=2.0)
            yield Line(server, wire, guild.id, room.id)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with connected() as one:
        yield one
        assert one.server.front.unknown == []


async def test_a_message_goes_out_as_it_was_frozen(line: Line) -> None:
    one = line.part()
    port: Wire = line.wire
    answer = await port.send(one, None)
    assert isinstance(answer, Reply)
    (message,) = line.server.messages(line.room_id)
    assert answer.body["id"] == message["id"]
    assert answer.headers["x-ratelimit-remaining"] == "4"
    (request,) = line.server.requests("POST", CREATE)
    assert request.body == {**one.payload, "nonce": one.nonce, "enforce_nonce": True}


async def test_mentions_are_off_even_where_a_payload_forgot(line: Line) -> None:
    one = line.part()
    bare = {key: value for key, value in one.payload.items() if key != "allowed_mentions"}
    await line.wire.send(replace(one, payload={**bare, "content": f"@everyone {MARKER}"}), None)
    forum = line.room(ChannelType.FORUM)
    await line.wire.send(replace(line.part(forum, FORUM), payload={"name": "x", "message": bare}), None)
    first, second = line.server.requests("POST", r"(messages|threads)$")
    assert first.body["allowed_mentions"] == second.body["message"]["allowed_mentions"] == {"parse": []}


async def test_the_fifth_answer_is_not_held_back(line: Line) -> None:
    for number in range(5):
        await line.wire.send(line.part(marker=f"marker{number}"), None)
    limited = await line.wire.send(line.part(marker="marker6"), None)
    assert judge(limited, MESSAGE).verdict is Verdict.WAIT
    assert judge(limited, MESSAGE).wait > 4, "one 429 is one answer, not a sleep"
    assert line.server.limits.counts == {"user": 1}


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (replies(500), Verdict.UNKNOWN),
        (replies(502), Verdict.UNKNOWN),
        (replies(503), Verdict.UNKNOWN),
        (replies(520), Verdict.UNKNOWN),
        (resets(), Verdict.UNKNOWN),
        (resets_after_commit(), Verdict.UNKNOWN),
        (truncates(), Verdict.UNKNOWN),
        (after_commit(replies(504)), Verdict.UNKNOWN),
        (limits(0.2, "global"), Verdict.WAIT),
        (limits(0.2, "shared"), Verdict.WAIT),
        (cloudflare(60), Verdict.WAIT),
        (refuses(400, 50035), Verdict.PLAIN),
        (refuses(403, 50013), Verdict.REFUSED),
        (refuses(404, 10003), Verdict.GONE),
        (refuses(401, 0), Verdict.STOP),
    ],
)
async def test_every_answer_comes_through_at_once_and_alone(
    line: Line, fault: Any, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept, sleep = [], asyncio.sleep

    async def noting(seconds: float, result: Any = None) -> Any:
        slept.append(seconds)
        return await sleep(seconds, result)

    line.server.faults.add("POST", CREATE, fault)
    # Where discord.py keeps an answer to itself, it sleeps: a second and more, or as long as the limit says.
    monkeypatch.setattr(asyncio, "sleep", noting)
    answer = await line.wire.send(line.part(), None)
    monkeypatch.undo()
    assert [seconds for seconds in slept if seconds >= 0.2] == []
    assert judge(answer, MESSAGE).verdict is verdict
    assert len(line.server.requests("POST", CREATE)) == 1
    again = await line.wire.send(line.part(), None)
    assert judge(again, MESSAGE).verdict is Verdict.SENT
    assert len(line.server.messages(line.room_id)) == 1


async def test_a_hang_ends_with_our_own_deadline() -> None:
    async with connected() as line:
        wire = DiscordWire(line.wire._client, Pacer(SystemClock()), deadline=0.05)
        line.server.faults.add("POST", CREATE, hangs())
        assert await wire.send(line.part(), None) == NoReply("no answer within 0.05 s")
        line.server.release()


async def test_no_connection_is_known_to_have_done_nothing() -> None:
    async with connected() as line:
        from discord.http import Route

        Route.BASE = "http://127.0.0.1:1/api"
        answer = await line.wire.send(line.part(), None)
    assert isinstance(answer, NoReply)
    assert answer.never_sent


async def test_a_message_is_found_again_by_its_marker(line: Line) -> None:
    one, since = line.part(), datetime.now(UTC)
    world = line.server.world
    for number in range(130):
        world.post_as(world.owner, line.room_id, f"chatter {number} {MARKER}")
    assert await line.wire.find(one, None, since) is None, "another's message is not ours"
    answer = await line.wire.send(one, None)
    for number in range(130):
        world.post_as(world.owner, line.room_id, f"chatter {number}")
    world.post_as(world.bot, line.room_id, "", embeds=[{"title": "other ⟨aaaaaaaa⟩"}])
    assert isinstance(answer, Reply)
    assert await line.wire.find(one, None, since) == int(answer.body["id"])
    assert await line.wire.find(one, None, since + timedelta(hours=1)) is None


async def test_a_reply_to_a_command_is_no_delivery(line: Line) -> None:
    world = line.server.world
    world.post_as(world.bot, line.room_id, MARKER, interaction_metadata={"id": "1"})
    world.post_as(world.bot, line.room_id, MARKER, webhook_id="1")
    assert await line.wire.find(line.part(), None, datetime.now(UTC)) is None


async def test_what_the_bot_may_do_is_asked_for_anew(line: Line) -> None:
    one = line.part()
    assert await line.wire.can_read_history(one, None)
    assert await line.wire.can_write(one, None)
    line.server.world.deny(line.room_id, Permission.READ_MESSAGE_HISTORY)
    assert not await line.wire.can_read_history(one, None)
    assert await line.wire.find(one, None, datetime.now(UTC)) is None
    line.server.world.deny(line.room_id, Permission.SEND_MESSAGES)
    assert not await line.wire.can_write(one, None)
    line.server.world.deny(line.room_id, Permission.VIEW_CHANNEL)
    with pytest.raises(LookupFailed) as failed:
        await line.wire.can_read_history(one, None)
    assert failed.value.answer.code == 50001  # type: ignore[union-attr]


async def test_threads_and_crossposts(line: Line) -> None:
    news = line.room(ChannelType.ANNOUNCEMENT)
    answer = await line.wire.send(line.part(news), None)
    assert isinstance(answer, Reply)
    message_id = int(answer.body["id"])
    for action in (THREAD, CROSSPOST):
        first = await line.wire.send(line.part(news, action), message_id)
        second = await line.wire.send(line.part(news, action), message_id)
        outcomes = [judge(each, action, into_id=message_id) for each in (first, second)]
        assert [(one.verdict, one.result_id) for one in outcomes] == [(Verdict.SENT, message_id)] * 2
    inside = line.part(news, marker="inside77")
    await line.wire.send(inside, message_id)
    assert holds(line.server.messages(message_id), "inside77")
    assert await line.wire.find(inside, message_id, datetime.now(UTC)) is not None
    assert await line.wire.can_write(inside, message_id)


@pytest.mark.parametrize("archived", [False, True])
async def test_a_forum_post_is_found_among_threads_awake_and_asleep(line: Line, archived: bool) -> None:
    forum = line.room(ChannelType.FORUM)
    one, since = line.part(forum, FORUM), datetime.now(UTC)
    other = await line.wire.send(line.part(forum, FORUM, marker="aaaaaaaa"), None)
    assert isinstance(other, Reply)
    assert await line.wire.find(one, None, since) is None
    answer = await line.wire.send(one, None)
    assert isinstance(answer, Reply)
    post = line.server.world.channels[int(answer.body["id"])]
    assert post.thread is not None
    post.thread.archived = archived
    assert await line.wire.find(one, None, since) == post.id
    assert await line.wire.find(one, None, since + timedelta(hours=1)) is None


async def test_a_delivery_through_faults_ends_with_each_part_once(sqlite_url: str) -> None:
    async with connected(speed=20.0) as line, Database.open(sqlite_url) as db:
        rooms = [line.room_id, line.room(ChannelType.TEXT), line.room(ChannelType.TEXT)]
        faults = [resets_after_commit(), replies(503), after_commit(replies(520)), limits(0.1, "global"), truncates()]
        line.server.faults.add("POST", CREATE, *faults)
        outbox = Outbox(db)
        for room in rooms:
            planned = make_planned(room, 3, guild_id=line.guild_id, due_at=datetime.now(UTC))
            assert await outbox.plan(planned, bot_id=line.server.world.bot.id, now=datetime.now(UTC))
        row = await LeaseStore(db).take("here:1", datetime.now(UTC) + timedelta(minutes=1), seen=None)
        assert row is not None
        clock = SystemClock()
        pacer = Pacer(clock, rate=45.0)
        lease = Lease(row.holder, row.token)
        sender = Sender(outbox, SubscriptionStore(db), line.wire, clock, lease=lease, pacer=pacer)
        totals = await sender.run_until_idle()
        assert totals.sent == 9
        for room in rooms:
            assert [message["content"] for message in line.server.messages(room)] == ["part 0", "part 1", "part 2"]
        assert line.server.faults.left == 0
        assert line.server.record.in_flight_peak <= 3
