"""Every word of ours that a reader of a brief sees, in one place for translation; never a word of a paper."""

from datetime import date

from bot.model import AnnounceType

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
LINKS = "Links"
VERSIONS = "Versions"
CONTENTS = "Contents"
LATE = "late"
WITHDRAWN = "withdrawn"
SCORE = "score"
CROSS_LISTED = "cross-listed"
EXTRACTED = "extracted from the abstract"
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
}

DROPPED = {
    "announced_before": "announced before",
    "withdrawn": "withdrawn",
    "cross_list": "cross-listed, which this topic leaves out",
    "no_match": "outside the topic's query",
    "excluded": "excluded by the topic",
    "below_cut": "below the cut",
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


def produced_by(producer: str) -> str:
    """Return who wrote a summary, in words; never empty."""
    return EXTRACTED if producer == "extractive" else f"written by {producer or 'an unnamed model'}"


def sentence_numbers(provenance: tuple[int, ...]) -> str:
    """Return the mark of the supporting sentences, counted from 1, such as "[2, 5]"; empty where there are none."""
    return f"[{', '.join(str(number + 1) for number in provenance)}]" if provenance else ""
