"""Metadata that the listing page does not have: licence, full author lists, exact versions, dates.

A paper is stored before this runs; a failure here is counted and tried again by a later run, and never costs a paper.
One feed request serves the announcement of the day (feeds are rebuilt at midnight US Eastern and hold only that day).
What missed its feed is asked of OAI-PMH, a request per category, and the rest of the API, one request a run.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import SourceError
from bot.log import get_logger
from bot.model import Paper
from bot.pipeline.ports import Api, Feeds, Oai
from bot.store.papers import PaperStore

_log = get_logger(__name__)

WINDOW = timedelta(days=14)
"""Papers announced longer ago are left as they are."""

API_BATCH = 100
"""arXiv answers for up to 100 ids in one API request."""

_ARXIV_ZONE = ZoneInfo("America/New_York")


class Enrichment:
    """Fills gaps in stored papers, politely: one feed, one OAI request a category, one API request at the most."""

    def __init__(self, papers: PaperStore, *, feed: Feeds, api: Api, oai: Oai) -> None:
        self._papers = papers
        self._feed = feed
        self._api = api
        self._oai = oai

    async def run(self, categories: Sequence[str], as_of: datetime) -> tuple[int, int]:
        """Return (papers enriched, papers that failed now and will be tried again).

        Papers whose feed is still to come count as neither.
        """
        today = as_of.astimezone(_ARXIV_ZONE).date()
        waiting = await self._papers.load_unenriched(limit=5000, announced_since=today - WINDOW)
        in_feed = {arxiv_id for arxiv_id, announced_on in waiting if announced_on == today}
        missed = {arxiv_id: announced_on for arxiv_id, announced_on in waiting if announced_on < today}
        enriched = 0
        if in_feed:
            found = await self._from_feed(categories, in_feed)
            enriched += await self._keep(found, as_of)
            in_feed -= {paper.arxiv_id for paper in found}
        if missed:
            found = await self._from_oai(categories, missed)
            enriched += await self._keep(found, as_of)
            for paper in found:
                del missed[paper.arxiv_id]
        tried = set(in_feed)
        if missed:
            # The store hands out the least often tried first, so that a hundred that fail do not block the rest.
            asked = list(missed)[:API_BATCH]
            found = await self._from_api(asked)
            enriched += await self._keep(found, as_of)
            for paper in found:
                del missed[paper.arxiv_id]
            tried |= missed.keys() & set(asked)
        await self._papers.record_enrichment_failure(sorted(tried), as_of)
        return enriched, len(in_feed) + len(missed)

    async def _keep(self, papers: Sequence[Paper], as_of: datetime) -> int:
        await self._papers.save_metadata(papers)
        await self._papers.mark_enriched([paper.arxiv_id for paper in papers], as_of)
        return len(papers)

    async def _from_feed(self, categories: Sequence[str], wanted: set[str]) -> list[Paper]:
        try:
            feed = await self._feed.fetch(categories)
        except SourceError as error:
            _log.warning("feed could not be read", error=str(error))
            return []
        return [entry.paper for entry in feed.entries if entry.paper.arxiv_id in wanted]

    async def _from_oai(self, categories: Sequence[str], wanted: dict[str, date]) -> list[Paper]:
        found: dict[str, Paper] = {}
        first, last = min(wanted.values()), max(wanted.values())
        for category in categories:
            if found.keys() >= wanted.keys():
                break
            try:
                records = await self._oai.fetch_records(category, first, last)
            except SourceError as error:
                _log.warning("OAI could not be read", category=category, error=str(error))
                break
            found |= {one.paper.arxiv_id: one.paper for one in records if one.paper.arxiv_id in wanted}
        return list(found.values())

    async def _from_api(self, wanted: Sequence[str]) -> list[Paper]:
        try:
            result = await self._api.fetch_papers(wanted)
        except SourceError as error:
            _log.warning("API could not be read", error=str(error))
            return []
        asked = set(wanted)
        return [paper for paper in result.papers if paper.arxiv_id in asked]
