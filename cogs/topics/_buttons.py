"""Buttons about topics that act on what their ids name, so that they outlive restarts."""

import discord

from bot.i18n import Refusal
from bot.model import Topic
from cogs._shared.answers import Answer, ReportingView, reported
from cogs._shared.buttons import ActionButton, TurnButton
from cogs._shared.checks import require_manager
from cogs._shared.host import services_of
from cogs._shared.topics import key_of
from cogs.topics._lines import list_embed, name_of, page_count


class PageButton(TurnButton, template=r"pb:topics:page:(?P<page>\d{1,3})"):
    """Shows a page of the topics, in place."""

    kind = "topics:page"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Turn to the page."""
        async with Answer(interaction, in_place=True) as answer:
            await show_list(interaction, answer, self.page)


class DropButton(ActionButton, template=r"pb:topic:(?P<action>drop|keep):(?P<subject>[a-z0-9-]{1,48})"):
    """Answers whether a topic of this server shall be deleted, in place of the question."""

    kind = "topic"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Delete it with its subscriptions, or keep it. A second click finds it done."""
        async with Answer(interaction, in_place=True) as answer:
            guild = require_manager(interaction)
            if self.action == "keep":
                await answer.send(answer.texts.say("Nothing was deleted."))
                return
            services = services_of(interaction.client)
            for one in await services.subscriptions.load_guild(guild.id):
                if (one.topic.slug, one.topic.guild_id) == (self.subject, guild.id):
                    await services.subscriptions.delete(one.channel_id, one.topic)
            await services.guild_topics.delete(guild.id, self.subject)
            await answer.send(answer.texts.say("The topic {topic} is deleted.", topic=f"`{self.subject}`"))


ITEMS = (PageButton, DropButton)


async def show_list(interaction: discord.Interaction, answer: Answer, page: int) -> None:
    """Show a page of the topics one may choose from here."""
    topics = await services_of(interaction.client).topics.load_all(interaction.guild_id)
    page = min(page, page_count(topics) - 1)
    view = ReportingView(timeout=None)
    if page > 0:
        view.add_item(PageButton(page - 1, answer.texts.say("Back")))
    if page + 1 < page_count(topics):
        view.add_item(PageButton(page + 1, answer.texts.say("More")))
    await answer.send(embeds=[list_embed(topics, page, answer.texts)], view=view if view.children else None)


async def ask_to_delete(interaction: discord.Interaction, answer: Answer, topic: Topic) -> None:
    """Ask whether a topic shall be deleted, and say how many subscriptions end with it."""
    guild = require_manager(interaction)
    if topic.guild_id != guild.id:
        raise Refusal("This is a built-in topic: it can be neither edited nor deleted.")
    subscriptions = await services_of(interaction.client).subscriptions.load_guild(guild.id)
    count = sum(one.topic == key_of(topic) for one in subscriptions)
    texts = answer.texts
    view = ReportingView(timeout=None)
    view.add_item(DropButton("drop", topic.slug, texts.say("Delete"), discord.ButtonStyle.danger))
    view.add_item(DropButton("keep", topic.slug, texts.say("Keep it")))
    question = texts.count(
        "Delete the topic {topic}? {n} subscription ends with it.",
        "Delete the topic {topic}? {n} subscriptions end with it.",
        count,
        topic=f"**{name_of(topic, texts)}**",
    )
    await answer.send(question, view=view)
