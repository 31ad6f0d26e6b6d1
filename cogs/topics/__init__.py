"""Topics: the built-in ones and a server's own. A door only."""

from discord.ext import commands

from cogs._shared.host import services_of
from cogs.topics._buttons import ITEMS
from cogs.topics._cog import Topics


async def setup(bot: commands.Bot) -> None:
    """Add the commands, and the buttons that outlive a restart."""
    bot.add_dynamic_items(*ITEMS)
    await bot.add_cog(Topics(services_of(bot)))
