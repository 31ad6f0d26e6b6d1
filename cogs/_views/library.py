"""A reader's own library: pages of it, taking papers out of it, and a copy of it as a file."""

import asyncio
import io
import json
import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from bot.i18n import Refusal, mark
from bot.model import Paper
from bot.render.citations import CitationFormat, render_citations
from bot.render.details import PAGE, ListedPaper, render_list
from cogs._shared.answers import Answer, reported
from cogs._shared.buttons import TurnButton
from cogs._shared.host import services_of
from cogs._views.links import is_private, stateless_view
from cogs._views.papers import OpenMenu, paper_options

OWN_DATA = "data"
"""The choice of `/export` that is no citation format: every row that names the one who asks."""

EMPTY = mark("Your library is empty. `/save` or the button under a paper fills it.")


class LibraryButton(TurnButton, template=r"pb:lib:(?P<page>\d{1,3})"):
    """Turns to a page of the library of whoever presses it."""

    kind = "lib"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the page."""
        async with Answer(interaction, in_place=is_private(interaction)) as answer:
            await show_library(interaction, answer, self.page)


class RemoveMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"pb:unsave:(?P<page>\d{1,3})"):
    """Takes papers of the page out of the library."""

    def __init__(self, page: int, options: Sequence[discord.SelectOption] = (), placeholder: str | None = None) -> None:
        self.page = page
        super().__init__(
            discord.ui.Select(
                custom_id=f"pb:unsave:{page}",
                options=list(options),
                placeholder=placeholder,
                max_values=max(1, len(options)),
            )
        )

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the menu that a message of any age has."""
        return cls(int(match["page"]), item.options if isinstance(item, discord.ui.Select) else ())

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Remove the chosen ones; one that is gone already stays gone."""
        async with Answer(interaction, in_place=is_private(interaction)) as answer:
            readers = services_of(interaction.client).readers
            removed = 0
            for arxiv_id in self.item.values:
                removed += await readers.unsave(interaction.user.id, arxiv_id)
            note = answer.texts.count("Removed {n} paper.", "Removed {n} papers.", removed)
            await show_library(interaction, answer, self.page, note=note)


ITEMS = (LibraryButton, RemoveMenu)


async def show_library(interaction: discord.Interaction, answer: Answer, page: int, *, note: str | None = None) -> None:
    """Show a page of this user's library; a page that no longer exists gives the last one."""
    texts = answer.texts
    saved = await services_of(interaction.client).readers.load_saved(interaction.user.id)
    if not saved:
        await answer.send(" ".join(part for part in (note, texts.say(EMPTY)) if part))
        return
    pages = -(-len(saved) // PAGE)
    page = min(page, pages - 1)
    shown = saved[page * PAGE : (page + 1) * PAGE]
    listed = [ListedPaper(one.paper, texts.say("saved {day}", day=texts.date(one.saved_at.date()))) for one in shown]
    embed = render_list(
        texts.say("Your library"),
        listed,
        texts,
        first=page * PAGE,
        footer=" · ".join(
            (
                texts.count("{n} paper", "{n} papers", len(saved)),
                texts.say("page {page} of {pages}", page=page + 1, pages=pages),
            )
        ),
    )
    view = stateless_view()
    if options := paper_options([one.paper for one in shown]):
        view.add_item(OpenMenu(options, texts.say("Details of a paper…")))
        view.add_item(RemoveMenu(page, options, texts.say("Remove papers…")))
    if page > 0:
        view.add_item(LibraryButton(page - 1, texts.say("Back")))
    if page + 1 < pages:
        view.add_item(LibraryButton(page + 1, texts.say("More")))
    await answer.send(note, embeds=[discord.Embed.from_dict(embed)], view=view)


async def send_export(interaction: discord.Interaction, answer: Answer, kind: CitationFormat) -> None:
    """Send this user's library as a file. Raises `Refusal` when it is empty."""
    services = services_of(interaction.client)
    saved = await services.readers.load_saved(interaction.user.id)
    if not saved:
        raise Refusal(EMPTY)
    papers: list[Paper] = [one.paper for one in saved]
    text = await asyncio.to_thread(render_citations, papers, kind)
    name = f"papers-{services.clock.now():%Y-%m-%d}.{kind}"
    said = answer.texts.count("{n} paper", "{n} papers", len(papers))
    await answer.send(said, files=[discord.File(io.BytesIO(text.encode("utf-8", "replace")), name)])


async def send_own_data(interaction: discord.Interaction, answer: Answer) -> None:
    """Send everything that is stored about this user as JSON. Raises `Refusal` when there is nothing."""
    services = services_of(interaction.client)
    held = await services.readers.export(interaction.user.id)
    if not held:
        raise Refusal("Nothing is stored about you.")
    text = json.dumps(held, ensure_ascii=False, indent=2)
    name = f"stored-about-you-{services.clock.now():%Y-%m-%d}.json"
    said = answer.texts.say("Every row that names you, by the table it is in.")
    await answer.send(said, files=[discord.File(io.BytesIO(text.encode("utf-8", "replace")), name)])
