"""The sender as a process that dies where a test says; run as `python -m tests.wire.kill.entry`.

The process imports everything once and forks for each line of JSON on its standard input, since a kill test starts
hundreds of senders. The child is a whole sender: database, lock, lease, discord.py. A step is the moment before and the
moment after every write and every request; they are counted here, around the real objects. The program itself knows
nothing of steps.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import discord
from discord.http import Route

from bot.clock import AsOfClock
from bot.deliver.discord_sender import DiscordWire
from bot.deliver.lease import hold_lease
from bot.deliver.pacing import Pacer
from bot.deliver.replies import Answer
from bot.deliver.sender import Sender
from bot.delivery import Delivery
from bot.log import configure_logging
from bot.store.engine import Database
from bot.store.leases import LeaseStore
from bot.store.outbox import Outbox
from bot.store.subscriptions import SubscriptionStore


@dataclass(slots=True)
class Steps:
    """Counts steps; at number `at` the process gets `signal`."""

    at: int
    signal: int
    done: int = 0

    def tick(self) -> None:
        """Count one."""
        self.done += 1
        if self.done == self.at:
            os.kill(os.getpid(), self.signal)

    async def around(self, work: Awaitable[Any]) -> Any:
        """Count one before and one after."""
        self.tick()
        result = await work
        self.tick()
        return result


class SteppedWire:
    """A wire, each method of which is a request of two steps."""

    def __init__(self, wire: DiscordWire, steps: Steps) -> None:
        self._wire = wire
        self._steps = steps

    async def send(self, delivery: Delivery, into_id: int | None) -> Answer:
        """Send in two steps."""
        answer: Answer = await self._steps.around(self._wire.send(delivery, into_id))
        return answer

    async def find(self, delivery: Delivery, into_id: int | None, since: datetime) -> int | None:
        """Find in two steps."""
        found: int | None = await self._steps.around(self._wire.find(delivery, into_id, since))
        return found

    async def can_read_history(self, delivery: Delivery, into_id: int | None) -> bool:
        """Ask in two steps."""
        return bool(await self._steps.around(self._wire.can_read_history(delivery, into_id)))

    async def can_write(self, delivery: Delivery, into_id: int | None) -> bool:
        """Ask in two steps."""
        return bool(await self._steps.around(self._wire.can_write(delivery, into_id)))


def step_writes(db: Database, steps: Steps) -> None:
    """Let each write transaction be two steps."""
    write = db.write

    async def stepped(fn: Callable[[Any], Awaitable[Any]]) -> Any:
        return await steps.around(write(fn))

    db.write = stepped  # type: ignore[method-assign]  # the one seam there is, and only here


async def deliver(order: dict[str, Any]) -> int:
    """Deliver all that is due, as `paperbrief run` does at its start; return the number of steps."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    Route.BASE = order["api_url"]
    clock = AsOfClock(datetime.fromisoformat(order["now"]))
    steps = Steps(order["at"], signal.Signals[order["signal"]])
    directory = Path(order["directory"])
    client = discord.Client(intents=discord.Intents.none(), max_messages=None)
    async with Database.open(f"sqlite:///{directory / 'paperbrief.sqlite3'}", clock=clock) as db, client:
        step_writes(db, steps)
        await client.login(order["token"])
        async with hold_lease(LeaseStore(db), clock, lock_dir=directory) as lease:
            pacer = Pacer(clock, rate=45.0)
            wire = SteppedWire(DiscordWire(client, pacer), steps)
            sender = Sender(Outbox(db), SubscriptionStore(db), wire, clock, lease=lease, pacer=pacer)
            running = asyncio.create_task(sender.run_until_idle())
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                await sender.stop(10.0)
            stopping.cancel()
            await running
    return steps.done


def main() -> None:
    """Serve orders until standard input ends; each is answered with {"exit": code, "steps": number or null}."""
    # Log lines go to standard error; this pipe is for answers.
    configure_logging("error", "json", [])
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    for line in sys.stdin:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            os.write(write, str(asyncio.run(deliver(json.loads(line)))).encode())
            os._exit(0)
        os.close(write)
        _, status = os.waitpid(child, 0)
        with os.fdopen(read) as steps:
            told = steps.read()
        answer = {"exit": os.waitstatus_to_exitcode(status), "steps": int(told) if told else None}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
