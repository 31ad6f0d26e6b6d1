"""The paper that somebody means: an identifier, an address, or words of its title; and choices while they type."""

import asyncio
import re

from discord import app_commands

from bot.errors import StoreError
from bot.i18n import Refusal, Texts
from bot.render.details import PaperDetails, plain_label
from bot.services import Services
from cogs._shared.inputs import MAX_CHOICE, MAX_CHOICES, parse_paper
from cogs._views.hits import Search, check_search, nothing_found, run_search

AUTOCOMPLETE_SECONDS = 1.5
"""After this a choice comes too late: Discord waits three seconds, and the user types on."""

_PREFIX_LENGTH = 3
_NAMED = re.compile(
    r"<?\s*(?:https?://|arxiv\s*:|(?:www\.|export\.|browse\.)?arxiv\.org/|\d{3,4}\.\d|[a-z-]+(?:\.[a-z]{2})?/\d)",
    re.IGNORECASE,
)


def is_named(typed: str) -> bool:
    """Return whether somebody tried to name one paper, however badly; else they typed words."""
    return _NAMED.match(typed.strip()) is not None


async def find_named(services: Services, typed: str, texts: Texts) -> tuple[PaperDetails, str | None]:
    """Return the paper that an id or an address names, and what to say about the version that was asked for.

    Raises `Refusal`.
    """
    reference = parse_paper(_with_scheme(typed))
    details = await services.look_up.find(reference)
    if reference.version in (None, details.paper.version):
        return details, None
    note = texts.say(
        "You asked for version {asked}; this is what I know of version {known}: {link}",
        asked=reference.version,
        known=details.paper.version,
        link=f"<https://arxiv.org/abs/{reference.arxiv_id}v{reference.version}>",
    )
    return details, note


async def find_one(services: Services, typed: str) -> PaperDetails:
    """Return the one paper that an id, an address or words mean best. Raises `Refusal`."""
    if is_named(typed):
        return await services.look_up.find(parse_paper(_with_scheme(typed)))
    search = check_search(Search(typed, newest=False))
    found = await run_search(services, search, limit=1)
    details = await services.look_up.load(found[0].paper.arxiv_id) if found else None
    if details is None:
        raise nothing_found(typed)
    return details


async def paper_choices(services: Services, typed: str) -> list[app_commands.Choice[str]]:
    """Return up to 25 papers for what was typed so far, newest first; none where the cache cannot say in time."""
    typed = typed.strip()[:MAX_CHOICE]
    try:
        async with asyncio.timeout(AUTOCOMPLETE_SECONDS):
            if is_named(typed):
                return await _named_choice(services, typed)
            words = typed.split()
            if not words or (len(words) < 2 and len(words[0]) < _PREFIX_LENGTH and typed.isascii()):
                return []
            last = "*" if len(words[-1]) >= _PREFIX_LENGTH and words[-1][-1].isalnum() else ""
            found = await services.search.search(f"{typed}{last}", newest=True, limit=MAX_CHOICES)
    except (StoreError, TimeoutError):
        return []
    return [
        app_commands.Choice(name=plain_label(hit.paper, MAX_CHOICE), value=hit.paper.arxiv_id)
        for hit in found
        if len(hit.paper.arxiv_id) <= MAX_CHOICE
    ]


async def _named_choice(services: Services, typed: str) -> list[app_commands.Choice[str]]:
    try:
        reference = parse_paper(_with_scheme(typed))
    except Refusal:
        return []
    paper = await services.papers.load_paper(reference.arxiv_id)
    return [app_commands.Choice(name=plain_label(paper, MAX_CHOICE), value=typed)] if paper is not None else []


def _with_scheme(typed: str) -> str:
    """Return an address as browsers and chats write it, in full."""
    typed = typed.strip().removeprefix("<").removesuffix(">").strip()
    return f"https://{typed}" if re.match(r"(?:www\.|export\.)?arxiv\.org/", typed, re.IGNORECASE) else typed
