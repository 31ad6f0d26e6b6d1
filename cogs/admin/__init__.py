"""What everybody may ask the bot about itself. A door only."""

from discord.ext import commands

from cogs._shared.host import services_of
from cogs.admin._buttons import ITEMS
from cogs.admin._cog import Admin


async def setup(bot: commands.Bot) -> None:
    """Add the commands, and the buttons that outlive a restart."""
    bot.add_dynamic_items(*ITEMS)
    await bot.add_cog(Admin(services_of(bot)))
