"""Operators of SQL and of full-text search, typed by a member into commands."""

import pytest

from tests.cogs.conftest import World, text_of
from tests.faults.test_search_faults import ATTACKS


@pytest.mark.fault("X2")
@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_member_who_types_operators_gets_an_answer_and_nothing_else(world: World, attack: str) -> None:
    """The fixture fails the test for any error that is not meant for the member's eyes."""
    before = await world.services.papers.count()
    for options in ({"query": attack}, {"query": "paper", "author": attack}, {"query": attack, "sort": "relevance"}):
        said = text_of(await world.member.slash(world.channel, "search", **options))
        assert said
        assert "Something went wrong" not in said
    for command in ("paper", "related"):
        assert text_of(await world.member.slash(world.channel, command, paper=attack))
    assert await world.services.papers.count() == before
