"""/brief: a topic's brief of today or of an earlier day, for the one who asks."""

from datetime import date

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n import Refusal
from bot.model import Topic
from bot.services import Services
from cogs._shared.answers import Answer, texts_of
from cogs._shared.host import services_of
from cogs._shared.inputs import MAX_CHOICES
from cogs._shared.topics import find_topic, topic_choices
from cogs._views.briefs import ITEMS, show_topic
from cogs._views.dates import parse_date


class Briefs(commands.Cog):
    """Reading briefs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Today's brief of a topic, or an earlier one")
    @app_commands.describe(
        topic="The topic; without one, that of this channel", date="The day of the announcement, such as 2026-05-12"
    )
    @app_commands.autocomplete(topic=topic_choices)
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def brief(self, interaction: discord.Interaction, topic: str | None = None, date: str | None = None) -> None:
        """Show it."""
        async with Answer(interaction) as answer:
            wanted = parse_date(date, self._services.clock.now().date())
            found = await (find_topic(interaction, topic) if topic else self._own_topic(interaction))
            await show_topic(interaction, answer, found, wanted)

    @brief.autocomplete("date")
    async def _date_choices(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Return the newest announcement dates of the topic."""
        try:
            typed_topic = interaction.namespace.topic
            topic = await (find_topic(interaction, typed_topic) if typed_topic else self._own_topic(interaction))
        except Refusal:
            return []
        texts = texts_of(interaction)
        days: list[date] = await self._services.shelf.dates(topic)
        found = [day for day in days if typed.strip() in day.isoformat()]
        return [
            app_commands.Choice(name=f"{texts.date(day)} · {day.isoformat()}", value=day.isoformat())
            for day in found[:MAX_CHOICES]
        ]

    async def _own_topic(self, interaction: discord.Interaction) -> Topic:
        """Return the topic that this channel, or else this server, is subscribed to. Raises `Refusal` without one."""
        if interaction.guild_id is not None:
            own = await self._services.subscriptions.load_guild(interaction.guild_id)
            own.sort(key=lambda one: (one.channel_id != interaction.channel_id, one.created_at, one.topic.slug))
            for one in own:
                topic = await self._services.topics.load(one.topic)
                if topic is not None:
                    return topic
        raise Refusal("Which topic? Name one with `/brief topic:`; `/topic list` shows all of them.")


async def setup(bot: commands.Bot) -> None:
    """Add the command, and the components that outlive a restart."""
    bot.add_dynamic_items(*ITEMS)
    await bot.add_cog(Briefs(services_of(bot)))
