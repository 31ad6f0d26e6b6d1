"""The checks behind `paperbrief doctor`. Each returns findings and never raises for what it looks for."""

import importlib.metadata
import importlib.util
import os
import shutil
import zoneinfo
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

from bot import __version__
from bot.clock import SystemClock
from bot.errors import PaperBriefError, SourceError
from bot.health.checks import MIN_FREE_BYTES
from bot.model import SourceName
from bot.setting_types import is_loopback
from bot.settings import ANNOUNCE_ZONE, OPENAI_URL, Settings, unknown_variables

DISTRIBUTION = "paper-brief-bot"
CLOCK_TOLERANCE = timedelta(seconds=60)
_PROBE_PATHS = {
    SourceName.LISTING: "/cs.CL/new?skip=0&show=25",
    SourceName.FEED: "/rss/cs.CL",
    SourceName.API: "?id_list=1706.03762&max_results=1",
    SourceName.OAI: "?verb=Identify",
}
_MARKS = {
    SourceName.LISTING: b"Showing new listings for",
    SourceName.FEED: b"<rss",
    SourceName.API: b"<feed",
    SourceName.OAI: b"<OAI-PMH",
}


class Level(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check-up: what was looked at, and what to do unless it is ok."""

    level: Level
    subject: str
    text: str


async def check_up(settings: Settings, *, offline: bool) -> list[Finding]:
    """Return one finding or more for each thing that the program stands on."""
    findings = [
        *_settings(settings),
        *_misspelt(),
        *_imports(),
        *_zones(),
        *_disk(settings.data_dir),
        *await _database(settings),
    ]
    sound = database_is_sound(findings)
    findings += await _web(settings, sound=sound)
    findings += await _owner(settings, sound=sound)
    if offline:
        findings.append(Finding(Level.OK, "addresses", "not asked (--offline)"))
    else:
        findings += await _addresses(settings, sound=sound)
    return findings


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding(Level.OK, "version", __version__)
    if settings.arxiv.contact:
        yield Finding(Level.OK, "contact", "ARXIV__CONTACT is set; arXiv sees it in the User-Agent")
    else:
        yield Finding(Level.WARN, "contact", "set ARXIV__CONTACT to an e-mail address or URL: arXiv asks for one")
    token = "set" if settings.discord_token else "not set; only needed to run the Discord bot (DISCORD_TOKEN)"
    yield Finding(Level.OK, "discord token", token)
    model = settings.llm.model or "none; summaries are extracted from abstracts (LLM__MODEL)"
    yield Finding(Level.OK, "model", model)
    for warning in model_warnings(settings):
        yield Finding(Level.WARN, "model", warning)
    yield from embedding_findings(settings)


def _misspelt() -> Iterator[Finding]:
    for name, meant in unknown_variables().items():
        yield Finding(Level.WARN, "settings", f"{name} is not a setting and has no effect; did you mean {meant}?")


def _imports() -> Iterator[Finding]:
    providers = importlib.metadata.packages_distributions()
    for package in ("bot", "cogs"):
        others = sorted(set(providers.get(package, [])) - {DISTRIBUTION})
        if others:
            text = (
                f"{', '.join(others)} also ships a package named {package!r}: install Paper Brief in a venv of its own"
            )
            yield Finding(Level.FAIL, "imports", text)
        else:
            yield Finding(Level.OK, "imports", f"{package} is ours alone")


def _zones() -> Iterator[Finding]:
    try:
        zoneinfo.ZoneInfo(ANNOUNCE_ZONE)
    except zoneinfo.ZoneInfoNotFoundError:
        yield Finding(Level.FAIL, "zone data", f"{ANNOUNCE_ZONE} is missing: reinstall the tzdata package")
        return
    yield Finding(Level.OK, "zone data", f"{len(zoneinfo.available_timezones())} zones, {ANNOUNCE_ZONE} among them")


def nearest(path: Path) -> Path:
    """Return `path`, or the nearest place above it that is there, as far as this user can see."""
    place = path.absolute()
    while not os.path.exists(place):  # noqa: PTH110  # Path.exists raises where one may not look
        place = place.parent
    return place


def can_be_written(place: Path) -> bool:
    """Return whether files can be made in that place."""
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def _disk(data_dir: Path) -> Iterator[Finding]:
    place = nearest(data_dir)
    free = shutil.disk_usage(place).free
    text = f"{free / 2**30:.1f} GiB free at {place}"
    if free < MIN_FREE_BYTES:
        yield Finding(Level.FAIL, "disk", f"{text}: make room, at least {MIN_FREE_BYTES // 2**20} MiB")
    else:
        yield Finding(Level.OK, "disk", text)


async def _database(settings: Settings) -> list[Finding]:
    from bot.store.maintenance import check
    from bot.store.sqlite_file import check_not_lost

    try:
        if _no_database_yet(settings):
            path = settings.data_dir / "paperbrief.sqlite3"
            check_not_lost(path)
            return [Finding(Level.OK, "database", f"{path} does not exist yet; it is made when it is first needed")]
        findings = await check(settings.database_url)
    except PaperBriefError as error:
        return [Finding(Level.FAIL, "database", " ".join(str(error).split()))]
    if findings:
        return [Finding(Level.FAIL, "database", finding) for finding in findings]
    return [Finding(Level.OK, "database", "no damage found")]


def _no_database_yet(settings: Settings) -> bool:
    from bot.store.sqlite_file import is_there

    return settings.database.url is None and not is_there(settings.data_dir / "paperbrief.sqlite3")


def database_is_sound(findings: list[Finding]) -> bool:
    """Return whether the database may be opened without changing it: sound, and of today's schema."""
    return all(one.level is not Level.FAIL for one in findings if one.subject == "database")


async def _owner(settings: Settings, *, sound: bool) -> list[Finding]:
    """Say where notices to the owner go, and whether they get there."""
    if settings.discord.owner_channel is None:
        return [Finding(Level.OK, "owner", "notices to you go to the log alone (DISCORD__OWNER_CHANNEL)")]
    if not sound or _no_database_yet(settings):
        return [Finding(Level.OK, "owner", "DISCORD__OWNER_CHANNEL is set")]
    from bot.store.engine import Database
    from bot.store.health import HealthStore

    try:
        async with Database.open(settings.database_url, busy_timeout=settings.database.busy_timeout) as database:
            trouble = await HealthStore(database).load_trouble(settings.discord.owner_channel)
    except PaperBriefError:
        # The check of the database says what is wrong with it.
        return []
    if trouble is None:
        return [Finding(Level.OK, "owner", "notices to you get to DISCORD__OWNER_CHANNEL")]
    text = f"notices cannot be sent to DISCORD__OWNER_CHANNEL: {trouble}; let the bot post there"
    return [Finding(Level.WARN, "owner", text)]


async def _web(settings: Settings, *, sound: bool) -> list[Finding]:
    web = settings.web
    if web.out is None:
        if web.url is None:
            return []
        text = "WEB__URL is set and WEB__OUT is not: nothing is built, and nothing in Discord leads there"
        return [Finding(Level.WARN, "web edition", text)]
    findings = list(_web_directory(web.out))
    if not sound or _no_database_yet(settings):
        return findings
    from bot.pipeline.publishing import Publications
    from bot.store.engine import Database
    from bot.store.source_state import SourceStateStore

    async with Database.open(settings.database_url, busy_timeout=settings.database.busy_timeout) as database:
        last = await Publications(SourceStateStore(database)).load()
    if last is not None and last.problem is not None:
        text = f"the last build failed at {last.at.isoformat(timespec='seconds')}: {last.problem}"
        findings.append(Finding(Level.FAIL, "web edition", text))
    elif last is not None:
        text = f"built at {last.at.isoformat(timespec='seconds')}, {last.pages:,} files"
        findings.append(Finding(Level.OK, "web edition", text))
    return findings


def _web_directory(out: Path) -> Iterator[Finding]:
    place = nearest(out)
    if not can_be_written(place):
        yield Finding(Level.FAIL, "web edition", f"WEB__OUT: {place} cannot be written; mend its permissions")
    else:
        yield Finding(Level.OK, "web edition", f"{out.absolute()} can be written")


async def _addresses(settings: Settings, *, sound: bool) -> list[Finding]:
    from bot.app import open_client

    text = "not asked: the limit that all processes share is kept in the database, which cannot be used"
    not_asked = [Finding(Level.WARN, "addresses", text), _clock(None)]
    if not sound:
        return not_asked

    addresses = {
        SourceName.LISTING: settings.arxiv.list_url,
        SourceName.FEED: settings.arxiv.feed_url,
        SourceName.API: settings.arxiv.api_url,
        SourceName.OAI: settings.arxiv.oai_url,
    }
    findings: list[Finding] = []
    skew: timedelta | None = None
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(open_client(settings))
        except PaperBriefError:
            return not_asked
        for source, address in addresses.items():
            subject = f"arXiv {source}"
            try:
                response = await client.get(address + _PROBE_PATHS[source], accept="*/*", source=source)
            except SourceError as error:
                findings.append(Finding(Level.FAIL, subject, f"{address}: {error}; is the network reachable?"))
                continue
            if response.status == 200 and _MARKS[source] in response.body:
                findings.append(Finding(Level.OK, subject, f"{address} answers as arXiv does"))
            else:
                text = f"{address} answers with {response.status}, but not as arXiv does; is the address right?"
                findings.append(Finding(Level.FAIL, subject, text))
            stamp = response.headers.get("date")
            if stamp:
                skew = SystemClock().now() - parsedate_to_datetime(stamp).astimezone(UTC)
    return [*findings, _clock(skew)]


def _clock(skew: timedelta | None) -> Finding:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if skew is None:
        return Finding(Level.WARN, "clock", f"{now}, not compared: arXiv did not answer with a date")
    if abs(skew) > CLOCK_TOLERANCE:
        seconds = f"{abs(skew).total_seconds():.0f} s {'ahead of' if skew > timedelta() else 'behind'} arXiv"
        return Finding(Level.FAIL, "clock", f"{now}, {seconds}: turn on time synchronisation")
    return Finding(Level.OK, "clock", f"{now}, within {CLOCK_TOLERANCE.total_seconds():.0f} s of arXiv")


def embedding_findings(settings: Settings) -> Iterator[Finding]:
    """Return what is to be said about vectors: where they come from, or why papers are ranked by words alone."""
    embeddings = settings.embeddings
    if embeddings.provider == "none":
        text = "none; papers are ranked and found by words alone (EMBEDDINGS__PROVIDER)"
        yield Finding(Level.OK, "embeddings", text)
        return
    missing = [name for name in _vector_parts(settings) if importlib.util.find_spec(name) is None]
    if missing:
        text = f"{', '.join(missing)} not installed: papers are ranked by words alone; run make embeddings"
        yield Finding(Level.FAIL, "embeddings", text)
    elif embeddings.provider == "minilm":
        yield Finding(Level.OK, "embeddings", "all-MiniLM-L6-v2 on this machine")
    else:
        yield Finding(Level.OK, "embeddings", f"{embeddings.model} at {embeddings.base_url or OPENAI_URL}")
    address = embeddings.base_url
    if settings.embedding_key and address and address.startswith("http:") and not is_loopback(address):
        text = "EMBEDDINGS__BASE_URL begins with http://: the key and every text travel unencrypted"
        yield Finding(Level.WARN, "embeddings", text)


def _vector_parts(settings: Settings) -> tuple[str, ...]:
    from bot.embed.minilm import PARTS

    return PARTS if settings.embeddings.provider == "minilm" else ("numpy",)


def model_warnings(settings: Settings) -> list[str]:
    """Return what is allowed about the model's settings and may still surprise, one sentence each."""
    llm, found = settings.llm, []
    if settings.openai_api_key and not llm.model:
        found.append("OPENAI_API_KEY is set and LLM__MODEL is not: no model is asked")
    if settings.openai_api_key and llm.model and settings.model_key is None:
        found.append("OPENAI_API_KEY is not sent to LLM__BASE_URL, which is not OpenAI's; use LLM__API_KEY for it")
    if llm.model and settings.model_key and llm.daily_budget is None and llm.daily_tokens is None:
        found.append("a key is set without a ceiling: set LLM__DAILY_BUDGET (with prices) or LLM__DAILY_TOKENS")
    if settings.model_key and llm.base_url and llm.base_url.startswith("http:") and not is_loopback(llm.base_url):
        found.append("LLM__BASE_URL begins with http://: the key and every text travel unencrypted")
    return found
