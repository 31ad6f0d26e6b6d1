"""A brief to leaf through: the menu that opens a paper of it, and the days before and after."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Self

import discord

from bot.delivery import TopicKey
from bot.model import Brief, Topic
from bot.render.embeds import render_message
from bot.render.parts import digest_components
from cogs._shared.answers import Answer, reported
from cogs._shared.buttons import LastingButton
from cogs._shared.host import services_of
from cogs._views.links import (
    DAY,
    TOPIC,
    count_look_up,
    is_private,
    load_details,
    load_topic,
    parse_day,
    stateless_view,
    topic_key,
)
from cogs._views.papers import edition_of, show_paper


class DetailsMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=rf"pb:details:{TOPIC}:{DAY}"):
    """Opens one paper of a brief, for the one who chose it."""

    def __init__(
        self,
        key: TopicKey,
        day: str,
        options: Sequence[discord.SelectOption] = (),
        placeholder: str | None = None,
    ) -> None:
        self.key, self.day = key, day
        custom_id = f"pb:details:{key.slug}:{key.guild_id or 0}:{day}"
        super().__init__(discord.ui.Select(custom_id=custom_id, options=list(options), placeholder=placeholder))

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the menu that a message of any age has."""
        options = item.options if isinstance(item, discord.ui.Select) else ()
        return cls(topic_key(match["slug"], match["guild"]), match["day"], options)

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the paper. It may be judged only while its topic exists."""
        arxiv_id = self.item.values[0]
        async with Answer(interaction) as answer:
            found = await load_details(interaction, arxiv_id)
            topic = None
            if self.key.guild_id in (None, interaction.guild_id):
                topic = await services_of(interaction.client).topics.load(self.key)
            await show_paper(interaction, answer, found, key=self.key if topic is not None else None)
        await count_look_up(interaction, arxiv_id)


class DayButton(LastingButton, template=rf"pb:day:{TOPIC}:{DAY}:(?P<to>prev|next)"):
    """Turns to the brief of the announcement before or after: in place where only this user sees it, else privately."""

    def __init__(self, key: TopicKey, day: str, to: str, label: str = "…", *, disabled: bool = False) -> None:
        self.key, self.day, self.to = key, day, to
        super().__init__(f"pb:day:{key.slug}:{key.guild_id or 0}:{day}:{to}", label, disabled=disabled)

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button that the id names."""
        return cls(topic_key(match["slug"], match["guild"]), match["day"], match["to"])

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show that brief."""
        async with Answer(interaction, in_place=is_private(interaction)) as answer:
            topic = await load_topic(interaction, self.key)
            direction = -1 if self.to == "prev" else 1
            shelf = services_of(interaction.client).shelf
            edition = await edition_of(interaction, self.key)
            leaf = await shelf.turn(topic, parse_day(self.day), direction, answer.texts.locale, edition)
            page = await find_page(interaction, leaf.brief)
            await show_leaf(answer, leaf.brief, before=leaf.before, after=leaf.after, page=page)


ITEMS = (DetailsMenu, DayButton)


async def show_topic(interaction: discord.Interaction, answer: Answer, topic: Topic, announced_on: date | None) -> None:
    """Show the topic's brief of that announcement date, or its newest."""
    edition = await edition_of(interaction, TopicKey(topic.slug, topic.guild_id))
    leaf = await services_of(interaction.client).shelf.open(topic, announced_on, answer.texts.locale, edition)
    page = await find_page(interaction, leaf.brief)
    await show_leaf(answer, leaf.brief, before=leaf.before, after=leaf.after, page=page)


async def find_page(interaction: discord.Interaction, brief: Brief) -> str | None:
    """Return the address of a brief's page in the web edition, None where it has none."""
    pages = services_of(interaction.client).pages
    if pages is None:
        return None
    key = TopicKey(brief.topic.slug, brief.topic.guild_id)
    return await pages.find_brief(key, brief.announced_on, brief.language)


async def show_leaf(
    answer: Answer, brief: Brief, *, before: date | None, after: date | None, page: str | None = None
) -> None:
    """Show a brief with its menu, its days and its `page`; a day that does not exist cannot be pressed."""
    body = render_message(brief, web_url=page)
    embeds = [discord.Embed.from_dict(embed) for embed in body.get("embeds", [])]
    await answer.send(body["content"], embeds=embeds, view=_view(brief, {"prev": before, "next": after}))


def _view(brief: Brief, days: dict[str, date | None]) -> discord.ui.View:
    """Return what stands under a posted digest as well, with the days that do not exist disabled."""
    view = stateless_view()
    key = TopicKey(brief.topic.slug, brief.topic.guild_id)
    day = f"{brief.announced_on:%Y%m%d}"
    for row, components in enumerate(digest_components(brief)):
        for one in components["components"]:
            item: DetailsMenu | DayButton
            if "options" in one:
                options = [discord.SelectOption(**option) for option in one["options"]]
                item = DetailsMenu(key, day, options, one["placeholder"])
            else:
                to = one["custom_id"].rpartition(":")[2]
                item = DayButton(key, day, to, one["label"], disabled=days[to] is None)
            item.row = row
            view.add_item(item)
    return view
