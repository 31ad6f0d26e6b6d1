"""Topics in commands: the option's choices while a user types, and the topic that was meant."""

import discord
from discord import app_commands

from bot.delivery import TopicKey
from bot.i18n import load_texts
from bot.model import Topic
from bot.render.text import clip, sanitise
from cogs._shared.host import services_of
from cogs._shared.inputs import MAX_CHOICE, zone_choices


def key_of(topic: Topic) -> TopicKey:
    """Return what names a topic."""
    return TopicKey(topic.slug, topic.guild_id)


async def find_topic(interaction: discord.Interaction, typed: str) -> Topic:
    """Return the topic that was meant: one of this server's own or a built-in one. Raises `Refusal`."""
    return await services_of(interaction.client).topics.find(typed, interaction.guild_id)


async def topic_choices(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Return up to 25 topics for what was typed so far, by their names in the user's language."""
    found = await services_of(interaction.client).topics.search(typed, interaction.guild_id)
    return [as_choice(topic, interaction.locale.value) for topic in found]


def as_choice(topic: Topic, tag: str) -> app_commands.Choice[str]:
    """Return a topic as a choice, named in the language of a BCP 47 tag."""
    name = clip(sanitise(topic.name(load_texts(tag).locale)), MAX_CHOICE - len(topic.slug) - 3)
    return app_commands.Choice(name=f"{name} · {topic.slug}", value=topic.slug)


async def time_zone_choices(_interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Return up to 25 time zones for what was typed so far."""
    return [app_commands.Choice(name=name, value=name) for name in zone_choices(typed)]
