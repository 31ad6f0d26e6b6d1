"""An embedder and a store of vectors in memory."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from bot.model import Paper

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bot.embed.port import Vector


class FakeEmbedder:
    """A vector points the more to one side the more often its text says "robot"; fails as it is told."""

    model = "fake@1"
    dimensions = 2

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.failures: list[Exception] = []
        self.gate: asyncio.Event | None = None
        self.entered = asyncio.Event()

    async def embed(self, texts: Sequence[str]) -> "list[Vector]":
        """Return one vector per text."""
        import numpy as np

        self.asked.append(list(texts))
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        rows = [np.array([1.0, text.lower().count("robot")], np.float32) for text in texts]
        return [row / np.float32(np.linalg.norm(row)) for row in rows]


class MemoryVectors:
    """The store of vectors without a database; `papers` are those that may lack one."""

    def __init__(self, papers: Iterable[Paper] = ()) -> None:
        self.papers = list(papers)
        self.kept: dict[tuple[str, str], Vector] = {}
        self.texts: dict[tuple[str, str], Vector] = {}
        self.spans: list[date] = []

    async def save(self, model: str, vectors: "Sequence[tuple[Paper, Vector]]") -> None:
        """Keep them."""
        self.kept |= {(model, paper.arxiv_id): vector for paper, vector in vectors}

    async def load(self, model: str, ids: Iterable[str]) -> "dict[str, Vector]":
        """Return those that are there."""
        return {one: self.kept[model, one] for one in ids if (model, one) in self.kept}

    async def load_missing(self, model: str, announced_since: date, limit: int) -> list[Paper]:
        """Return papers without one."""
        self.spans.append(announced_since)
        return [paper for paper in self.papers if (model, paper.arxiv_id) not in self.kept][:limit]

    async def count_missing(self, model: str, announced_since: date) -> int:
        """Return how many those are."""
        return len([paper for paper in self.papers if (model, paper.arxiv_id) not in self.kept])

    async def load_newest(self, model: str, limit: int) -> "tuple[list[str], NDArray[np.float32]]":
        """Return all of a model."""
        import numpy as np

        own = {arxiv_id: vector for (name, arxiv_id), vector in self.kept.items() if name == model}
        matrix: NDArray[np.float32] = np.stack(list(own.values())) if own else np.zeros((0, 0), np.float32)
        return list(own)[:limit], matrix[:limit]

    async def save_text(self, model: str, text: str, vector: "Vector") -> None:
        """Keep it."""
        self.texts[model, text] = vector

    async def load_text(self, model: str, text: str) -> "Vector | None":
        """Return it."""
        return self.texts.get((model, text))
