"""Every word of ours that a reader of a brief sees, in one place for translation; never a word of a paper."""

from collections.abc import Callable
from datetime import date

from bot.digest.extract import PRODUCER as EXTRACTIVE
from bot.model import AnnounceType
from bot.texts import Fallback, Summary

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

ANNOUNCED = "announced"
MATCHED = "matched"
SHOWN = "shown"
FAILED = "failed"
WHY = "Why"
COMMENT = "Comment"
JOURNAL = "Journal"
LICENCE = "Licence"
AUTHORS = "Authors"
ABSTRACT = "Abstract"
TAKEAWAYS = "Key takeaways"
SUMMARY = "Summary"
OVERVIEW = "Overview"
LINKS = "Links"
VERSIONS = "Versions"
CONTENTS = "Contents"
LATE = "late"
WITHDRAWN = "withdrawn"
SCORE = "score"
CROSS_LISTED = "cross-listed"
MOTIVATION = "Motivation"
METHOD = "Method"
RESULT = "Result"
EXTRACTED = "extracted from the abstract"
WRITTEN_BY = "written by {model}"
TRANSLATED_BY = "translated by {model}"
AN_UNNAMED_MODEL = "an unnamed model"
NOTHING = "There is nothing to show."
NO_HITS = "Nothing found."
NOT_SHOWN = "Not shown"
ALSO = "Also in this brief"
READ_ON_THE_WEB = "Web page"
THANKS = "Thank you to arXiv for use of its open access interoperability."
SENTENCE_NUMBERS = "Numbers in brackets are the sentences of the abstract that a statement rests on."

LINK_NAMES = {
    "abs": "arXiv",
    "pdf": "PDF",
    "html": "HTML",
    "code": "Code",
    "project": "Project",
    "doi": "DOI",
    "cool_papers": "Cool Papers",
    "alphaxiv": "alphaXiv",
    "hugging_face": "Hugging Face",
    "web": "Web page",
}

DROPPED = {
    "announced_before": "announced before",
    "withdrawn": "withdrawn",
    "cross_list": "cross-listed, which this topic leaves out",
    "no_match": "outside the topic's query",
    "excluded": "excluded by the topic",
    "too_similar": "too similar to papers shown",
    "below_bar": "well below what this topic usually shows",
    "below_cut": "below the cut",
}

FALLBACKS = {
    Fallback.BUDGET: "extracted: the model's budget for today is used up",
    Fallback.UNAVAILABLE: "extracted: the model could not be reached",
    Fallback.INVALID: "extracted: the model gave no usable answer",
    Fallback.REJECTED: "extracted: the model's answer did not pass the checks",
    Fallback.DEADLINE: "extracted: the model's answer was not ready in time",
}

NOT_TRANSLATED = {
    Fallback.BUDGET: "not translated: the model's budget for today is used up",
    Fallback.UNAVAILABLE: "not translated: the model could not be reached",
    Fallback.INVALID: "not translated: the model gave no usable answer",
    Fallback.REJECTED: "not translated: the model's answer did not pass the checks",
    Fallback.DEADLINE: "not translated: the model's answer was not ready in time",
}

ANNOUNCE_TYPES = {
    AnnounceType.NEW: "new",
    AnnounceType.CROSS: CROSS_LISTED,
    AnnounceType.REPLACE: "replaced",
    AnnounceType.REPLACE_CROSS: "replaced, cross-listed",
}


def format_date(day: date) -> str:
    """Return a date such as "Wed 12 Aug 2026", whatever the machine's locale is."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_count(number: int) -> str:
    """Return a whole number such as "5,151"."""
    return f"{number:,}"


def link_name(kind: str) -> str:
    """Return what a link of that kind is called."""
    return LINK_NAMES.get(kind) or kind.replace("_", " ")


def dropped_reason(reason: str) -> str:
    """Return a key of `Receipt.dropped` in words."""
    return DROPPED.get(reason) or reason.replace("_", " ")


def produced_by(summary: Summary, say: Callable[..., str] = str.format) -> str:
    """Return who wrote a summary, or why it was extracted, in words; never empty. `say` translates, as `Texts.say`.

    The model's name comes as it is stored: whoever shows it sanitises and escapes.
    """
    if summary.producer == EXTRACTIVE:
        return say(FALLBACKS[summary.fallback] if summary.fallback else EXTRACTED)
    return say(WRITTEN_BY, model=summary.producer or say(AN_UNNAMED_MODEL))


def sentence_numbers(provenance: tuple[int, ...]) -> str:
    """Return the mark of the supporting sentences, counted from 1, such as "[2, 5]"; empty where there are none."""
    return f"[{', '.join(str(number + 1) for number in provenance)}]" if provenance else ""
