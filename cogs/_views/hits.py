"""Search results to leaf through. What was searched for stands in the address that the list's heading leads to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import discord

from bot.errors import StoreError
from bot.i18n import Refusal, Texts
from bot.render.details import PAGE, ListedPaper, render_list
from bot.services import Services
from cogs._shared.answers import Answer, reported, texts_of
from cogs._shared.buttons import TurnButton
from cogs._shared.host import services_of
from cogs._shared.inputs import shown
from cogs._views.links import is_private
from cogs._views.papers import list_view

MAX_WORDS = 200
MAX_AUTHOR = 80
MAX_PAGE = 50
# https://discord.com/developers/docs/resources/message#embed-object: an embed's address has 2,048 characters at most.
_MAX_ADDRESS = 2000
_SEARCH_PAGE = "https://arxiv.org/search/"


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for. `newest`: order by date, else by relevance."""

    words: str
    category: str | None = None
    since: date | None = None
    author: str | None = None
    newest: bool = True

    @property
    def address(self) -> str:
        """Return the address of the same search on arxiv.org, with what that page has no word for added to it.

        Raises `Refusal` when it is too long.
        """
        fields = {
            "query": self.words,
            "searchtype": "all",
            "order": "-announced_date_first" if self.newest else "",
            "category": self.category or "",
            "since": self.since.isoformat() if self.since else "",
            "author": self.author or "",
        }
        address = f"{_SEARCH_PAGE}?{urlencode({name: value for name, value in fields.items() if value})}"
        if len(address) > _MAX_ADDRESS:
            raise Refusal("A search may have {limit} characters at most.", limit=MAX_WORDS)
        return address

    @classmethod
    def parse(cls, address: str | None) -> "Search":
        """Return the search of an address. Raises `Refusal` for any other address."""
        parts = urlsplit(address or "")
        fields = dict(parse_qsl(parts.query))
        if not (address or "").startswith(_SEARCH_PAGE) or "query" not in fields:
            raise Refusal("This button is of no use any more.")
        try:
            since = date.fromisoformat(fields["since"]) if "since" in fields else None
        except ValueError as error:
            raise Refusal("This button is of no use any more.") from error
        return cls(fields["query"], fields.get("category"), since, fields.get("author"), "order" in fields)

    def describe(self, texts: Texts) -> str:
        """Return what is looked for in one line, unescaped."""
        order = texts.say("newest first") if self.newest else texts.say("best first")
        return " · ".join([self.words, *self.filters(texts), order])

    def filters(self, texts: Texts) -> list[str]:
        """Return what narrows the search beside its words, unescaped."""
        since = texts.say("since {day}", day=texts.date(self.since)) if self.since is not None else None
        return [one for one in (self.category, self.author, since) if one]


class HitsButton(TurnButton, template=r"pb:hits:(?P<page>\d{1,3})"):
    """Turns to a page of the results."""

    kind = "hits"

    @reported
    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the page."""
        async with Answer(interaction, in_place=is_private(interaction)) as answer:
            embeds = interaction.message.embeds if interaction.message is not None else []
            search = Search.parse(embeds[0].url if embeds else None)
            await show_hits(interaction, answer, search, self.page)


ITEMS = (HitsButton,)


def check_search(search: Search) -> Search:
    """Return the search with its blanks tidied. Raises `Refusal` for one that is too long or empty."""
    if len(search.words) > MAX_WORDS or len(search.author or "") > MAX_AUTHOR:
        raise Refusal("A search may have {limit} characters at most.", limit=MAX_WORDS)
    tidy = replace(search, words=" ".join(search.words.split()), author=" ".join((search.author or "").split()) or None)
    if not tidy.words:
        raise nothing_found("")
    # Too long an address is too long a search: known before anything is looked for.
    _ = tidy.address
    return tidy


def nothing_found(typed: str, filters: Sequence[str] = ()) -> Refusal:
    """Return the answer to words that stand in no paper that `filters` let through."""
    words = " · ".join([f"“{shown(typed, 150)}”", *(shown(one, MAX_AUTHOR) for one in filters)])
    return Refusal("Nothing found for {words}.", words=words)


async def run_search(services: Services, search: Search, *, limit: int, offset: int = 0) -> list[Any]:
    """Return what was found. Raises `Refusal` when it takes too long, and the kinds of `StoreError`."""
    try:
        return await services.search.search(
            search.words,
            since=search.since,
            category=search.category,
            author=search.author,
            newest=search.newest,
            limit=limit,
            offset=offset,
        )
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        raise Refusal("The search took too long. Use more specific words, or try again in a moment.") from error


async def show_hits(interaction: discord.Interaction, answer: Answer, search: Search, page: int = 0) -> None:
    """Show a page of what was found. Raises `Refusal` when nothing was."""
    page = min(page, MAX_PAGE)
    hits = await run_search(services_of(interaction.client), search, limit=PAGE + 1, offset=page * PAGE)
    if not hits and page == 0:
        raise nothing_found(search.words, search.filters(texts_of(interaction)))
    texts = answer.texts
    listed = [ListedPaper(hit.paper, texts.date(hit.announced_on) if hit.announced_on else "") for hit in hits[:PAGE]]
    embed = render_list(
        search.words,
        listed,
        texts,
        first=page * PAGE,
        footer=texts.say("{search} · page {page}", search=search.describe(texts), page=page + 1),
        url=search.address,
    )
    view = list_view([one.paper for one in listed], texts)
    if page > 0:
        view.add_item(HitsButton(page - 1, texts.say("Back")))
    if len(hits) > PAGE and page < MAX_PAGE:
        view.add_item(HitsButton(page + 1, texts.say("More")))
    await answer.send(embeds=[discord.Embed.from_dict(embed)], view=view if view.children else None)
