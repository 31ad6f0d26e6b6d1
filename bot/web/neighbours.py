"""Which papers are about the same thing: the rare words that they share, over the papers of some weeks.

A paper's neighbours are looked for among those announced on its day or before, never after: what a day brings changes
nothing on the pages of earlier ones, so that a site grows without being made anew. Pure.
"""

import math
import re
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.digest.text import prose_words

MOST_TERMS = 24
"""Words kept of a paper: those of its title, then the commonest of its abstract."""

LEAST_SHARE = 0.12
"""Below this share of a paper's own rarities another has too little in common with it to be shown."""

COMMONEST = 0.04
"""Words that more papers than this have say next to nothing about any one of them, and are not looked up."""

_ALWAYS_RARE = 40
_TITLE_TERMS = 12
_MIN_LENGTH = 3
_SURVEY = re.compile(r"\b(?:survey|review|overview|tutorial|roadmap|taxonomy|primer)\b", re.IGNORECASE)

_STOP_WORDS_TEXT = """
    able about above achieve achieves across after against all also although among and another any approach approaches
    are based been before being best better between both but can cannot challenge challenges code compared could data
    demonstrate demonstrates despite did different does due during each effective either enable enables evaluate
    evaluation even existing experiments extensive few find first five for found four framework from further general
    given had has have here high however human important improve improves improving including into introduce
    introduces its key large learning less leverage limited low make making many may method methods model models more
    most much multiple must need new not novel number often one only other our out over paper particular per perform
    performance performs possible present previous prior problem problems process propose proposed proposes provide
    provides recent remain remains require requires research result results same second set several show shown shows
    significant significantly simple since single some state still strong studies study such system systems task tasks
    than that the their them then there these they this those three through thus time training two under understanding
    use used using various via was way well were what when where whether which while will with within without work yet
"""
_STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())


def terms_of(title: str, abstract: str) -> tuple[str, ...]:
    """Return the words that tell what a paper is about, those of its title first; at most `MOST_TERMS`."""
    named = list(dict.fromkeys(filter(_tells, prose_words(title))))[:_TITLE_TERMS]
    known = set(named)
    counted = Counter(word for word in prose_words(abstract) if word not in known and _tells(word))
    common = sorted(counted, key=lambda word: (-counted[word], -len(word), word))
    return (*named, *common[: MOST_TERMS - len(named)])


def is_survey(title: str) -> bool:
    """Return whether a title calls its paper a survey, or something like one."""
    return _SURVEY.search(title) is not None


class Pool:
    """Papers in the order of their days, with an index of their terms."""

    def __init__(self, wanted: Collection[str] | None = None) -> None:
        """`wanted`: the terms that will be asked for, where they are known; others are not indexed then."""
        self._wanted = None if wanted is None else frozenset(wanted)
        self._ids: list[str] = []
        self._places: dict[str, int] = {}
        self._postings: dict[str, array[int]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, papers: Mapping[str, Sequence[str]]) -> None:
        """Add the papers of a day, identifier → terms; later than all that were added before."""
        for arxiv_id in sorted(papers):
            place = len(self._ids)
            self._ids.append(arxiv_id)
            self._places[arxiv_id] = place
            terms = papers[arxiv_id]
            for term in terms if self._wanted is None else self._wanted.intersection(terms):
                if (places := self._postings.get(term)) is None:
                    self._postings[term] = array("L", (place,))
                else:
                    places.append(place)

    def nearest(self, arxiv_id: str, terms: Iterable[str], *, first: int, most: int) -> list[tuple[str, float]]:
        """Return up to `most` (identifier, share) of other papers from place `first` on, nearest first.

        The share is 0 to 1: how much of the rarity of a paper's terms the other one has.
        """
        size = len(self._ids) - first
        shared: defaultdict[int, float] = defaultdict(float)
        whole = 0.0
        for term in dict.fromkeys(terms):
            places = self._postings.get(term, array("L"))
            start = bisect_left(places, first)
            holders = len(places) - start
            if holders > max(_ALWAYS_RARE, COMMONEST * size):
                continue
            rarity = math.log(1 + size / (holders or 1))
            whole += rarity
            for index in range(start, len(places)):
                shared[places[index]] += rarity
        shared.pop(self._places.get(arxiv_id, -1), None)
        if not whole:
            return []
        near = [(place, score / whole) for place, score in shared.items() if score >= LEAST_SHARE * whole]
        # The nearest; of equally near ones the newest, and then by identifier, so that the order is always the same.
        near.sort(key=lambda pair: (-round(pair[1], 6), -pair[0]))
        return [(self._ids[place], share) for place, share in near[:most]]


def _tells(word: str) -> bool:
    # Words of scripts without blanks are single characters here, and each of them tells something.
    return word not in _STOP_WORDS and not word.isdigit() and (len(word) >= _MIN_LENGTH or not word.isascii())
