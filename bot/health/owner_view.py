"""What `/status` says to the owner beside what it says to everybody, and where notices to them get stuck."""

from datetime import timedelta

from bot import __version__
from bot.clock import Clock
from bot.health.report import Report, load_report
from bot.health.wording import News, StoppedChannel, news_lines, report_heading, report_lines
from bot.i18n import Texts
from bot.render.text import clip, escape_discord
from bot.store.health import HealthStore
from bot.store.report import ReportStore

_MAX_REASON = 200


class OwnerView:
    """Reads the database; `channel_id` is where notices go, None for nowhere."""

    def __init__(
        self, store: HealthStore, reports: ReportStore, clock: Clock, *, channel_id: int | None, currency: str
    ) -> None:
        self._store = store
        self._reports = reports
        self._clock = clock
        self._channel_id = channel_id
        self._currency = currency

    async def load_report(self, days: int) -> Report:
        """Return the report on the last `days` days up to now. Raises `StoreError` kinds."""
        now = self._clock.now()
        return await load_report(self._reports, now - timedelta(days=days), now, now)

    async def trouble(self) -> str | None:
        """Return why the owner's channel cannot be written to; None where it can, or where there is none."""
        return None if self._channel_id is None else await self._store.load_trouble(self._channel_id)

    async def lines(self, texts: Texts) -> list[str]:
        """Return what the owner is told, a line for each thing, escaped. Raises `StoreError` kinds."""
        now = self._clock.now()
        stored = await self._store.load(now)
        lines = [
            texts.say(
                "Version {version}, schema {schema}; {servers} servers, {identifies} connections in 24 hours",
                version=__version__,
                schema=stored.schema,
                servers=f"{stored.servers:,}",
                identifies=f"{stored.identifies:,}",
            ),
            await self._notices(texts),
        ]
        parked = [StoppedChannel(one.channel_id, one.reason) for one in await self._store.load_parked()]
        missing = await self._store.load_missing(now)
        lines += news_lines(News(now.date(), stopped=parked, missing=missing), texts)
        # Discord waits for three seconds, the weekly report for as long as it takes.
        report = await load_report(self._reports, now - timedelta(days=7), now, now, count_repeats=False)
        return [*lines, f"**{report_heading(report, texts)}**", *report_lines(report, texts, self._currency)]

    async def _notices(self, texts: Texts) -> str:
        if self._channel_id is None:
            return texts.say("Notices go nowhere but the log: no channel is set for them (`DISCORD__OWNER_CHANNEL`).")
        channel = f"<#{self._channel_id}>"
        trouble = await self.trouble()
        if trouble is None:
            return texts.say("Notices go to {channel}.", channel=channel)
        why = escape_discord(clip(trouble, _MAX_REASON))
        return texts.say("Notices cannot be sent to {channel}: {why}", channel=channel, why=why)
