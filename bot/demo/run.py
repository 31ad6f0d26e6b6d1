"""The demonstration: the real pipeline over loopback sockets against the sample day, in a directory of its own."""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bot.app import open_online_services
from bot.clock import AsOfClock
from bot.demo.loopback import LoopbackArxiv
from bot.demo.sample import load_sample_world
from bot.digest.catalogue import find_topic
from bot.model import Brief, IngestReport
from bot.settings import Settings
from bot.sources.calendar import load_calendar

DEMO_TOPICS = ("llm-reasoning", "agents", "diffusion")
HOURS_AFTER_RELEASE = 6
"""Late enough for the feed, which arXiv rebuilds at midnight US Eastern: the demonstration shows every stage."""


async def run_demo(topics: Sequence[str]) -> tuple[IngestReport, list[Brief]]:
    """Ingest the sample day and return the report with a brief for each of `topics` (default: a selection).

    Raises `UsageError` for a topic that the catalogue does not have.
    """
    profiles = [find_topic(name) for name in topics or DEMO_TOPICS]
    world = load_sample_world()
    as_of = load_calendar(None).release(world.announced_on) + timedelta(hours=HOURS_AFTER_RELEASE)
    world.set_now(as_of)
    with tempfile.TemporaryDirectory(prefix="paperbrief-demo-") as directory:
        async with LoopbackArxiv(world) as server:
            settings = demo_settings(server, Path(directory))
            async with open_online_services(settings, clock=AsOfClock(as_of)) as services:
                report = await services.ingest.run(world.categories)
                briefs = await services.reading.briefing.briefs(
                    profiles, world.announced_on, max_papers=settings.brief.max_papers
                )
    return report, briefs


def demo_settings(server: LoopbackArxiv, directory: Path) -> Settings:
    """Return settings that know nothing of the owner's: loopback addresses, no pause, data in `directory`."""
    return Settings(
        _env_file=None,
        discord_token=None,
        openai_api_key=None,
        data_dir=directory,
        arxiv={
            "list_url": server.list_url,
            "feed_url": server.feed_url,
            "api_url": server.api_url,
            "oai_url": server.oai_url,
            "html_url": server.html_url,
            "pdf_url": server.pdf_url,
            "min_interval": 0,
            "calendar": None,
        },
        database={"url": None},
    )
