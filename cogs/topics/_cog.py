"""/topic list, show, create, edit and delete."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n import Refusal
from bot.services import Services
from cogs._shared.answers import Answer, reported, texts_of
from cogs._shared.checks import require_guild, require_manager
from cogs._shared.inputs import MAX_CHOICES
from cogs._shared.topics import as_choice, find_topic, topic_choices
from cogs.topics._buttons import ask_to_delete, show_list
from cogs.topics._form import Draft, TopicForm, check_quota, stood_open, submit
from cogs.topics._lines import topic_embed


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class Topics(commands.GroupCog, group_name="topic", group_description="What briefs can be about"):
    """Shows all topics to all, and lets admins make their server's own."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="list", description="All topics to choose from")
    async def list_topics(self, interaction: discord.Interaction) -> None:
        """Show the first page."""
        async with Answer(interaction) as answer:
            await show_list(interaction, answer, 0)

    @app_commands.command(description="What a topic looks for, and how many papers a day that is")
    @app_commands.describe(topic="The topic to show")
    @app_commands.autocomplete(topic=topic_choices)
    async def show(self, interaction: discord.Interaction, topic: str) -> None:
        """Show a topic with a dry run."""
        async with Answer(interaction) as answer:
            found = await find_topic(interaction, topic)
            dry_run = await self._services.topics.dry_run(found)
            await answer.send(embeds=[topic_embed(found, dry_run, answer.texts)])

    @app_commands.command(description="Make a topic of this server's own")
    async def create(self, interaction: discord.Interaction) -> None:
        """Open the empty form."""
        guild = require_manager(interaction)
        await check_quota(self._services, guild.id)
        await interaction.response.send_modal(TopicForm(Draft(), texts_of(interaction)))

    @app_commands.command(description="Change a topic of this server's own")
    @app_commands.describe(topic="The topic to change")
    async def edit(self, interaction: discord.Interaction, topic: str) -> None:
        """Open the form with what the topic has."""
        guild = require_manager(interaction)
        found = await find_topic(interaction, topic)
        if found.guild_id != guild.id:
            raise Refusal("This is a built-in topic: it can be neither edited nor deleted.")
        await interaction.response.send_modal(TopicForm(Draft.of(found), texts_of(interaction)))

    @app_commands.command(description="Delete a topic of this server's own")
    @app_commands.describe(topic="The topic to delete")
    async def delete(self, interaction: discord.Interaction, topic: str) -> None:
        """Ask, then delete it."""
        async with Answer(interaction) as answer:
            require_manager(interaction)
            await ask_to_delete(interaction, answer, await find_topic(interaction, topic))

    @edit.autocomplete("topic")
    @delete.autocomplete("topic")
    async def _own_choices(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Return this server's own topics that suit what was typed."""
        try:
            guild = require_guild(interaction)
        except Refusal:
            return []
        own = await self._services.guild_topics.load_all(guild.id)
        choices = [as_choice(topic, interaction.locale.value) for topic in own]
        return [choice for choice in choices if typed.casefold() in choice.name.casefold()][:MAX_CHOICES]

    @commands.Cog.listener("on_interaction")
    async def _take_up_form(self, interaction: discord.Interaction) -> None:
        if stood_open(interaction):
            await self._submit(interaction)

    @reported
    async def _submit(self, interaction: discord.Interaction) -> None:
        await submit(interaction)
