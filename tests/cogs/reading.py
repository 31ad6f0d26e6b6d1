"""What the tests of looking up and reading have in common: the services that these cogs use beyond the others'."""

from collections.abc import Sequence
from dataclasses import fields
from types import SimpleNamespace
from typing import Any, cast

import discord
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult, ResponseMessage

from bot.errors import UsageError
from bot.model import Paper
from bot.pipeline.look_up import Fetch, LookUp
from bot.pipeline.related import Related
from bot.pipeline.shelf import Shelf
from bot.services import Services

READING = ("cogs.briefs", "cogs.papers", "cogs.library")


def with_reading(services: Services, fetch: Fetch | None = None) -> Services:
    """Return `services` with what looks papers up; `fetch` stands for asking arXiv."""
    known = {field.name: getattr(services, field.name) for field in fields(services)}
    known["look_up"] = LookUp(services.papers, services.readers, clock=services.clock, fetch=fetch)
    known["related"] = Related(services.search)
    known["shelf"] = Shelf(services.briefing, services.announcements, clock=services.clock)
    return cast("Services", SimpleNamespace(**known))


class ArxivThatKnows:
    """Stands for arXiv: answers for the papers it is given, and counts how often it was asked."""

    def __init__(self, papers: Sequence[Paper] = ()) -> None:
        self.papers = {paper.arxiv_id: paper for paper in papers}
        self.asked: list[str] = []
        self.services: Services | None = None

    async def __call__(self, arxiv_id: str) -> Paper:
        """Return and store the paper; raises `UsageError` for one it does not know."""
        self.asked.append(arxiv_id)
        if arxiv_id not in self.papers:
            raise UsageError(f"arXiv knows no paper {arxiv_id}")
        assert self.services is not None
        await self.services.papers.save_metadata([self.papers[arxiv_id]])
        return self.papers[arxiv_id]


def make_paper(arxiv_id: str = "2611.00001", **changes: Any) -> Paper:
    """Return a paper; `changes` are fields of `Paper`."""
    values: dict[str, Any] = {
        "title": f"On the matter of {arxiv_id}",
        "abstract": "We study matter. Results show that it matters.",
        "authors": ("Ann Lee", "Bo Chen"),
        "primary_category": "cs.CL",
        "categories": ("cs.CL",),
    }
    return Paper(arxiv_id=arxiv_id, **(values | changes))


def menu_of(result: InteractionResult, prefix: str = "pb:") -> dict[str, Any]:
    """Return the first menu of an answer whose id begins so."""
    assert result.response is not None
    for row in result.response.components:
        for one in row["components"]:
            if one["type"] == 3 and one["custom_id"].startswith(prefix):
                return cast("dict[str, Any]", one)
    raise AssertionError(f"no menu {prefix} in {result.response.components}")


def ids_of(result: InteractionResult) -> list[str]:
    """Return the ids of all components of an answer."""
    assert result.response is not None
    return [one["custom_id"] for row in result.response.components for one in row["components"]]


def embed_of(result: InteractionResult) -> discord.Embed:
    """Return the one embed of an answer."""
    assert result.response is not None
    (embed,) = result.response.embeds
    return embed


def reply(result: InteractionResult) -> ResponseMessage:
    """Return the message that answered."""
    assert result.response is not None
    return result.response


def last_message(channel: ChannelHandle) -> discord.Message:
    """Return the newest message of a channel."""
    assert channel.last_message is not None
    return channel.last_message
