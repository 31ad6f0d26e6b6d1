"""The demonstration: the real pipeline over loopback sockets against the sample day, in a directory of its own.

Of the owner's settings it takes those of the language model, and only from the environment: what a `.env` holds for the
real bot, its key included, is not spent on a demonstration.
"""

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
from bot.pipeline.patience import Patience
from bot.settings import Settings, load_settings
from bot.sources.calendar import load_calendar

DEMO_TOPICS = ("llm-reasoning", "agents", "diffusion")
HOURS_AFTER_RELEASE = 6
"""Late enough for the feed, which arXiv rebuilds at midnight US Eastern: the demonstration shows every stage."""


async def run_demo(
    topics: Sequence[str], settings: Settings | None = None, language: str = "en"
) -> tuple[IngestReport, list[Brief]]:
    """Ingest the sample day and return the report with a brief for each of `topics` (default: a selection).

    `settings`: those of `read_settings`, whose model is asked where they name one; `language` is that of its summaries.
    Raises `UsageError` for a topic that the catalogue does not have, `SettingsError`.
    """
    profiles = [find_topic(name) for name in topics or DEMO_TOPICS]
    world = load_sample_world()
    as_of = load_calendar(None).release(world.announced_on) + timedelta(hours=HOURS_AFTER_RELEASE)
    world.set_now(as_of)
    with tempfile.TemporaryDirectory(prefix="paperbrief-demo-") as directory:
        async with LoopbackArxiv(world) as server:
            at = at_loopback(settings or read_settings(), server, Path(directory))
            async with open_online_services(at, clock=AsOfClock(as_of), with_model=True) as services:
                report = await services.ingest.run(world.categories)
                briefs = await services.reading.briefing.briefs_to_post(
                    profiles,
                    world.announced_on,
                    max_papers=at.brief.max_papers,
                    language=language,
                    patience=Patience(at.llm.patience),
                )
    return report, briefs


def read_settings() -> Settings:
    """Return what the environment says of a language model, with nothing else of the owner's that matters.

    Raises `SettingsError` for a wrong setting.
    """
    return load_settings(_env_file=None, discord_token=None, database={"url": None}, arxiv={"calendar": None})


def at_loopback(settings: Settings, server: LoopbackArxiv, directory: Path) -> Settings:
    """Return `settings` with loopback addresses for arXiv's, no pause between requests, and data in `directory`."""
    arxiv = {
        "list_url": server.list_url,
        "feed_url": server.feed_url,
        "api_url": server.api_url,
        "oai_url": server.oai_url,
        "html_url": server.html_url,
        "pdf_url": server.pdf_url,
        "min_interval": 0.0,
    }
    return settings.model_copy(update={"data_dir": directory, "arxiv": settings.arxiv.model_copy(update=arxiv)})
