"""`python -m bot run` on a machine whose Discord is on loopback and whose clock was set; run as a module with JSON.

What cannot be set from outside is replaced here before the program is imported: where discord.py finds Discord, what
the machine's clock says, how often the ticker ticks. Everything after that is the program itself, by its own door.
"""

import json
import runpy
import sys
import time
from datetime import datetime, timedelta

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import schedule
from bot.clock import SystemClock


def set_machine_clock(start: datetime) -> None:
    """Let the machine's clock show `start` now and run on from there."""
    zero = time.monotonic()

    def now(_self: SystemClock) -> datetime:
        return start + timedelta(seconds=time.monotonic() - zero)

    SystemClock.now = now  # type: ignore[method-assign,assignment]  # the machine's own time, as `date --set` would


def main() -> None:
    """Take {"api_url", "gateway_url", "now", "tick", "words"} and become `python -m bot` with these words."""
    order = json.loads(sys.argv[1])
    Route.BASE = order["api_url"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(order["gateway_url"])
    set_machine_clock(datetime.fromisoformat(order["now"]))
    (schedule.Schedule.__init__.__kwdefaults__ or {})["seconds"] = order["tick"]
    sys.argv = ["paperbrief", *order["words"]]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
