"""A channel with feedback beside others: a brief of its own, and not one request more for what both show."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.delivery import DeliveryKind, TopicKey
from bot.model import Edition
from bot.store.briefs import BriefStore
from bot.store.spend import SpendStore
from tests.wire.model_day import DAY, MORNING, TOPIC, DayClock, ModelDay, fill, open_day
from tests.wire.openai_server import OpenAIServer

OURS, THEIRS = 1, 2


@pytest.fixture
async def path(migrated_file: Path, tmp_path: Path) -> Path:
    made = tmp_path / "paperbrief.sqlite3"
    shutil.copyfile(migrated_file, made)
    await fill(made, DayClock())
    return made


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as running:
        yield running


async def requests(day: ModelDay) -> dict[str, int]:
    """Return how often the model was asked, by purpose."""
    return {one[2]: one[3].requests for one in await SpendStore(day.services.database).load_days(DAY)}


async def click(day: ModelDay, arxiv_id: str, value: int) -> None:
    await day.services.readers.record_feedback(5, 7, OURS, TopicKey(TOPIC), arxiv_id, value, MORNING)


async def test_shared_papers_are_summarised_once_and_the_order_is_asked_for_once(
    path: Path, server: OpenAIServer
) -> None:
    async with open_day(path, server, {"rerank": True}) as day:
        topic = day.services.catalogue[TOPIC]
        preview = await day.services.briefing.brief(topic, DAY, max_papers=10)
        await click(day, preview.items[0].paper.arxiv_id, -1)
        await day.subscribe(THEIRS)
        await day.subscribe(OURS)
        report = await day.plan()
        assert report.planned == {DeliveryKind.BRIEF: 2}
        briefs = BriefStore(day.services.database)
        shared = await briefs.load_brief(topic, DAY, "en")
        own = await briefs.load_brief(topic, DAY, "en", edition=Edition(7, OURS))
        assert shared is not None
        assert own is not None
        shown = {item.paper.arxiv_id for brief in (shared, own) for item in brief.items}
        assert [item.paper for item in own.items] != [item.paper for item in shared.items]
        assert await requests(day) == {"rerank": 1, "summary": len(shown)}
        assert len(shown) < 20
        assert all(item.summary.producer == "small" for item in own.items)


async def test_feedback_that_changes_no_order_costs_nothing(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server, {"overview": True}) as day:
        topic = day.services.catalogue[TOPIC]
        preview = await day.services.briefing.brief(topic, DAY, max_papers=10)
        # What came first already.
        await click(day, preview.items[0].paper.arxiv_id, 1)
        await day.subscribe(THEIRS, max_papers=1)
        await day.subscribe(OURS, max_papers=1)
        await day.plan()
        assert (await requests(day))["summary"] == 1
        ours, theirs = await day.posted(OURS), await day.posted(THEIRS)
        assert [one["title"] for one in ours["embeds"]] == [one["title"] for one in theirs["embeds"]]
