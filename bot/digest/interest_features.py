"""What a paper shows of itself before anybody reads it: the numbers that general interest is judged by.

From title, abstract, comment, categories, the number of authors, and the place among the papers of its announcement
(`Place`). No name of an author becomes a feature, nor any part of an address but the host: accounts and lab pages name
people. Pure; the training script in `tools/` computes the same numbers with the same functions.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.digest.text import prose_words
from bot.model import Paper

GROUPS = ("authors", "links", "release", "title", "comment", "categories", "style", "topic", "timing")
"""The parts that a judgement is explained by; the name of every feature begins with one of them and a full stop."""

TITLE_WEIGHT = 3
"""How often a word of the title counts, against once for one of the abstract."""

_AUTHOR_STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 50)
_TITLE_STEPS = (4, 6, 8, 10, 12, 15)
_PAGE_STEPS = (5, 8, 10, 15, 20, 30, 40)
_MOST_NUMBERS = 20

_ORDER_STEPS = (0.1, 0.5, 0.8, 0.85, 0.9, 0.94, 0.97, 0.985)
_GAP_STEPS = (30, 100)
_IDENTIFIER = re.compile(r"(\d{4})\.(\d{4,5})")

_URL = re.compile(r"(?:https?://|www\.)\S+|\b[\w.-]+\.(?:com|io|org|net|ai|co)/\S*", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PAGES = re.compile(r"(\d+)\s*pages?")
_FIGURES = re.compile(r"(\d+)\s*fig")
_SENTENCE_END = re.compile(r"[.!?]\s")

_HOSTS = {
    "links.github": "github.com",
    "links.page": "github.io",
    "links.hugging_face": "huggingface",
    "links.hidden": "anonymous.4open",
}
_IN_BOTH = {
    "links.project": re.compile(r"project (?:page|website|site)|homepage|project:"),
    "release.available": re.compile(
        r"\b(?:code|data|dataset|model|weight|checkpoint)s?\b[^.]{0,60}\b(?:available|releas\w+|public)"
    ),
    "release.open_source": re.compile(r"open[- ]?sourc"),
    "release.weights": re.compile(r"\b(?:weights|checkpoints)\b"),
    "release.licence": re.compile(r"licen[cs]e\b"),
    "comment.workshop": re.compile(r"workshop"),
    "style.latex": re.compile(r"[$\\]"),
}
_IN_ABSTRACT = {
    "release.we_release": re.compile(
        r"\b(?:we|will|are|is|be|fully|publicly)\s+(?:\w+\s+)?(?:release|releas|open-sourc|publicly)"
    ),
    "release.report": re.compile(r"technical report"),
    "release.size": re.compile(r"\b\d+(?:\.\d+)?\s?b\b"),
    "release.large": re.compile(r"\b(?:[3-9]\d|\d{3,4})b\b"),
    "style.millions": re.compile(r"million|billion|trillion|\d[km]\b"),
    "style.factor": re.compile(r"\d(?:\.\d+)?\s*(?:x\b|×|\\times|times\b)"),
    "style.percent": re.compile(r"%"),
    "style.state_of_the_art": re.compile(r"state[- ]of[- ]the[- ]art|\bsota\b"),
    "style.outperforms": re.compile(r"outperform|surpass"),
    "style.propose": re.compile(r"propose"),
    "style.introduce": re.compile(r"\bwe introduce"),
    "style.present": re.compile(r"\bwe present"),
    "style.this_paper": re.compile(r"this (?:paper|work|study)"),
    "style.in_this_work": re.compile(r"in this work"),
    "style.dash": re.compile("—"),
}
_IN_COMMENT = {
    "comment.code": re.compile(r"code|dataset"),
    "comment.tables": re.compile(r"table"),
    "comment.accepted": re.compile(r"accept|to appear|published|proceed|camera"),
    "comment.submitted": re.compile(r"submitted|under review|preprint"),
    "comment.later": re.compile(r"\bwill be\b"),
}
_VENUES_TEXT = """
    cvpr iclr icml neurips acl emnlp eccv iccv aaai icassp interspeech miccai siggraph icra iros ijcai lrec wacv kdd
    colm tmlr ieee journal thesis report survey progress eacl
"""
_VENUES = _VENUES_TEXT.split()
_IN_TITLE = {
    "title.question": re.compile(r"\?"),
    "title.hyphen": re.compile("-"),
    "title.version": re.compile(r"\bv\d|\d\.\d|\b\d+b\b"),
    "title.report": re.compile(r"technical report"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper stands among those announced with it, in the order of their identifiers, which is that of arrival.

    `earlier` and `later` count papers. `gap` counts identifiers up to the last of the announcement, those of other
    subjects included; None across a month's end, where arXiv counts from 1 again.
    """

    earlier: int
    later: int
    gap: int | None


def places_of(arxiv_ids: Iterable[str]) -> dict[str, Place]:
    """Return the places of the papers that one announcement brings as new; identifiers from before 2007 get none."""
    keyed = {(match[1], int(match[2])): one for one in arxiv_ids if (match := _IDENTIFIER.fullmatch(one))}
    order = sorted(keyed)
    places = {}
    for earlier, (month, number) in enumerate(order):
        gap = order[-1][1] - number if month == order[-1][0] else None
        places[keyed[month, number]] = Place(earlier, len(order) - earlier - 1, gap)
    return places


def timing_of(place: Place) -> dict[str, float]:
    """Return the features of a paper's place, all of the group "timing"."""
    total = place.earlier + place.later + 1
    order = (place.earlier + 0.5) / total
    found = {
        "timing.order": order,
        "timing.log_later": math.log(place.later + 1) / 5,
        "timing.log_share_later": math.log((place.later + 0.5) / total) / 5,
        "timing.log_share_earlier": math.log(order) / 5,
        "timing.log_gap": 1.4 if place.gap is None else math.log(place.gap + 1) / 8,
        "timing.earlier_month": float(place.gap is None),
    }
    found.update({f"timing.order_{step}": 1.0 for step in _ORDER_STEPS if order >= step})
    found.update({f"timing.gap_{step}": 1.0 for step in _GAP_STEPS if place.gap is not None and place.gap < step})
    return found


def features_of(paper: Paper) -> dict[str, float]:
    """Return the features of a paper that are not zero, by name, each of a magnitude around one."""
    found = {
        **_authors(len(paper.authors)),
        **_title(paper.title),
        **_abstract(paper.abstract),
        **_comment(paper.comment or ""),
        **_categories(paper),
    }
    both = f"{paper.abstract} {paper.comment or ''}".lower()
    found.update({name: 1.0 for name, host in _HOSTS.items() if host in both})
    found.update(_matching(_IN_BOTH, both))
    found["links.any" if "http" in both else "links.none"] = 1.0
    abstract = paper.abstract.lower()
    found.update({f"{name}_in_abstract": 1.0 for name, host in _HOSTS.items() if host in abstract})
    return found


def word_counts(paper: Paper) -> Mapping[str, int]:
    """Return how often each folded word of title and abstract occurs, without addresses, math and LaTeX commands."""
    counts = Counter(prose_words(_URL.sub(" ", paper.abstract)))
    for word in prose_words(_URL.sub(" ", paper.title)):
        counts[word] += TITLE_WEIGHT
    return counts


def group_of(feature: str) -> str:
    """Return the part of `GROUPS` that a feature's name begins with."""
    return feature.partition(".")[0]


def _matching(patterns: Mapping[str, re.Pattern[str]], text: str) -> dict[str, float]:
    return {name: 1.0 for name, pattern in patterns.items() if pattern.search(text)}


def _steps(name: str, value: int, steps: tuple[int, ...]) -> dict[str, float]:
    return {f"{name}_{step}": 1.0 for step in steps if value >= step}


def _authors(count: int) -> dict[str, float]:
    return {"authors.log": math.log(count + 1) / 2, **_steps("authors.from", count, _AUTHOR_STEPS)}


def _title(title: str) -> dict[str, float]:
    words = len(title.split())
    found = {"title.length": words / 10, **_steps("title.from", words, _TITLE_STEPS)}
    found.update(_matching(_IN_TITLE, title.lower()))
    head, colon, _ = title.partition(":")
    if colon:
        found["title.colon"] = 1.0
        length = len(head.split())
        found[f"title.name_{min(length, 5)}"] = 1.0
        if length <= 2:
            found["title.name_digit"] = float(any(character.isdigit() for character in head))
            found["title.name_bench"] = float("bench" in head.lower())
    return found


def _abstract(abstract: str) -> dict[str, float]:
    words = abstract.split()
    found = {
        "style.words": len(words) / 200,
        "style.log_words": math.log(len(words) + 1) / 5,
        "style.sentences": (len(_SENTENCE_END.findall(abstract)) + 1) / 10,
        "style.word_length": len(abstract) / (len(words) + 1) / 8,
        "style.numbers": min(len(_NUMBER.findall(abstract)), _MOST_NUMBERS) / 10,
        "style.semicolons": min(abstract.count(";"), 4) / 4,
        **_steps("style.from", len(words), (100, 130, 160, 190, 220)),
    }
    found.update(_matching(_IN_ABSTRACT, abstract.lower()))
    return found


def _comment(comment: str) -> dict[str, float]:
    if not comment:
        return {}
    lowered = comment.lower()
    found = {"comment.any": 1.0, "comment.long": float(len(comment) > 120)}
    if pages := _PAGES.search(lowered):
        found.update({"comment.pages": 1.0, **_steps("comment.pages", int(pages[1][:4]), _PAGE_STEPS)})
    if figures := _FIGURES.search(lowered):
        found.update({"comment.figures": 1.0, "comment.figures_10": float(int(figures[1][:4]) >= 10)})
    found.update(_matching(_IN_COMMENT, lowered))
    found.update({f"comment.{venue}": 1.0 for venue in _VENUES if venue in lowered})
    return found


def _categories(paper: Paper) -> dict[str, float]:
    found = {f"categories.{name}": 1.0 for name in paper.categories}
    found[f"categories.primary_{paper.primary_category}"] = 1.0
    found["categories.count"] = len(paper.categories) / 4
    found["categories.one"] = float(len(paper.categories) == 1)
    return found
