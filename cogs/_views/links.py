"""From an interaction to what it is about: the topic and the paper that a component's id names."""

from datetime import date, datetime

import discord

from bot.delivery import TopicKey
from bot.i18n import Refusal
from bot.model import Topic
from bot.render.details import PaperDetails
from cogs._shared.host import services_of

ARXIV_ID = r"(?P<arxiv_id>[^:\s]{1,60})"
TOPIC = r"(?P<slug>[a-z0-9-]{1,64}):(?P<guild>\d{1,20})"
DAY = r"(?P<day>\d{8})"


def topic_key(slug: str, guild: int | str) -> TopicKey:
    """Return the key that a component's id spells; server 0 is the built-in catalogue."""
    return TopicKey(slug, int(guild) or None)


def parse_day(text: str) -> date:
    """Return the date of YYYYMMDD. Raises `Refusal` for one that no calendar has."""
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError as error:
        raise Refusal("This button is of no use any more.") from error


async def load_topic(interaction: discord.Interaction, key: TopicKey) -> Topic:
    """Return the topic. Raises `Refusal` for another server's and for one that was deleted."""
    if key.guild_id is not None and key.guild_id != interaction.guild_id:
        raise Refusal("This belongs to another server.")
    topic = await services_of(interaction.client).topics.load(key)
    if topic is None:
        raise Refusal("This topic no longer exists.")
    return topic


async def load_details(interaction: discord.Interaction, arxiv_id: str) -> PaperDetails:
    """Return the paper behind a button, from the cache alone. Raises `Refusal` when it is gone."""
    found = await services_of(interaction.client).look_up.load(arxiv_id)
    if found is None:
        raise Refusal("This paper is no longer stored here. `/paper` asks arXiv for it again.")
    return found


def stateless_view() -> discord.ui.View:
    """Return a view for components that answer by their ids alone.

    It counts as finished from the start: discord.py would keep any other private one in memory for 15 minutes.
    """
    view = discord.ui.View(timeout=None)
    view.stop()
    return view


def is_private(interaction: discord.Interaction) -> bool:
    """Return whether the message under which something was pressed is one that only this user sees."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def count_look_up(interaction: discord.Interaction, arxiv_id: str) -> None:
    """Count that this user looked at a paper here."""
    await services_of(interaction.client).look_up.record(interaction.user.id, interaction.guild_id, arxiv_id)
