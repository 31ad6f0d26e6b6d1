"""What the topics of one day share: every candidate's words and links, and how rare each word is that day."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.digest.links import find_links
from bot.digest.text import Field, PaperText
from bot.model import Candidate, Paper


@dataclass(frozen=True, slots=True)
class PooledPaper:
    """A paper prepared for selection and ranking; `norm` is the length of its vector of word rarities."""

    text: PaperText
    links: Mapping[str, str]
    norm: float


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A day's papers prepared for matching and ranking; made once, used by every topic.

    `papers` is keyed by arXiv id; `rarities` maps every word of a title or abstract to 0 (in all papers) … 1 (in none).
    """

    papers: Mapping[str, PooledPaper]
    rarities: Mapping[str, float]

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> "PoolStatistics":
        """Prepare the candidates of a day, of all categories together; their order does not matter."""
        texts: dict[str, PaperText] = {}
        for candidate in candidates:
            if candidate.paper.arxiv_id not in texts:
                texts[candidate.paper.arxiv_id] = PaperText.of(candidate.paper)
        holders: Counter[str] = Counter()
        for text in texts.values():
            holders.update(prose_vocabulary(text))
        rarities = {word: _rarity(count, len(texts)) for word, count in holders.items()}
        papers = {
            arxiv_id: PooledPaper(text, find_links(text.paper), _norm(text, rarities))
            for arxiv_id, text in texts.items()
        }
        return cls(papers, rarities)

    def pooled(self, paper: Paper) -> PooledPaper:
        """Return what is prepared for `paper`, made on the spot where the pool does not hold it."""
        known = self.papers.get(paper.arxiv_id)
        if known is not None and (known.text.paper is paper or known.text.paper == paper):
            return known
        text = PaperText.of(paper)
        return PooledPaper(text, find_links(paper), _norm(text, self.rarities))

    def rarity(self, word: str) -> float:
        """Return 0 to 1: the word's inverse document frequency, `ln((N+1)/(df+1)) / ln(N+1)`, or that of its plural."""
        return min(self.rarities.get(word, 1.0), self.rarities.get(word + "s", 1.0))


def prose_vocabulary(text: PaperText) -> set[str]:
    """Return the distinct words of title and abstract."""
    return text.fields[Field.TITLE].positions.keys() | text.fields[Field.ABSTRACT].positions.keys()


def _rarity(holders: int, size: int) -> float:
    return math.log((size + 1) / (holders + 1)) / math.log(size + 1)


def _norm(text: PaperText, rarities: Mapping[str, float]) -> float:
    # fsum is exact, so the order in which a set yields its words cannot change the result.
    return math.sqrt(math.fsum(rarities.get(word, 1.0) ** 2 for word in prose_vocabulary(text)))
