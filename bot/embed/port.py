"""What the rest of the program knows of an embedder: texts in, vectors of unit length out, and by which model.

numpy is imported for the types alone: without an embedder nothing loads it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float32]
    """One dimension, float32, of unit length: the dot product of two is their cosine."""


class Embedder(Protocol):
    """Turns texts into vectors. Vectors of two models do not compare: whoever keeps one keeps `model` with it."""

    @property
    def model(self) -> str:
        """Return the model's name and version, as `name@version`: the key under which its vectors are kept."""
        ...

    @property
    def dimensions(self) -> int | None:
        """Return the length of its vectors; None until the first answer of a server has told it."""
        ...

    async def embed(self, texts: Sequence[str]) -> "list[Vector]":
        """Return one vector of unit length per text, in their order; any text will do, the empty one included.

        Long texts count by their beginning. Raises `EmbeddingError`: nothing of the batch came.
        """
        ...
