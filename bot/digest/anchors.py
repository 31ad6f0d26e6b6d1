"""Whether the words that a summary in another language copied from the paper's lines really stand there.

Words of two languages cannot be compared, so a summary of another paper in Chinese would look like any other. What its
citations copied is of the other paper as well, and gives it away. A model that copies right and then writes something
else is not found out so.
"""

from collections.abc import Sequence

from bot.digest.citations import Anchor
from bot.digest.grounding import stems_of
from bot.digest.stems import common_stems, stem
from bot.digest.text import words_of
from bot.latex import latex_to_unicode

LEAST_ANCHORED = 0.6
"""Share of the sentences that have a copied word in a line that they cite; models miss one now and then."""

LEAST_RARE = 3
"""Different words, of those that few abstracts have, that must be among the ones copied right."""


def misplaced(anchors: Sequence[Sequence[Anchor]], lines: Sequence[str]) -> list[Anchor] | None:
    """Return None if the anchors, by sentence of the summary, show that it is about `lines`; else those that fail.

    An empty list: there are too few, or they stand in any abstract. An empty line may not be cited.
    """
    bearing = [[one for one in own if _stands_in(one, lines)] for own in anchors]
    copied = {rare for own in bearing for one in own for rare in _rare(one.words)}
    there = set().union(*map(_rare, lines))
    cited = {one.line for own in anchors for one in own}
    needed = min(LEAST_RARE, len(there), max(2, len(cited) * 2 // 3))
    anchored = sum(map(bool, bearing))
    if anchors and anchored >= LEAST_ANCHORED * len(anchors) and len(copied) >= needed:
        return None
    return [one for own, held in zip(anchors, bearing, strict=True) if not held for one in own]


def sample_anchor(lines: Sequence[str]) -> Anchor | None:
    """Return an anchor that would do, to show how one is written; None where no line has a rare word."""
    for number, line in enumerate(lines):
        rare = [word for word in words_of(latex_to_unicode(line)) if word.isalpha() and _rare(word)]
        if rare:
            return Anchor(number, max(rare, key=len))
    return None


def _stands_in(anchor: Anchor, lines: Sequence[str]) -> bool:
    if anchor.line >= len(lines):
        return False
    # As written and as read: a model copies a formula in either way.
    return any(
        f" {said} " in f" {_plain(read(lines[anchor.line]))} "
        for read in (latex_to_unicode, str)
        if (said := _plain(read(anchor.words)))
    )


def _plain(text: str) -> str:
    return " ".join(map(stem, words_of(text)))


def _rare(text: str) -> frozenset[str]:
    return frozenset(stems_of(latex_to_unicode(text)) - common_stems())
