"""What ranking knows beside the day's papers: vectors, the opinions of a channel's readers, what a topic usually shows.

Reads the store only. Without an embedder, and for a channel without opinions, there is next to nothing to know.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

from bot.delivery import TopicKey
from bot.digest.diversity import bar_of
from bot.digest.feedback import WINDOW
from bot.digest.rank import Evidence, scale_of
from bot.model import Edition, Opinion, Paper, Topic

if TYPE_CHECKING:
    from bot.embed.port import Vector


class Opinions(Protocol):
    """What is asked of the stored opinions; see `bot.store.opinions.OpinionStore`."""

    async def load(self, channel_id: int, topic: TopicKey, limit: int) -> list[Opinion]:
        """Return a channel's last opinions about a topic's papers, oldest first."""
        ...

    async def load_judged(self, channel_ids: Collection[int]) -> Collection[tuple[int, TopicKey]]:
        """Return the channels and topics, among `channel_ids`, about whose papers there is any opinion."""
        ...


class Scores(Protocol):
    """What is asked of the stored briefs; see `bot.store.briefs.BriefStore`."""

    async def load_best_scores(
        self, topic: Topic, scale: str, before: date, *, edition: Edition | None = None, limit: int = 20
    ) -> list[float]:
        """Return the best score of each of the topic's last briefs before that date."""
        ...


class Vectors(Protocol):
    """What is asked of an embedder and of what it left in the store; see `bot.pipeline.embedding`."""

    async def load(self, papers: Iterable[Paper]) -> "Mapping[str, Vector]":
        """Return the stored vectors of those papers that have one, by arXiv id."""
        ...

    async def of_text(self, text: str) -> "Vector | None":
        """Return the vector of a text, None where there is none in time."""
        ...


class Evidences:
    """Gathers evidence."""

    def __init__(self, scores: Scores, opinions: Opinions | None = None, vectors: Vectors | None = None) -> None:
        """`opinions`: None ranks for everybody alike; `vectors`: None ranks by words alone."""
        self._scores = scores
        self._opinions = opinions
        self._vectors = vectors

    async def vectors_of(self, papers: Sequence[Paper]) -> "Mapping[str, Vector]":
        """Return the vectors of those papers that have one, by arXiv id. Raises `StoreError`."""
        return {} if self._vectors is None else await self._vectors.load(papers)

    async def opinions(self, topic: Topic, edition: Edition | None) -> tuple[Opinion, ...]:
        """Return what counts for the order of a channel's own brief, oldest first; nothing for the shared one."""
        if edition is None or self._opinions is None:
            return ()
        key = TopicKey(topic.slug, topic.guild_id)
        return tuple(await self._opinions.load(edition.channel_id, key, WINDOW))

    async def gather(self, topic: Topic, announced_on: date, edition: Edition | None = None) -> Evidence:
        """Return what is known for a topic's brief of that date; `edition`: for the channel's own. Raises `StoreError`.

        What a topic usually shows is that of the days before.
        """
        opinions = await self.opinions(topic, edition)
        best = await self._scores.load_best_scores(topic, scale_of(topic), announced_on, edition=edition)
        wanted = None
        if self._vectors is not None and topic.interest:
            wanted = await self._vectors.of_text(topic.interest)
        return Evidence(
            opinions=opinions,
            opinion_vectors=await self.vectors_of([one.paper for one in opinions]),
            topic_vector=wanted,
            bar=bar_of(best),
        )
