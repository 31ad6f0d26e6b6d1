"""What a cog may expect of the bot that loads it, without knowing its class."""

from typing import Protocol, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.services import Services


class Host(Protocol):
    """The bot as cogs see it."""

    services: Services
    tree: app_commands.CommandTree[discord.Client]


def services_of(bot: commands.Bot | commands.AutoShardedBot | discord.Client) -> Services:
    """Return the services of the bot."""
    return cast("Host", bot).services


def tree_of(interaction: discord.Interaction) -> app_commands.CommandTree[discord.Client]:
    """Return the command tree of the bot that an interaction reached."""
    return cast("Host", interaction.client).tree
