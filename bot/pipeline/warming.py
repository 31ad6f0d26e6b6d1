"""Texts of what will be posted, made before its time: a brief that is wanted at nine finds them in the cache.

Looks at what is announced and not yet due, and has summaries made in the language of each subscription, and
translations where one wants them: nothing else. Within the day's budget, and a few papers at a time, so that a reader
who asks meanwhile has a turn soon.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.clock import Clock
from bot.delivery import Subscription, TopicKey
from bot.digest.languages import same_language
from bot.log import get_logger
from bot.model import Announcement, Brief, Paper, Topic
from bot.pipeline import deciding
from bot.pipeline.agenda import Recipe
from bot.pipeline.patience import Patience
from bot.pipeline.planning_ports import LoadTopics
from bot.pipeline.summarising import Written
from bot.sources.calendar import AnnouncementCalendar
from bot.texts import Fallback, Translation

AT_ONCE = 4
"""Papers asked about at the same time, of the eight that a model takes by default."""

_PATIENCE = 120.0
"""Seconds for those; what takes longer is left to the next tick."""

REST = timedelta(minutes=15)
"""Until the next look when the budget is spent, or the model does not answer."""

_log = get_logger(__name__)

_Seen = tuple[Announcement, ...]


class Announcements(Protocol):
    """What is asked of the stored announcements."""

    async def load(self, category: str, announced_on: date) -> Announcement | None:
        """Return a category's announcement of a date, or None."""
        ...


class Subscriptions(Protocol):
    """What is asked of the subscriptions."""

    async def load_active(self) -> list[Subscription]:
        """Return every subscription that gets briefs."""
        ...


class Briefs(Protocol):
    """Makes briefs as they will be posted, without their summaries."""

    async def drafts(
        self, topics: Sequence[Topic], announced_on: date, *, max_papers: int, language: str, patience: Patience
    ) -> list[Brief]:
        """Return the briefs with the papers that will be shown."""
        ...


class Summaries(Protocol):
    """Writes summaries."""

    @property
    def producer(self) -> str | None:
        """Return the model's name, or None without one."""
        ...

    async def write(
        self, papers: Iterable[Paper], language: str, *, patience: Patience | None = None
    ) -> dict[str, Written]:
        """Return a summary of every paper."""
        ...


class Translations(Protocol):
    """Translates papers; see `bot.pipeline.translating.Translator`."""

    async def translate_all(
        self, papers: Iterable[Paper], language: str, *, patience: Patience
    ) -> dict[str, Translation | Fallback]:
        """Return a translation of every paper, or why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class WarmUpReport:
    """What one run did. `made`: summaries. `translated`: papers whose translation is there.

    `stopped`: the model gave nothing any more, and the rest is left to a later run.
    """

    papers: int = 0
    made: int = 0
    translated: int = 0
    stopped: Fallback | None = None


@dataclass(frozen=True, slots=True)
class _Wish:
    """A topic of one recipe, the announcements that its papers come from, and whether anybody wants translations."""

    topic: Topic
    seen: _Seen
    translate: bool


class WarmUp:
    """Writes ahead. One run at a time."""

    def __init__(
        self,
        announcements: Announcements,
        subscriptions: Subscriptions,
        topics: LoadTopics,
        briefs: Briefs,
        summaries: Summaries,
        calendar: AnnouncementCalendar,
        clock: Clock,
        *,
        translations: Translations | None = None,
    ) -> None:
        self._announcements = announcements
        self._subscriptions = subscriptions
        self._topics = topics
        self._briefs = briefs
        self._summaries = summaries
        self._calendar = calendar
        self._clock = clock
        self._translations = translations
        self._done: dict[tuple[Recipe, TopicKey], _Wish] = {}
        self._rested: datetime | None = None

    async def run(self) -> WarmUpReport:
        """Write what is missing for the subscriptions that wait for their time. Raises `StoreError` kinds."""
        now = self._clock.now()
        # Not "earlier than": a clock that was set back must not silence it until it has caught up.
        if self._summaries.producer is None or (self._rested is not None and timedelta() <= now - self._rested < REST):
            return WarmUpReport()
        self._rested = None
        wanted = await self._wanted()
        total = WarmUpReport()
        for recipe, wishes in wanted.items():
            found = await self._warm(recipe, wishes)
            total = WarmUpReport(
                total.papers + found.papers,
                total.made + found.made,
                total.translated + found.translated,
                found.stopped,
            )
            if total.stopped is not None:
                self._rested = now
                break
        if total.papers:
            _log.info(
                "wrote ahead",
                papers=total.papers,
                made=total.made,
                translated=total.translated,
                stopped=total.stopped.value if total.stopped else None,
            )
        return total

    async def _wanted(self) -> dict[Recipe, dict[TopicKey, _Wish]]:
        """Return the topics whose announcement is there and whose time is to come, and which were not done yet."""
        now = self._clock.now()
        announced_on = self._calendar.due(now)
        keys: defaultdict[Recipe, dict[TopicKey, bool]] = defaultdict(dict)
        for one in await self._subscriptions.load_active():
            if deciding.first_date(one, self._calendar) > announced_on:
                continue
            if deciding.wanted_at(one, announced_on, self._calendar) > now:
                topics = keys[Recipe(announced_on, one.language, one.max_papers)]
                topics[one.topic] = topics.get(one.topic, False) or self._translates(one)
        rows: dict[str, Announcement | None] = {}
        wanted: dict[Recipe, dict[TopicKey, _Wish]] = {}
        found = await self._topics({key for topics in keys.values() for key in topics})
        for recipe, topics in keys.items():
            for key in sorted(topics, key=lambda one: (one.guild_id or 0, one.slug)):
                topic = found.get(key)
                seen = await self._seen(topic, announced_on, rows) if topic is not None else None
                if topic is None or seen is None:
                    continue
                wish = _Wish(topic, seen, topics[key])
                if self._done.get((recipe, key)) != wish:
                    wanted.setdefault(recipe, {})[key] = wish
        self._done = {done: wish for done, wish in self._done.items() if done[0].announced_on == announced_on}
        return wanted

    def _translates(self, one: Subscription) -> bool:
        return one.translate and self._translations is not None and not same_language(one.language, "en")

    async def _seen(self, topic: Topic, announced_on: date, rows: dict[str, Announcement | None]) -> _Seen | None:
        """Return a topic's announcements of a date when all are there, else None: their papers may still change."""
        for category in topic.categories:
            if category not in rows:
                rows[category] = await self._announcements.load(category, announced_on)
        found = tuple(row for category in topic.categories if (row := rows[category]) is not None)
        whole = len(found) == len(topic.categories) and all(row.state in deciding.SETTLED for row in found)
        return found if whole else None

    async def _warm(self, recipe: Recipe, wishes: Mapping[TopicKey, _Wish]) -> WarmUpReport:
        briefs = await self._briefs.drafts(
            [wish.topic for wish in wishes.values()],
            recipe.announced_on,
            max_papers=recipe.max_papers,
            language=recipe.language,
            patience=Patience(_PATIENCE),
        )
        papers = list({item.paper.arxiv_id: item.paper for brief in briefs for item in brief.items}.values())
        made = 0
        for group in _groups(papers):
            written = await self._summaries.write(group, recipe.language, patience=Patience(_PATIENCE))
            made += sum(one.made and one.by_model for one in written.values())
            stopped = _trouble([None if one.by_model else one.summary.fallback for one in written.values()])
            if stopped is not None:
                return WarmUpReport(len(papers), made, 0, stopped)
        wanted = {
            item.paper.arxiv_id: item.paper
            for brief, wish in zip(briefs, wishes.values(), strict=True)
            if wish.translate
            for item in brief.items
        }
        translated, stopped = await self._translate(list(wanted.values()), recipe.language)
        if stopped is None:
            self._done.update({(recipe, key): wish for key, wish in wishes.items()})
        return WarmUpReport(len(papers), made, translated, stopped)

    async def _translate(self, papers: Sequence[Paper], language: str) -> tuple[int, Fallback | None]:
        """Return how many translations are there, and why the rest is not begun."""
        translated = 0
        if self._translations is None:
            return translated, None
        for group in _groups(papers):
            found = await self._translations.translate_all(group, language, patience=Patience(_PATIENCE))
            reasons = [one if isinstance(one, Fallback) else None for one in found.values()]
            translated += reasons.count(None)
            if (stopped := _trouble(reasons)) is not None:
                return translated, stopped
        return translated, None


def _groups(papers: Sequence[Paper]) -> Iterator[Sequence[Paper]]:
    return (papers[start : start + AT_ONCE] for start in range(0, len(papers), AT_ONCE))


def _trouble(reasons: Sequence[Fallback | None]) -> Fallback | None:
    """Return why it makes no sense to go on now: no budget, or a model that does not answer at all (None: it did)."""
    if Fallback.BUDGET in reasons:
        return Fallback.BUDGET
    if None in reasons:
        return None
    return next((why for why in (Fallback.UNAVAILABLE, Fallback.DEADLINE) if why in reasons), None)
