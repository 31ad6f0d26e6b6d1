"""English words without their endings, and which of them every twentieth abstract has."""

from functools import cache, lru_cache
from importlib import resources

_LENGTH = 6
_SHORT = 3


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return what a folded word shares with its other forms: without a plural, the first six letters."""
    for ending in ("ies", "es", "s"):
        if len(word) > _SHORT + len(ending) and word.endswith(ending) and not word.endswith("ss"):
            word = word.removesuffix(ending)
            break
    return word[:_LENGTH]


@cache
def common_stems() -> frozenset[str]:
    """Return the stems of the words that abstracts share, from those of January to April 2026."""
    text = resources.files("bot.digest").joinpath("common_stems.txt").read_text(encoding="utf-8")
    return frozenset(text.split())
