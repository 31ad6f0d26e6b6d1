"""The form in which a subscription's settings are edited."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord

from bot.delivery import PostingStyle, Subscription
from bot.i18n import LANGUAGES, Texts
from cogs._shared.answers import Answer, ReportingModal
from cogs._shared.checks import find_target
from cogs._shared.host import services_of
from cogs._shared.inputs import parse_number, parse_time, parse_zone
from cogs.subscriptions._changes import Place, load_own
from cogs.subscriptions._preflight import FORUM_STYLES, STYLE_NAMES, check_permissions, choose_style, choose_tags

MAX_PAPERS = 10

Show = Callable[[discord.Interaction, Answer, Subscription], Awaitable[None]]


class SettingsForm(ReportingModal):
    """Asks for time, zone, number, language and style; `show` shows what became of it."""

    def __init__(self, one: Subscription, texts: Texts, show: Show) -> None:
        super().__init__(title=texts.say("Subscription"), custom_id=f"pb:sub:form:{Place.of(one)}")
        self._place = Place.of(one)
        self._show = show
        self.post_time: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="time",
            default=f"{one.post_time:%H:%M}" if one.post_time else "",
            required=False,
            max_length=20,
            placeholder="08:30",
        )
        self.zone: discord.ui.TextInput[Any] = discord.ui.TextInput(custom_id="zone", default=one.zone, max_length=60)
        self.papers: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="papers", default=str(one.max_papers), max_length=4
        )
        self.language: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="language",
            options=[
                discord.SelectOption(label=name, value=tag, default=tag == one.language)
                for tag, name in LANGUAGES.items()
            ],
        )
        forum = one.style in FORUM_STYLES
        self.style: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="style",
            options=[
                discord.SelectOption(label=texts.say(name), value=style.value, default=style is one.style)
                for style, name in STYLE_NAMES.items()
                if (style in FORUM_STYLES) is forum
            ],
        )
        empty = texts.say("Empty: as soon as the announcement is complete")
        self.add_item(discord.ui.Label(text=texts.say("Time"), description=empty, component=self.post_time))
        self.add_item(discord.ui.Label(text=texts.say("Time zone"), component=self.zone))
        self.add_item(discord.ui.Label(text=texts.say("Papers at most (1 to 10)"), component=self.papers))
        self.add_item(discord.ui.Label(text=texts.say("Language of the briefs"), component=self.language))
        self.add_item(discord.ui.Label(text=texts.say("Style"), component=self.style))

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Check all of it again, store it and show the subscription."""
        async with Answer(interaction, in_place=interaction.message is not None) as answer:
            one = await load_own(interaction, self._place)
            post_time, zone = parse_time(self.post_time.value), parse_zone(self.zone.value)
            papers = parse_number(self.papers.value, 1, MAX_PAPERS)
            channel = find_target(interaction, one.channel_id)
            style = choose_style(channel, PostingStyle(self.style.values[0]))
            check_permissions(channel, style, answer.texts)
            changed = replace(
                one,
                post_time=post_time,
                zone=zone,
                max_papers=papers,
                language=self.language.values[0],
                style=style,
                tag_ids=choose_tags(channel, (), one.tag_ids),
            )
            await services_of(interaction.client).subscriptions.save(changed)
            await self._show(interaction, answer, changed)
