"""What every adapter does with texts before they go out and with numbers that come back."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.errors import ModelAnswerInvalid

if TYPE_CHECKING:
    from bot.embed.port import Vector

EMPTY = "-"
"""Sent in place of a text without any letter: servers refuse the empty one."""


def clip(text: str, most: int) -> str:
    """Return at most `most` characters of `text` as any embedder takes them: no NUL, no half of a surrogate pair."""
    plain = text[:most].replace("\0", " ").encode("utf-8", "replace").decode()
    return plain if plain.strip() else EMPTY


def checked_vectors(rows: Sequence[Sequence[float]], texts: int, dimensions: int | None) -> "list[Vector]":
    """Return `rows` as vectors of unit length.

    Raises `ModelAnswerInvalid` for another number of rows than texts, another length than `dimensions` (None: that of
    the first row), or a row that has no direction: not finite, or all 0.
    """
    import numpy as np

    if len(rows) != texts:
        raise ModelAnswerInvalid(f"the embedder answered {len(rows)} vectors for {texts} texts")
    wanted = dimensions or (len(rows[0]) if rows else 0)
    vectors = []
    for row in rows:
        if len(row) != wanted or not wanted:
            raise ModelAnswerInvalid(f"the embedder answered a vector of {len(row)} numbers in place of {wanted}")
        try:
            vector = np.asarray(row, dtype=np.float64)
        except OverflowError:
            # An integer of 400 digits is valid JSON.
            raise ModelAnswerInvalid("the embedder answered a vector without a direction") from None
        length = float(np.linalg.norm(vector))
        if not math.isfinite(length) or length < 1e-12:
            raise ModelAnswerInvalid("the embedder answered a vector without a direction")
        vectors.append((vector / length).astype(np.float32))
    return vectors
