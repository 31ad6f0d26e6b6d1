"""The form of a server's own topic, and what follows it: a dry run, and a second try without typing it all again.

What was typed is kept in memory as long as its message has buttons, a quarter of an hour at most; no longer. The form
itself needs no memory: what is sent has all of it, and its id the topic that is edited.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import discord

from bot.errors import QuerySyntaxError
from bot.i18n import Refusal, Texts
from bot.model import Topic
from bot.services import Services
from cogs._shared.answers import Answer, ReportingModal, ReportingView, is_taken, texts_of
from cogs._shared.checks import require_manager
from cogs._shared.host import services_of
from cogs._shared.queries import render_query_error
from cogs.topics._lines import dry_run_text, name_of, topic_embed

_KEPT = 840.0
"""Seconds: an interaction's answer can be edited for fifteen minutes."""

_FORM = "pb:topic:form:"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed; `slug` is that of the server's topic that is being edited, empty for a new one."""

    name: str = ""
    categories: str = ""
    query: str = ""
    exclude: str = ""
    interest: str = ""
    slug: str = ""

    @classmethod
    def of(cls, topic: Topic) -> "Draft":
        """Return the draft that changes nothing about a topic."""
        categories = ", ".join(topic.categories)
        return cls(topic.names["en"], categories, topic.query, topic.exclude, topic.interest, topic.slug)

    @classmethod
    def sent(cls, interaction: discord.Interaction) -> "Draft":
        """Return the draft of a form that was sent."""
        data = cast("dict[str, Any]", interaction.data or {})
        typed = dict(_typed(data.get("components", ())))
        fields = {name: typed.get(name, "") for name in ("name", "categories", "query", "exclude", "interest")}
        slug, _, _ = str(data.get("custom_id", "")).removeprefix(_FORM).partition(":")
        return cls(**fields, slug=slug)


def _typed(components: Any) -> Iterator[tuple[str, str]]:
    for one in components:
        inner = one.get("component")
        yield from _typed([*one.get("components", ()), *([inner] if inner else ())])
        if "custom_id" in one:
            yield str(one["custom_id"]), str(one.get("value") or "")


async def check_quota(services: Services, guild_id: int) -> None:
    """Raise `Refusal` when the server has as many topics of its own as it may."""
    limit = services.limits.topics_per_guild
    if await services.guild_topics.count(guild_id) >= limit:
        raise Refusal(
            "This server has {limit} topics of its own already, which is the limit. Delete one first.", limit=limit
        )


class TopicForm(ReportingModal):
    """Asks for name, categories, query, what to leave out and what to prefer."""

    def __init__(self, draft: Draft, texts: Texts) -> None:
        super().__init__(title=texts.say("Topic"), custom_id=f"{_FORM}{draft.slug}")
        long = discord.TextStyle.paragraph
        self.name: discord.ui.TextInput[Any] = discord.ui.TextInput(custom_id="name", default=draft.name, max_length=60)
        self.categories: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="categories", default=draft.categories, max_length=400, placeholder="cs.CL, cs.LG"
        )
        self.query: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="query",
            default=draft.query,
            required=False,
            max_length=4000,
            style=long,
            placeholder='ti:(agent OR "tool use") AND LLM NOT survey',
        )
        self.exclude: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="exclude", default=draft.exclude, required=False, max_length=1000, style=long
        )
        self.interest: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="interest", default=draft.interest, required=False, max_length=1000, style=long
        )
        grammar = texts.say("Words, “phrases”, AND, OR, NOT, ( ), ti: abs: au: cat: co:")
        self.add_item(discord.ui.Label(text=texts.say("Name"), component=self.name))
        self.add_item(discord.ui.Label(text=texts.say("Categories of arXiv"), component=self.categories))
        self.add_item(discord.ui.Label(text=texts.say("Query"), description=grammar, component=self.query))
        left_out = texts.say("A query too: what matches it is dropped")
        self.add_item(discord.ui.Label(text=texts.say("Leave out"), description=left_out, component=self.exclude))
        preferred = texts.say("In plain words: what should come first")
        self.add_item(discord.ui.Label(text=texts.say("Prefer"), description=preferred, component=self.interest))

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        """Check what was typed, try it, and save it unless the dry run warns."""
        await submit(interaction)


def stood_open(interaction: discord.Interaction) -> bool:
    """Return whether this is a form that nothing takes, because the bot was started anew while it stood open."""
    data = cast("dict[str, Any]", interaction.data or {})
    sent = interaction.type is discord.InteractionType.modal_submit
    return sent and str(data.get("custom_id", "")).startswith(_FORM) and not is_taken(interaction)


async def submit(interaction: discord.Interaction) -> None:
    """Check what was typed, try it, and save it unless the dry run warns. Raises `Refusal`."""
    async with Answer(interaction, in_place=interaction.message is not None) as answer:
        await _try(interaction, answer, Draft.sent(interaction))


async def _try(interaction: discord.Interaction, answer: Answer, draft: Draft) -> None:
    guild = require_manager(interaction)
    services, texts = services_of(interaction.client), answer.texts
    old = await services.guild_topics.load(guild.id, draft.slug) if draft.slug else None
    if draft.slug and old is None:
        raise Refusal("This topic no longer exists.")
    try:
        topic = await services.topics.build(
            guild.id,
            name=draft.name,
            categories=draft.categories,
            query=draft.query,
            exclude=draft.exclude,
            interest=draft.interest,
            old=old,
        )
    except QuerySyntaxError as error:
        await answer.send(render_query_error(error, texts), view=DraftView(draft, texts))
        return
    except Refusal as refusal:
        await answer.send(texts.refusal(refusal), view=DraftView(draft, texts))
        return
    dry_run = await services.topics.dry_run(topic)
    if dry_run.empty or dry_run.too_wide:
        await answer.send(dry_run_text(dry_run, texts), view=DraftView(draft, texts, topic))
        return
    await save(interaction, answer, topic, new=old is None)


async def save(interaction: discord.Interaction, answer: Answer, topic: Topic, *, new: bool) -> None:
    """Store a topic and show it."""
    guild = require_manager(interaction)
    services, texts = services_of(interaction.client), answer.texts
    if new:
        await check_quota(services, guild.id)
    await services.guild_topics.save(topic)
    done = texts.say("The topic **{topic}** is saved. `/subscribe` posts briefs on it.", topic=name_of(topic, texts))
    await answer.send(done, embeds=[topic_embed(topic, await services.topics.dry_run(topic), texts)])


class DraftView(ReportingView):
    """Buttons under what could not be saved yet; `topic` is what would be saved nevertheless."""

    def __init__(self, draft: Draft, texts: Texts, topic: Topic | None = None) -> None:
        super().__init__(timeout=_KEPT)
        self.draft = draft
        self.topic = topic
        self.again.label = texts.say("Edit again")
        self.anyway.label = texts.say("Save anyway")
        self.discard.label = texts.say("Discard")
        if topic is None:
            self.remove_item(self.anyway)

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def again(self, interaction: discord.Interaction, _button: discord.ui.Button[Any]) -> None:
        """Open the form again with what was typed."""
        await interaction.response.send_modal(TopicForm(self.draft, texts_of(interaction)))

    @discord.ui.button(style=discord.ButtonStyle.secondary)
    async def anyway(self, interaction: discord.Interaction, _button: discord.ui.Button[Any]) -> None:
        """Save in spite of the warning; a second click saves the same."""
        async with Answer(interaction, in_place=True) as answer:
            if self.topic is not None:
                await save(interaction, answer, self.topic, new=await self._is_new(interaction))

    @discord.ui.button(style=discord.ButtonStyle.secondary)
    async def discard(self, interaction: discord.Interaction, _button: discord.ui.Button[Any]) -> None:
        """Forget what was typed."""
        async with Answer(interaction, in_place=True) as answer:
            await answer.send(answer.texts.say("Nothing was saved."))
        self.stop()

    async def _is_new(self, interaction: discord.Interaction) -> bool:
        topic = self.topic
        if topic is None or topic.guild_id is None:
            return False
        return await services_of(interaction.client).guild_topics.load(topic.guild_id, topic.slug) is None
