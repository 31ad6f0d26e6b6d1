"""The Discord client: what it asks of the gateway, which commands it registers, how errors reach people, when it dies.

Holds no feature: those are cogs. Posts nothing by itself: that is the sender's. A door only.
"""

from bot.client.bot import PaperBot, build_bot
from bot.client.identity import Identity, fetch_identity, invite_link
from bot.client.running import run_bot
from bot.client.tree import explains

__all__ = [
    "Identity",
    "PaperBot",
    "build_bot",
    "explains",
    "fetch_identity",
    "invite_link",
    "run_bot",
]
