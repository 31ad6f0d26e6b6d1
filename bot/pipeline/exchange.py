"""Subscriptions and servers' own topics, written to a file and read from one; also from lists of other programs.

Reading the same file again changes nothing. Each entry is judged by itself: what is refused is said, with the reason,
and stops no other. Nothing is fetched, and no message is sent from here.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from bot.delivery import Subscription, SubscriptionState, TopicKey
from bot.digest.query import parse_query
from bot.errors import QuerySyntaxError, UsageError
from bot.i18n import LOCALES
from bot.model import Topic, Weights
from bot.pipeline.exchange_form import (
    FORMAT,
    VERSION,
    SubscriptionEntry,
    TopicEntry,
    open_server,
    problem_of,
    servers_of,
)
from bot.pipeline.topics import build_slug
from bot.render.text import sanitise
from bot.sources.categories import check_categories
from bot.sources.channel_lists import ListedFeed, categories_of, on_one_line
from bot.store.guild_topics import GuildTopicStore
from bot.store.subscriptions import SubscriptionStore


class Done(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One entry of a file: what it is about, what was done, and why it was refused."""

    entry: str
    done: Done
    why: str = ""


class Exchange:
    """Writes and reads the file. With `dry_run` it only says what it would do.

    Every method raises the kinds of `StoreError`, and `UsageError` for a file that cannot be read as a whole.
    """

    def __init__(
        self,
        subscriptions: SubscriptionStore,
        topics: GuildTopicStore,
        catalogue: Mapping[str, Topic],
        *,
        subscriptions_per_guild: int,
        topics_per_guild: int,
        dry_run: bool = False,
    ) -> None:
        self._subscriptions = subscriptions
        self._topics = topics
        self._catalogue = catalogue
        self._most_subscriptions = subscriptions_per_guild
        self._most_topics = topics_per_guild
        self._dry_run = dry_run
        # What a dry run would have stored: later entries count on it.
        self._new_topics: dict[tuple[int, str], Topic] = {}
        self._new_subscriptions: dict[tuple[int, TopicKey], Subscription] = {}
        self._added: Counter[tuple[int, str]] = Counter()

    async def export(self, now: datetime, guild_id: int | None = None) -> dict[str, Any]:
        """Return the file's contents: of all servers, or of one."""
        topics = await (self._topics.load_every() if guild_id is None else self._topics.load_all(guild_id))
        wishes = await (
            self._subscriptions.load_all() if guild_id is None else self._subscriptions.load_guild(guild_id)
        )
        ids = sorted({one.guild_id for one in topics if one.guild_id} | {one.guild_id for one in wishes})
        servers = [
            {
                "server_id": str(each),
                "topics": [_topic_entry(one) for one in topics if one.guild_id == each],
                "subscriptions": [
                    _subscription_entry(one)
                    for one in wishes
                    if one.guild_id == each and one.state is not SubscriptionState.LEFT
                ],
            }
            for each in ids
        ]
        return {"format": FORMAT, "version": VERSION, "exported_at": now.isoformat(), "servers": servers}

    async def read_file(self, document: Any, now: datetime) -> list[Outcome]:
        """Take over what a file of `export` holds."""
        outcomes: list[Outcome] = []
        for number, server in enumerate(servers_of(document), 1):
            try:
                guild_id, topics, subscriptions = open_server(server)
            except UsageError as error:
                outcomes.append(Outcome(f"server {number}", Done.REFUSED, str(error)))
                continue
            outcomes += [await self._take_topic(guild_id, place, entry) for place, entry in enumerate(topics, 1)]
            outcomes += [
                await self._take_subscription(guild_id, place, entry, now)
                for place, entry in enumerate(subscriptions, 1)
            ]
        return outcomes

    async def read_list(
        self, feeds: list[ListedFeed], now: datetime, *, guild_id: int | None = None, channel_id: int | None = None
    ) -> list[Outcome]:
        """Subscribe channels to what a list of feeds names.

        `guild_id` and `channel_id` are those of lines that name none.
        """
        outcomes = []
        for one in feeds:
            entry = f"{one.place}: {on_one_line(one.feed)}"
            try:
                outcome = await self._take_feed(entry, one, one.guild_id or guild_id, one.channel_id or channel_id, now)
            except UsageError as error:
                outcome = Outcome(entry, Done.REFUSED, str(error))
            outcomes.append(outcome)
        return outcomes

    async def _take_feed(
        self, entry: str, one: ListedFeed, guild_id: int | None, channel_id: int | None, now: datetime
    ) -> Outcome:
        categories = categories_of(one.feed)
        if channel_id is None:
            raise UsageError("it names no channel; give one with --channel")
        if guild_id is None:
            raise UsageError("it names no server; give one with --server")
        topic = await self._category_topic(guild_id, categories)
        own = topic.guild_id is not None
        wish = SubscriptionEntry.model_construct(channel_id=str(channel_id), topic=topic.slug, own_topic=own)
        return await self._subscribe(entry, guild_id, wish, now, keep=True)

    async def _take_topic(self, guild_id: int, place: int, entry: Any) -> Outcome:
        name = f"server {guild_id}, topic {place}"
        try:
            form = TopicEntry.model_validate(entry)
            name = f"server {guild_id}, topic {form.slug}"
            return await self._keep_topic(name, _as_topic(form, guild_id))
        except ValidationError as error:
            return Outcome(name, Done.REFUSED, problem_of(error))
        except QuerySyntaxError as error:
            return Outcome(name, Done.REFUSED, f"its query does not parse {str(error).splitlines()[0]}")
        except UsageError as error:
            return Outcome(name, Done.REFUSED, str(error))

    async def _keep_topic(self, name: str, topic: Topic) -> Outcome:
        guild_id = topic.guild_id or 0
        if topic.slug in self._catalogue:
            raise UsageError("there is a built-in topic of that name")
        before = await self._own_topic(guild_id, topic.slug)
        if before == topic:
            return Outcome(name, Done.UNCHANGED)
        held = await self._topics.count(guild_id) + self._added[guild_id, "topics"]
        if before is None and held >= self._most_topics:
            raise UsageError(f"the server has {self._most_topics} topics, the limit (LIMITS__TOPICS_PER_GUILD)")
        if self._dry_run:
            self._new_topics[guild_id, topic.slug] = topic
            self._added[guild_id, "topics"] += before is None
        else:
            await self._topics.save(topic)
        return Outcome(name, Done.ADDED if before is None else Done.CHANGED)

    async def _category_topic(self, guild_id: int, categories: tuple[str, ...]) -> Topic:
        """Return the topic of those whole categories, made for the server where there is none."""
        for one in self._catalogue.values():
            if one.categories == categories and not one.query and not one.exclude:
                return one
        name = ", ".join(categories)
        topic = Topic(build_slug(name), {"en": name[:60]}, categories, guild_id=guild_id)
        before = await self._own_topic(guild_id, topic.slug)
        if before is not None and (before.categories, before.query, before.exclude) != (categories, "", ""):
            raise UsageError(f"the server has another topic named {topic.slug}")
        if before is None:
            await self._keep_topic(name, topic)
        return before or topic

    async def _own_topic(self, guild_id: int, slug: str) -> Topic | None:
        return self._new_topics.get((guild_id, slug)) or await self._topics.load(guild_id, slug)

    async def _take_subscription(self, guild_id: int, place: int, entry: Any, now: datetime) -> Outcome:
        name = f"server {guild_id}, subscription {place}"
        try:
            form = SubscriptionEntry.model_validate(entry)
            name = f"server {guild_id}, channel {form.channel_id}, {form.topic}"
            return await self._subscribe(name, guild_id, form, now)
        except ValidationError as error:
            return Outcome(name, Done.REFUSED, problem_of(error))
        except UsageError as error:
            return Outcome(name, Done.REFUSED, str(error))

    async def _subscribe(
        self, name: str, guild_id: int, form: SubscriptionEntry, now: datetime, *, keep: bool = False
    ) -> Outcome:
        """Store a subscription; with `keep`, one that is there stays as it is."""
        wish = _as_subscription(form, guild_id, now)
        known = self._own_topic(guild_id, form.topic) if form.own_topic else None
        if (self._catalogue.get(form.topic) if known is None else await known) is None:
            raise UsageError(f"there is no {'own' if form.own_topic else 'built-in'} topic {form.topic}")
        key = (wish.channel_id, wish.topic)
        before = self._new_subscriptions.get(key) or await self._subscriptions.load(*key)
        if before is not None and before.guild_id != guild_id:
            raise UsageError("that channel is one of another server")
        if before is not None:
            # When and by whom it was made, and how it stands with Discord, are not the file's business.
            wish = replace(
                wish,
                created_by=before.created_by,
                created_at=before.created_at,
                state=before.state,
                reason=before.reason,
            )
            if keep or before == wish:
                return Outcome(name, Done.UNCHANGED)
        held = await self._subscriptions.count_guild(guild_id) + self._added[guild_id, "subscriptions"]
        if before is None and held >= self._most_subscriptions:
            raise UsageError(
                f"the server has {self._most_subscriptions} subscriptions, the limit (LIMITS__SUBSCRIPTIONS_PER_GUILD)"
            )
        if self._dry_run:
            self._new_subscriptions[key] = wish
            self._added[guild_id, "subscriptions"] += before is None
        else:
            await self._subscriptions.save(wish)
        return Outcome(name, Done.ADDED if before is None else Done.CHANGED)


def _as_topic(form: TopicEntry, guild_id: int) -> Topic:
    names = {language: sanitise(name) for language, name in form.names.items()}
    if not names.get("en") or not all(names.values()):
        raise UsageError('names: a name in "en" is missing, or one is empty')
    unknown = sorted(set(form.weights) - set(asdict(Weights())))
    if unknown:
        raise UsageError(f"weights: there is none named {on_one_line(unknown[0])}")
    for text in (form.query, form.exclude):
        parse_query(text)
    query, exclude, interest = (" ".join(text.split()) for text in (form.query, form.exclude, form.interest))
    return Topic(
        slug=form.slug,
        names=names,
        categories=check_categories(form.categories),
        query=query,
        exclude=exclude,
        interest=sanitise(interest),
        cross_lists=form.cross_lists,
        guild_id=guild_id,
        weights=Weights(**form.weights),
    )


def _as_subscription(form: SubscriptionEntry, guild_id: int, now: datetime) -> Subscription:
    try:
        ZoneInfo(form.timezone)
    except (ValueError, OSError, LookupError):
        raise UsageError(f"timezone: there is no zone {on_one_line(form.timezone)}") from None
    if form.language not in LOCALES:
        raise UsageError(f"language: {on_one_line(form.language)} is none of {', '.join(LOCALES)}")
    return Subscription(
        guild_id=guild_id,
        channel_id=int(form.channel_id),
        topic=TopicKey(form.topic, guild_id if form.own_topic else None),
        created_by=0,
        created_at=now,
        post_time=time.fromisoformat(form.time) if form.time else None,
        zone=form.timezone,
        language=form.language,
        style=form.style,
        max_papers=form.max_papers,
        role_id=int(form.role_id) if form.role_id else None,
        crosspost=form.crosspost,
        quiet_line=form.quiet_line,
        tag_ids=tuple(int(one) for one in form.tag_ids),
        translate=form.translate,
        state=SubscriptionState.PAUSED if form.paused else SubscriptionState.ACTIVE,
    )


def _topic_entry(one: Topic) -> dict[str, Any]:
    return {
        "slug": one.slug,
        "names": dict(one.names),
        "categories": list(one.categories),
        "query": one.query,
        "exclude": one.exclude,
        "interest": one.interest,
        "cross_lists": one.cross_lists.value,
        "weights": asdict(one.weights) if one.weights != Weights() else {},
    }


def _subscription_entry(one: Subscription) -> dict[str, Any]:
    return {
        "channel_id": str(one.channel_id),
        "topic": one.topic.slug,
        "own_topic": one.topic.guild_id is not None,
        "time": one.post_time.isoformat("minutes") if one.post_time else None,
        "timezone": one.zone,
        "language": one.language,
        "style": one.style.value,
        "max_papers": one.max_papers,
        "role_id": str(one.role_id) if one.role_id else None,
        "crosspost": one.crosspost,
        "quiet_line": one.quiet_line,
        "tag_ids": [str(tag) for tag in one.tag_ids],
        "translate": one.translate,
        "paused": one.state is SubscriptionState.PAUSED,
    }
