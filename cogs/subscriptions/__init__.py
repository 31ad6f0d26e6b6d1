"""Subscribing channels to topics. A door only."""

from discord.ext import commands

from cogs._shared.host import services_of
from cogs.subscriptions._buttons import ITEMS
from cogs.subscriptions._cog import Subscriptions


async def setup(bot: commands.Bot) -> None:
    """Add the commands, and the buttons that outlive a restart."""
    bot.add_dynamic_items(*ITEMS)
    await bot.add_cog(Subscriptions(services_of(bot)))
