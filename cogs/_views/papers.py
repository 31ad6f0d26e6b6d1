"""One paper: its details, and the buttons that open, keep or judge it."""

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import discord

from bot.delivery import TopicKey
from bot.errors import UsageError
from bot.i18n import Refusal, Texts
from bot.model import Edition, Paper
from bot.render.citations import CitationFormat, citation_key, render_bibtex
from bot.render.details import (
    ListedPaper,
    PaperDetails,
    paper_title,
    plain_label,
    render_abstract,
    render_details,
    render_list,
)
from bot.render.embeds import MAX_TOTAL
from cogs._shared.answers import Answer, reported
from cogs._shared.buttons import LastingButton, OptionsMenu, PaperButton
from cogs._shared.host import services_of
from cogs._shared.inputs import MAX_CHOICE, MAX_CHOICES
from cogs._views.asking import AskButton
from cogs._views.figures import FiguresButton, attached
from cogs._views.links import (
    ARXIV_ID,
    TOPIC,
    count_look_up,
    is_private,
    load_details,
    load_topic,
    stateless_view,
    topic_key,
)
from cogs._views.translating import ITEMS as TRANSLATING
from cogs._views.translating import translate_button

RELATED = 8
_MAX_INLINE = 1900


class AbstractButton(LastingButton, template=rf"pb:abs:{ARXIV_ID}(?::(?P<page>\d{{1,2}}))?"):
    """Opens the abstract; with a page, turns to it in place."""

    def __init__(self, arxiv_id: str, page: int | None = None, label: str = "…") -> None:
        self.arxiv_id, self.page = arxiv_id, page
        end = "" if page is None else f":{page}"
        super().__init__(f"pb:abs:{arxiv_id}{end}", label)

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button that the id names."""
        return cls(match["arxiv_id"], None if match["page"] is None else int(match["page"]))

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the page."""
        async with Answer(interaction, in_place=self.page is not None and is_private(interaction)) as answer:
            paper = (await load_details(interaction, self.arxiv_id)).paper
            page = self.page or 0
            embed, pages = render_abstract(paper, answer.texts, page)
            view = stateless_view()
            if pages > 1 and page > 0:
                view.add_item(AbstractButton(self.arxiv_id, page - 1, answer.texts.say("Back")))
            if page + 1 < pages:
                view.add_item(AbstractButton(self.arxiv_id, page + 1, answer.texts.say("More")))
            if services_of(interaction.client).translator.available:
                view.add_item(translate_button(self.arxiv_id, answer.texts, in_place=True))
            await answer.send(embeds=[discord.Embed.from_dict(embed)], view=view if view.children else None)
        await count_look_up(interaction, self.arxiv_id)


class RelatedButton(PaperButton, template=rf"pb:rel:{ARXIV_ID}"):
    """Opens the list of related papers."""

    kind = "rel"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show them."""
        async with Answer(interaction) as answer:
            found = await load_details(interaction, self.arxiv_id)
            await show_related(interaction, answer, found.paper)


class BibtexButton(PaperButton, template=rf"pb:bib:{ARXIV_ID}"):
    """Shows the BibTeX entry."""

    kind = "bib"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show it as text to copy, or as a file where it is too long for that."""
        async with Answer(interaction) as answer:
            paper = (await load_details(interaction, self.arxiv_id)).paper
            entry = render_bibtex(paper)
            if len(entry) <= _MAX_INLINE and "```" not in entry:
                await answer.send(f"```bibtex\n{entry}```")
                return
            name = f"{citation_key(paper)}.{CitationFormat.BIBTEX}"
            await answer.send(files=[discord.File(io.BytesIO(entry.encode("utf-8", "replace")), name)])


class SaveButton(PaperButton, template=rf"pb:save:{ARXIV_ID}"):
    """Puts the paper into the reader's library."""

    kind = "save"
    style = discord.ButtonStyle.primary

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Save it. A second click finds it saved and says so."""
        async with Answer(interaction) as answer:
            found = await load_details(interaction, self.arxiv_id)
            await save(interaction, answer, found.paper)


class JudgeButton(LastingButton, template=rf"pb:(?P<verdict>like|less):{TOPIC}:{ARXIV_ID}"):
    """Notes for this channel's topic that papers like this one are wanted, or not."""

    def __init__(self, verdict: str, key: TopicKey, arxiv_id: str, label: str = "…") -> None:
        self.verdict, self.key, self.arxiv_id = verdict, key, arxiv_id
        super().__init__(f"pb:{verdict}:{key.slug}:{key.guild_id or 0}:{arxiv_id}", label)

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """Return the button that the id names."""
        return cls(match["verdict"], topic_key(match["slug"], match["guild"]), match["arxiv_id"])

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Note it; the last opinion counts, and repeating it changes nothing."""
        async with Answer(interaction) as answer:
            say = answer.texts.say
            await load_topic(interaction, self.key)
            if interaction.guild_id is None or interaction.channel_id is None:
                raise Refusal("This works in a server, not in direct messages.")
            services = services_of(interaction.client)
            try:
                changed = await services.readers.record_feedback(
                    interaction.user.id,
                    interaction.guild_id,
                    await feedback_channel(interaction, self.key),
                    self.key,
                    self.arxiv_id,
                    1 if self.verdict == "like" else -1,
                    services.clock.now(),
                )
            except UsageError as error:
                raise Refusal("This paper is no longer stored here. `/paper` asks arXiv for it again.") from error
            if not changed:
                await answer.send(say("That was noted already."))
            elif self.verdict == "like":
                await answer.send(say("Noted: more like this in this channel."))
            else:
                await answer.send(say("Noted: not relevant in this channel."))


class OpenMenu(OptionsMenu, template=r"pb:open"):
    """Opens one paper of a list."""

    kind = "open"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the chosen paper."""
        arxiv_id = self.item.values[0]
        async with Answer(interaction) as answer:
            await show_paper(interaction, answer, await load_details(interaction, arxiv_id))
        await count_look_up(interaction, arxiv_id)


ITEMS = (AbstractButton, RelatedButton, BibtexButton, SaveButton, JudgeButton, OpenMenu, FiguresButton, *TRANSLATING)


async def feedback_channel(interaction: discord.Interaction, key: TopicKey) -> int:
    """Return the channel whose briefs an opinion is about: for a brief's thread or post, the channel it is in."""
    channel_id = interaction.channel_id or 0
    channel = interaction.channel
    if not isinstance(channel, discord.Thread) or not channel.parent_id:
        return channel_id
    subscribed = await services_of(interaction.client).subscriptions.load(channel_id, key)
    return channel_id if subscribed is not None else channel.parent_id


async def edition_of(interaction: discord.Interaction, key: TopicKey) -> Edition | None:
    """Return the channel whose feedback counts for a topic here, None in direct messages."""
    if interaction.guild_id is None or interaction.channel_id is None:
        return None
    return Edition(interaction.guild_id, await feedback_channel(interaction, key))


def paper_view(
    arxiv_id: str, texts: Texts, key: TopicKey | None = None, *, ask: bool = False, figures: bool = False
) -> discord.ui.View:
    """Return the buttons under a paper; `key`: the topic under which it may be judged, None to leave that out.

    `ask`: with the one for questions; `figures`: with the one for figures. The one for translations is always there:
    without a model it says what to set.
    """
    view = stateless_view()
    fits = [
        AbstractButton(arxiv_id, None, texts.say("Abstract")),
        RelatedButton(arxiv_id, texts.say("Related")),
        BibtexButton(arxiv_id, texts.say("BibTeX")),
        SaveButton(arxiv_id, texts.say("Save")),
        translate_button(arxiv_id, texts),
    ]
    for item in fits:
        item.row = 0
        view.add_item(item)
    if key is not None:
        for verdict, label in (("like", texts.say("More like this")), ("less", texts.say("Not relevant"))):
            judge = JudgeButton(verdict, key, arxiv_id, label)
            judge.row = 1
            view.add_item(judge)
    if ask:
        question = AskButton(arxiv_id, texts.say("Ask about this paper"))
        question.row = 1
        view.add_item(question)
    if figures:
        shown = FiguresButton(arxiv_id, texts.say("Figures"))
        shown.row = 1
        view.add_item(shown)
    return view


async def show_paper(
    interaction: discord.Interaction,
    answer: Answer,
    found: PaperDetails,
    *,
    key: TopicKey | None = None,
    note: str | None = None,
) -> None:
    """Show one paper with its buttons; `note` stands above it."""
    judged = key if interaction.guild_id is not None else None
    summary = await services_of(interaction.client).reader_summaries.find(
        found.paper, answer.texts.locale, user_id=interaction.user.id, guild_id=interaction.guild_id
    )
    translated = await services_of(interaction.client).translator.recall([found.paper], interaction.locale.value)
    services = services_of(interaction.client)
    page = services.pages and await services.pages.find_paper(found.paper.arxiv_id, answer.texts.locale)
    links = {**found.links, "web": page} if page else found.links
    found = replace(found, summary=summary, translation=translated.get(found.paper.arxiv_id), links=links)
    first = await attached(interaction, found.paper.arxiv_id, answer.texts)
    details = render_details(found, answer.texts, room=MAX_TOTAL - first.length)
    view = paper_view(
        found.paper.arxiv_id,
        answer.texts,
        judged,
        ask=services.asker.ready,
        figures=services.figures.may_show(found.paper),
    )
    await answer.send(note, embeds=[discord.Embed.from_dict(details), *first.embeds], view=view, files=first.files)


async def show_related(
    interaction: discord.Interaction, answer: Answer, paper: Paper, *, surveys_first: bool = False
) -> None:
    """Show the papers nearest to `paper`; `surveys_first`: those that look back over the field before all others."""
    services = services_of(interaction.client)
    found = await services.related.find(paper, RELATED, surveys_first=surveys_first)
    listed = [ListedPaper(other, f"{score:.0%}") for other, score in found]
    heading = answer.texts.say("Related to {title}", title=paper_title(paper))
    footer = ""
    if listed and services.embedding is not None:
        footer = answer.texts.say("The number says how alike title and abstract are, in meaning and in words.")
    elif listed:
        footer = answer.texts.say("The number says how alike the words of title and abstract are.")
    embed = discord.Embed.from_dict(render_list(heading, listed, answer.texts, footer=footer))
    view = list_view([one.paper for one in listed], answer.texts)
    await answer.send(embeds=[embed], view=view if view.children else None)


def list_view(papers: Sequence[Paper], texts: Texts) -> discord.ui.View:
    """Return a view with a menu that opens one of `papers`, up to 25; empty without any."""
    view = stateless_view()
    if options := paper_options(papers):
        view.add_item(OpenMenu(options, texts.say("Details of a paper…")))
    return view


def paper_options(papers: Sequence[Paper]) -> list[discord.SelectOption]:
    """Return papers as options of a menu; an identifier longer than Discord takes is left out."""
    known = {paper.arxiv_id: paper for paper in papers if 0 < len(paper.arxiv_id) <= MAX_CHOICE}
    return [
        discord.SelectOption(label=plain_label(paper, MAX_CHOICE), value=arxiv_id)
        for arxiv_id, paper in list(known.items())[:MAX_CHOICES]
    ]


async def save(interaction: discord.Interaction, answer: Answer, paper: Paper) -> None:
    """Save a paper for this user and say so."""
    services = services_of(interaction.client)
    held, limit = await services.readers.count_saved(interaction.user.id), services.readers.max_saved
    if held >= limit:
        raise Refusal("Your library is full: {limit} papers. Remove some in `/library` first.", limit=limit)
    try:
        new = await services.readers.save_paper(
            interaction.user.id, paper.arxiv_id, services.clock.now(), guild_id=interaction.guild_id
        )
    except UsageError as error:
        raise Refusal("This paper is no longer stored here. `/paper` asks arXiv for it again.") from error
    if new:
        await answer.send(answer.texts.say("Saved. `/library` shows all you saved."))
    else:
        await answer.send(answer.texts.say("It is in your library already."))
