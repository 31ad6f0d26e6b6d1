"""The topics that a server may choose from, its own and the built-in ones: finding, making and trying them.

Reads the cache only. Refuses in words of the catalogue, so that the cogs have nothing to add.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bot.delivery import TopicKey
from bot.digest.coverage import MAX_SHARE, check_coverage
from bot.digest.query import parse_query
from bot.digest.text import PaperText
from bot.errors import UsageError
from bot.i18n import Refusal
from bot.model import CrossListPolicy, DryRun, Topic
from bot.pipeline.briefing import Briefing
from bot.render.text import clip, escape_discord, sanitise
from bot.sources.categories import check_categories

MAX_NAME = 60
MAX_SLUG = 32
MAX_CATEGORIES = 12
MAX_INTEREST = 1000

_WORD = re.compile(r"[a-z0-9]+")
_PARTED = re.compile(r"[\s,;，；、]+")


class GuildTopics(Protocol):
    """Where a server's own topics are kept."""

    async def save(self, topic: Topic) -> None:
        """Store a topic, in place of one of the same key."""
        ...

    async def load(self, guild_id: int, slug: str) -> Topic | None:
        """Return the topic, or None."""
        ...

    async def load_all(self, guild_id: int) -> Sequence[Topic]:
        """Return the server's topics."""
        ...

    async def load_every(self) -> Sequence[Topic]:
        """Return the topics of all servers."""
        ...

    async def delete(self, guild_id: int, slug: str) -> bool:
        """Delete the topic; return whether there was one."""
        ...

    async def count(self, guild_id: int) -> int:
        """Return how many the server has."""
        ...


class Topics:
    """The topics of servers and of the catalogue."""

    def __init__(self, catalogue: Mapping[str, Topic], guild_topics: GuildTopics, briefing: Briefing) -> None:
        self._catalogue = catalogue
        self._guild_topics = guild_topics
        self._briefing = briefing

    async def load(self, key: TopicKey) -> Topic | None:
        """Return the topic of that key, or None when there is none any more."""
        if key.guild_id is None:
            return self._catalogue.get(key.slug)
        return await self._guild_topics.load(key.guild_id, key.slug)

    async def load_many(self, keys: Collection[TopicKey]) -> dict[TopicKey, Topic]:
        """Return those of the topics that there still are; however many they are, the store is asked once."""
        found = {TopicKey(one.slug): one for one in self._catalogue.values()}
        if any(key.guild_id is not None for key in keys):
            found |= {TopicKey(one.slug, one.guild_id): one for one in await self._guild_topics.load_every()}
        return {key: found[key] for key in keys if key in found}

    async def load_all(self, guild_id: int | None) -> list[Topic]:
        """Return what a server may choose from, its own first; outside of a server the built-in ones."""
        own = list(await self._guild_topics.load_all(guild_id)) if guild_id is not None else []
        return [*own, *self._catalogue.values()]

    async def find(self, typed: str, guild_id: int | None) -> Topic:
        """Return the topic whose slug or name was typed. Raises `Refusal` that names near ones."""
        topics = await self.load_all(guild_id)
        key = _key(typed)
        for topic in topics:
            if key and key in (_key(topic.slug), *map(_key, topic.names.values()), *_sole_category(topic)):
                return topic
        shown = escape_discord(clip(sanitise(typed), MAX_NAME))
        near = [topic.slug for topic in _ranked(topics, key)[:3]] if key else []
        if near:
            raise Refusal("There is no topic “{topic}”. Did you mean {near}?", topic=shown, near=", ".join(near))
        raise Refusal("There is no topic “{topic}”. `/topic list` shows all of them.", topic=shown)

    async def search(self, typed: str, guild_id: int | None, limit: int = 25) -> list[Topic]:
        """Return the topics that suit what was typed so far, the best first."""
        topics = await self.load_all(guild_id)
        key = _key(typed)
        return (_ranked(topics, key) if key else topics)[:limit]

    async def build(
        self,
        guild_id: int,
        *,
        name: str,
        categories: str,
        query: str = "",
        exclude: str = "",
        interest: str = "",
        old: Topic | None = None,
    ) -> Topic:
        """Return a server's topic out of what an admin typed, unsaved; `old` is the one that is being edited.

        Raises `Refusal` for a name or a category that does not do, `QuerySyntaxError` for a query.
        """
        name = sanitise(name)
        if not name or len(name) > MAX_NAME:
            raise Refusal("A topic needs a name of 1 to {limit} characters.", limit=MAX_NAME)
        slug = old.slug if old is not None else build_slug(name)
        await self._refuse_taken(guild_id, name, slug, old)
        wanted = _checked_categories(categories)
        for text in (query, exclude):
            parse_query(text)
        query, exclude, interest = (" ".join(text.split()) for text in (query, exclude, interest))
        if len(interest) > MAX_INTEREST:
            raise Refusal("The interest may have {limit} characters at most.", limit=MAX_INTEREST)
        if old is not None:
            names = {"en": name} if name != old.names["en"] else old.names
            return replace(
                old, names=names, categories=wanted, query=query, exclude=exclude, interest=sanitise(interest)
            )
        return Topic(
            slug=slug,
            names={"en": name},
            categories=wanted,
            query=query,
            interest=sanitise(interest),
            exclude=exclude,
            cross_lists=CrossListPolicy.INCLUDE,
            guild_id=guild_id,
        )

    async def dry_run(self, topic: Topic) -> DryRun:
        """Return what the topic would have taken in the last 14 stored announcement days."""
        pool = await self._briefing.load_pool(topic)
        found = check_coverage(topic, [(day, PaperText.of(paper)) for day, paper in pool])
        too_wide = found.warning is not None and found.share > MAX_SHARE
        return DryRun(found.per_day, found.total, found.pool, found.share, too_wide)

    async def _refuse_taken(self, guild_id: int, name: str, slug: str, old: Topic | None) -> None:
        for other in await self.load_all(guild_id):
            if old is not None and (other.slug, other.guild_id) == (old.slug, old.guild_id):
                continue
            if slug == other.slug or _key(name) in (_key(other.slug), *map(_key, other.names.values())):
                raise Refusal("There is a topic of that name already: {topic}.", topic=f"`{other.slug}`")


def build_slug(name: str) -> str:
    """Return a slug for a name in any script: its words in ASCII, else a short code that is always the same."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = "-".join(_WORD.findall(plain))[:MAX_SLUG].strip("-")
    if len(slug) >= 2:
        return slug
    return "t-" + base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()[:8].lower()


def _checked_categories(typed: str) -> tuple[str, ...]:
    names = [name for name in _PARTED.split(typed[:500]) if name]
    if not names or len(names) > MAX_CATEGORIES:
        raise Refusal(
            "Name 1 to {limit} categories of arXiv, such as cs.CL or math.CO, parted by commas.", limit=MAX_CATEGORIES
        )
    checked: dict[str, None] = {}
    for name in names:
        try:
            checked.update(dict.fromkeys(check_categories([name])))
        except UsageError as error:
            raise Refusal(
                "“{category}” is not a category of arXiv. The list is on arxiv.org/category\\_taxonomy.",
                category=escape_discord(clip(sanitise(name), 40)),
            ) from error
    return tuple(checked)


def _key(name: str) -> str:
    return re.sub(r"[\s_.\-]+", "-", name[:200].strip().casefold())


def _sole_category(topic: Topic) -> tuple[str, ...]:
    return (_key(topic.categories[0]),) if len(topic.categories) == 1 and not topic.query else ()


def _ranked(topics: Sequence[Topic], key: str) -> list[Topic]:
    """Return the topics that have `key` in a name, those that begin with it first, in their order."""
    found: list[tuple[int, int, Topic]] = []
    for place, topic in enumerate(topics):
        keys = [_key(topic.slug), *map(_key, topic.names.values()), *map(_key, topic.categories)]
        fits = [0 if one.startswith(key) else 1 for one in keys if key in one]
        if fits:
            found.append((min(fits), place, topic))
    return [topic for _, _, topic in sorted(found, key=lambda entry: entry[:2])]
