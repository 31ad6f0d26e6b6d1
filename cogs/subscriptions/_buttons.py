"""The list of subscriptions and the buttons under one: they act on what their ids name, so they outlive restarts."""

from collections.abc import Sequence

import discord

from bot.delivery import Subscription, SubscriptionState, TopicKey
from bot.i18n import Texts
from bot.model import Topic
from bot.render.text import clip, sanitise
from cogs._shared.answers import Answer, ReportingView, reported, texts_of
from cogs._shared.buttons import ActionButton, OptionsMenu, TurnButton
from cogs._shared.checks import require_manager
from cogs._shared.host import services_of
from cogs._shared.inputs import MAX_CHOICE
from cogs.subscriptions._changes import Place, load_own, load_topics, pause, ping_nobody, resume, set_translate
from cogs.subscriptions._lines import PER_PAGE, describe, list_embed, topic_label
from cogs.subscriptions._settings import SettingsForm


class PageButton(TurnButton, template=r"pb:subs:page:(?P<page>\d{1,3})"):
    """Shows a page of the list, in place."""

    kind = "subs:page"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Turn to the page."""
        async with Answer(interaction, in_place=True) as answer:
            await show_list(interaction, answer, self.page)


class PickMenu(OptionsMenu, template=r"pb:subs:pick"):
    """Opens one subscription of the page."""

    kind = "subs:pick"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the chosen subscription with its buttons."""
        async with Answer(interaction, in_place=True) as answer:
            one = await load_own(interaction, Place.parse(self.item.values[0]))
            await show_one(interaction, answer, one)


class SubscriptionButton(
    ActionButton,
    template=r"pb:sub:(?P<action>pause|resume|edit|unping|tron|troff|remove|drop|open|list):(?P<subject>\d{1,20}:[01]:[a-z0-9-]{1,48})",
):
    """Does something to one subscription, in place."""

    kind = "sub"

    @property
    def place(self) -> Place:
        """Return which subscription it is."""
        return Place.parse(self.subject)

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it. A second click finds it done and shows the same."""
        if self.action == "edit":
            # A form has to be the first answer: nothing can be deferred.
            one = await load_own(interaction, self.place)
            await interaction.response.send_modal(SettingsForm(one, texts_of(interaction), show_one))
            return
        async with Answer(interaction, in_place=True) as answer:
            if self.action == "list":
                await show_list(interaction, answer, 0)
            elif self.action == "drop":
                await self._drop(interaction, answer)
            else:
                await self._act(interaction, answer)

    async def _act(self, interaction: discord.Interaction, answer: Answer) -> None:
        one = await load_own(interaction, self.place)
        if self.action == "remove":
            await ask_to_remove(interaction, answer, one)
            return
        if self.action == "pause":
            one = await pause(interaction, one)
        elif self.action == "resume":
            one = await resume(interaction, one, answer.texts)
        elif self.action == "unping":
            one = await ping_nobody(interaction, one)
        elif self.action in ("tron", "troff"):
            one = await set_translate(interaction, one, wanted=self.action == "tron")
        await show_one(interaction, answer, one)

    async def _drop(self, interaction: discord.Interaction, answer: Answer) -> None:
        guild = require_manager(interaction)
        key = self.place.topic(guild.id)
        subscriptions = services_of(interaction.client).subscriptions
        found = await subscriptions.load(self.place.channel_id, key)
        if found is not None:
            found = await load_own(interaction, self.place)
            await subscriptions.delete(found.channel_id, found.topic)
        topic = await services_of(interaction.client).topics.load(key)
        await answer.send(
            answer.texts.say(
                "{channel} gets no more briefs on {topic}.",
                channel=f"<#{self.place.channel_id}>",
                topic=topic_label(topic, key, answer.texts),
            )
        )


ITEMS = (PageButton, PickMenu, SubscriptionButton)


async def show_list(interaction: discord.Interaction, answer: Answer, page: int) -> None:
    """Show a page of the server's subscriptions, with a menu to open one."""
    guild = require_manager(interaction)
    services = services_of(interaction.client)
    found = await services.subscriptions.load_guild(guild.id)
    if not found:
        await answer.send(answer.texts.say("Nothing is subscribed in this server yet. `/subscribe` begins."))
        return
    found.sort(key=lambda one: (one.channel_id, one.topic.slug))
    page = min(page, (len(found) - 1) // PER_PAGE)
    topics = await load_topics(services, found[page * PER_PAGE : (page + 1) * PER_PAGE])
    view = ReportingView(timeout=None)
    names = {channel.id: channel.name for channel in (*guild.channels, *guild.threads)}
    view.add_item(_menu(found, page, topics, names, answer.texts))
    if page > 0:
        view.add_item(PageButton(page - 1, answer.texts.say("Back")))
    if (page + 1) * PER_PAGE < len(found):
        view.add_item(PageButton(page + 1, answer.texts.say("More")))
    await answer.send(embeds=[list_embed(found, topics, page, answer.texts)], view=view)


def _menu(
    found: Sequence[Subscription],
    page: int,
    topics: dict[TopicKey, Topic | None],
    names: dict[int, str],
    texts: Texts,
) -> PickMenu:
    options = []
    for one in found[page * PER_PAGE : (page + 1) * PER_PAGE]:
        topic = topics.get(one.topic)
        label = clip(sanitise(topic.name(texts.locale)) if topic else one.topic.slug, MAX_CHOICE)
        place = clip("#" + sanitise(names.get(one.channel_id, str(one.channel_id))), MAX_CHOICE)
        options.append(discord.SelectOption(label=label, description=place, value=str(Place.of(one))))
    return PickMenu(options, texts.say("Open a subscription"))


async def show_one(interaction: discord.Interaction, answer: Answer, one: Subscription) -> None:
    """Show one subscription's settings with buttons for what can be done."""
    texts, place = answer.texts, str(Place.of(one))
    topic = await services_of(interaction.client).topics.load(one.topic)
    view = ReportingView(timeout=None)
    if one.state is SubscriptionState.ACTIVE:
        view.add_item(SubscriptionButton("pause", place, texts.say("Pause")))
    else:
        view.add_item(SubscriptionButton("resume", place, texts.say("Resume"), discord.ButtonStyle.success))
    view.add_item(SubscriptionButton("edit", place, texts.say("Edit"), discord.ButtonStyle.primary))
    if one.role_id is not None:
        view.add_item(SubscriptionButton("unping", place, texts.say("Ping nobody")))
    if one.translate:
        view.add_item(SubscriptionButton("troff", place, texts.say("Do not translate titles")))
    elif one.language.partition("-")[0] != "en":
        # Titles are in English already.
        view.add_item(SubscriptionButton("tron", place, texts.say("Translate titles")))
    view.add_item(SubscriptionButton("remove", place, texts.say("Unsubscribe"), discord.ButtonStyle.danger))
    view.add_item(SubscriptionButton("list", place, texts.say("All subscriptions")))
    head = f"**{topic_label(topic, one.topic, texts)}** → <#{one.channel_id}>"
    translates = services_of(interaction.client).translator.available
    await answer.send(f"{head}\n{describe(one, texts, translates=translates)}", view=view)


async def ask_to_remove(interaction: discord.Interaction, answer: Answer, one: Subscription) -> None:
    """Ask whether a subscription shall end; the answer takes the place of the question."""
    texts, place = answer.texts, str(Place.of(one))
    topic = await services_of(interaction.client).topics.load(one.topic)
    view = ReportingView(timeout=None)
    view.add_item(SubscriptionButton("drop", place, texts.say("Unsubscribe"), discord.ButtonStyle.danger))
    view.add_item(SubscriptionButton("open", place, texts.say("Keep it")))
    question = texts.say(
        "Stop posting briefs on {topic} in {channel}?",
        topic=topic_label(topic, one.topic, texts),
        channel=f"<#{one.channel_id}>",
    )
    await answer.send(question, view=view)
