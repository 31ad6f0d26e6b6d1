"""A sender at work: a ledger on a disk, a Discord on loopback, one clock for both that runs fast and can be moved."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import discord

from bot.deliver.discord_sender import DiscordWire
from bot.deliver.lease import Lease
from bot.deliver.notices import Notice
from bot.deliver.pacing import Pacer
from bot.deliver.sender import Sender
from bot.delivery import DeliveryState, SubscriptionState
from bot.store.engine import Database
from bot.store.leases import LeaseStore
from bot.store.outbox import Outbox
from bot.store.subscriptions import SubscriptionStore
from tests.unit.deliver.samples import TOPIC, TUESDAY, make_planned, make_subscription
from tests.wire.discord_client import logged_in
from tests.wire.discord_clock import ServerClock
from tests.wire.discord_record import Request
from tests.wire.discord_server import LoopbackDiscord

CREATE = r"^/channels/\d+/messages$"
SPEED = 50.0


class Heard:
    """Notices kept."""

    def __init__(self) -> None:
        self.all: list[Notice] = []

    async def tell(self, notice: Notice) -> None:
        """Keep it."""
        self.all.append(notice)


@dataclass
class Desk:
    """A server with two rooms; `sender()` is a new process as far as the ledger can tell."""

    server: LoopbackDiscord
    client: discord.Client
    db: Database
    guild_id: int
    rooms: list[int]
    notices: Heard = field(default_factory=Heard)

    @property
    def clock(self) -> ServerClock:
        """Return the one clock."""
        return self.server.clock

    @property
    def outbox(self) -> Outbox:
        """Return the ledger."""
        return Outbox(self.db)

    async def plan(self, room: int, parts: int = 1, announced_on: date = TUESDAY) -> None:
        """Plan a brief of so many messages, due now; "part 0" and so on are their texts."""
        planned = make_planned(room, parts, guild_id=self.guild_id, due_at=self.clock.now(), announced_on=announced_on)
        assert await self.outbox.plan(planned, bot_id=self.server.world.bot.id, now=self.clock.now())

    async def subscribe(self, room: int) -> None:
        """Subscribe a room to what `plan` plans."""
        await SubscriptionStore(self.db).save(make_subscription(room, guild_id=self.guild_id))

    async def sender(self, **options: Any) -> Sender:
        """Return a sender that has just started."""
        leases, until = LeaseStore(self.db), self.clock.now() + timedelta(days=30)
        row = await leases.take("here:1", until, seen=await leases.load())
        assert row is not None
        pacer = Pacer(self.clock, rate=45.0)
        return Sender(
            self.outbox,
            SubscriptionStore(self.db),
            DiscordWire(self.client, pacer),
            self.clock,
            lease=Lease(row.holder, row.token),
            pacer=pacer,
            notices=self.notices,
            **options,
        )

    async def deliver(self) -> None:
        """Let a sender that has just started deliver what is due, and what will be in a short while."""
        await (await self.sender()).run_until_idle()

    def shown(self, room: int) -> list[str]:
        """Return the texts of a room's messages, in order."""
        return [message["content"] for message in self.server.messages(room)]

    def posts(self, room: int) -> list[Request]:
        """Return what was posted to a room, whatever became of it."""
        return self.server.requests("POST", f"^/channels/{room}/messages$")

    async def states(self) -> dict[DeliveryState, int]:
        """Return how many parts are in which state."""
        return dict((await self.outbox.counts()).by_state)

    async def subscription(self, room: int) -> SubscriptionState:
        """Return the state of a room's subscription."""
        found = await SubscriptionStore(self.db).load(room, TOPIC)
        assert found is not None
        return found.state


@asynccontextmanager
async def open_desk(url: str, *, rooms: int = 2, speed: float = SPEED, **options: Any) -> AsyncIterator[Desk]:
    """Set everything up on the empty database at `url`; `options` go to the Discord."""
    async with LoopbackDiscord(clock=ServerClock(speed=speed), **options) as server:
        guild = server.world.add_guild()
        channels = [server.world.add_channel(guild.id, f"papers-{number}").id for number in range(rooms)]
        async with logged_in(server) as client, Database.open(url, clock=server.clock) as db:
            yield Desk(server, client, db, guild.id, channels)
        assert server.front.unknown == []
