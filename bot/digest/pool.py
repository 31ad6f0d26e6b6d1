"""What the topics of one day share: every candidate's words and links, and how rare each word is that day."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.digest.interest_features import Place, places_of
from bot.digest.links import find_links
from bot.digest.relevance import Relevance
from bot.digest.text import Field, PaperText
from bot.model import AnnounceType, Candidate, Paper

if TYPE_CHECKING:
    from bot.embed.port import Vector


@dataclass(frozen=True, slots=True)
class PooledPaper:
    """A paper prepared for selection and ranking."""

    text: PaperText
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A day's papers prepared for matching and ranking; made once, used by every topic.

    `papers` is keyed by arXiv id; `rarities` maps every word of a title or abstract to 0 (in all papers) … 1 (in none).
    `relevance` tells how near each paper is to an interest. `places`: of the new papers in the order of their arrival.
    `vectors`: by arXiv id, of the papers that an embedder has seen; all of one model. `appeals` and `traits`: what was
    found of a paper whatever the topic, kept here so that fifty topics cost it once.
    """

    papers: Mapping[str, PooledPaper]
    rarities: Mapping[str, float]
    relevance: Relevance = field(compare=False, repr=False)
    places: Mapping[str, Place] = field(default_factory=dict)
    vectors: Mapping[str, "Vector"] = field(default_factory=dict, compare=False, repr=False)
    appeals: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    traits: dict[tuple[str, int], Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, candidates: Iterable[Candidate], vectors: Mapping[str, "Vector"] | None = None) -> "PoolStatistics":
        """Prepare the candidates of a day, of all categories together; their order does not matter."""
        texts: dict[str, PaperText] = {}
        new: set[str] = set()
        for candidate in candidates:
            if candidate.announce_type is AnnounceType.NEW and not candidate.announced_before:
                new.add(candidate.paper.arxiv_id)
            if candidate.paper.arxiv_id not in texts:
                texts[candidate.paper.arxiv_id] = PaperText.of(candidate.paper)
        holders: Counter[str] = Counter()
        for text in texts.values():
            holders.update(prose_vocabulary(text))
        rarities = {word: _rarity(count, len(texts)) for word, count in holders.items()}
        papers = {arxiv_id: PooledPaper(text, find_links(text.paper)) for arxiv_id, text in texts.items()}
        # In the order of the ids: whoever asks must get the same, whatever order the day came in.
        relevance = Relevance.of([texts[arxiv_id] for arxiv_id in sorted(texts)], vectors)
        return cls(papers, rarities, relevance, places_of(new), vectors or {})

    def pooled(self, paper: Paper) -> PooledPaper:
        """Return what is prepared for `paper`, made on the spot where the pool does not hold it."""
        known = self.papers.get(paper.arxiv_id)
        if known is not None and (known.text.paper is paper or known.text.paper == paper):
            return known
        text = PaperText.of(paper)
        return PooledPaper(text, find_links(paper))

    def rarity(self, word: str) -> float:
        """Return 0 to 1: the word's inverse document frequency, `ln((N+1)/(df+1)) / ln(N+1)`, or that of its plural."""
        return min(self.rarities.get(word, 1.0), self.rarities.get(word + "s", 1.0))


def prose_vocabulary(text: PaperText) -> set[str]:
    """Return the distinct words of title and abstract."""
    return text.fields[Field.TITLE].positions.keys() | text.fields[Field.ABSTRACT].positions.keys()


def _rarity(holders: int, size: int) -> float:
    return math.log((size + 1) / (holders + 1)) / math.log(size + 1)
