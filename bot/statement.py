"""What the program found out, to be said later: a code with its values, put into words only where somebody reads them.

The stages below the renderer know no language. What they find goes through the store and into a brief as a `Statement`;
`bot.render.statements` says it in the reader's language. Values hold facts only, never a sentence of ours, but for
`detail` and `words`: what a source or Discord said in English, which only the operator gets to read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Union


class StatementCode(StrEnum):
    """Everything there is to say. The values are stored: a code may be added, never renamed."""

    # A sentence of an earlier version of this program, which stored English.
    PLAIN = "plain"

    # Why an announcement is in its state.
    SOURCE_UNAVAILABLE = "source_unavailable"
    SOURCE_LIMITED = "source_limited"
    SOURCE_MALFORMED = "source_malformed"
    NOTHING_FETCHED = "nothing_fetched"
    PAGE_INCOMPLETE = "page_incomplete"
    FEWER_THAN_USUAL = "fewer_than_usual"
    NOT_OUT_YET = "not_out_yet"
    OVERDUE = "overdue"
    FEED_EMPTY = "feed_empty"
    FEED_QUIET = "feed_quiet"
    DEFERRED = "deferred"
    NONE_FOR_DAY = "none_for_day"
    REBUILT = "rebuilt"
    REBUILT_SHORT = "rebuilt_short"
    NOT_RECOVERED = "not_recovered"
    OAI_BEHIND = "oai_behind"
    NO_MAILING = "no_mailing"
    NO_ANNOUNCEMENT_DAY = "no_announcement_day"
    NOT_ANNOUNCED = "not_announced"
    NEVER_READ = "never_read"
    SHOWS_PREVIOUS = "shows_previous"
    UNREAD = "unread"

    # Why a brief is empty, or what it lacks. Those of a category may have a `reason`.
    CATEGORY_WAITING = "category_waiting"
    CATEGORY_OVERDUE = "category_overdue"
    CATEGORY_PARTIAL = "category_partial"
    CATEGORY_FAILED = "category_failed"
    CATEGORY_SHORT = "category_short"
    CATEGORY_REBUILT = "category_rebuilt"
    CATEGORIES_UNREAD = "categories_unread"
    MISSING_WAITING = "missing_waiting"
    MISSING_OVERDUE = "missing_overdue"
    MISSING_PARTIAL = "missing_partial"
    MISSING_FAILED = "missing_failed"
    NOTHING_STORED = "nothing_stored"
    NO_NEW_PAPERS = "no_new_papers"
    NO_ANNOUNCEMENT = "no_announcement"
    NONE_DUE = "none_due"
    MATCHED_NONE_SHOWN = "matched_none_shown"
    NONE_MATCHED = "none_matched"
    NOTHING_NEW = "nothing_new"

    # Why a paper has its score.
    CLOSE_TO_INTEREST = "close_to_interest"
    HAS_PROJECT_PAGE = "has_project_page"
    NAMES_VENUE = "names_venue"
    LINKS_TO_CODE = "links_to_code"
    MATCHES = "matches"
    NEW_IN = "new_in"
    CLOSE_IN_MEANING = "close_in_meaning"
    GENERAL_INTEREST = "general_interest"
    NEAR_LIKED = "near_liked"
    NEAR_DISLIKED = "near_disliked"
    LIKE_LIKED = "like_liked"
    LIKE_DISLIKED = "like_disliked"

    # Why a subscription is not active.
    LACKS_PERMISSION = "lacks_permission"
    LACKS_ACCESS = "lacks_access"
    THREAD_CLOSED = "thread_closed"
    WRONG_CHANNEL = "wrong_channel"
    TAG_REQUIRED = "tag_required"
    DISCORD_REFUSES = "discord_refuses"
    CHANNEL_GONE = "channel_gone"
    CHANNEL_DELETED = "channel_deleted"
    WAS_PAUSED = "was_paused"


Value = Union[str, int, date, datetime, tuple[str, ...], "Statement"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing to say. `values` are (name, value); made by `of` or `plain`. A `datetime` is aware."""

    code: StatementCode
    values: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, code: StatementCode, /, **values: Value | None) -> "Statement":
        """Return a statement with those of `values` that are not None."""
        return cls(code, tuple((name, value) for name, value in values.items() if value is not None))

    @classmethod
    def plain(cls, text: str) -> "Statement":
        """Return what an English sentence stands for that nobody can translate any more."""
        return cls(StatementCode.PLAIN, (("text", text),))

    def get(self, name: str) -> Value | None:
        """Return a value, None where there is none of that name."""
        return next((value for known, value in self.values if known == name), None)

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back, of plain lists, mappings, strings and numbers; the code comes first."""
        return {"code": self.code.value, "values": {name: _encoded(value) for name, value in self.values}}

    @classmethod
    def from_json(cls, data: object) -> "Statement":
        """Return the statement that `as_json` wrote. Raises ValueError for anything else, an unknown code included."""
        if not isinstance(data, Mapping) or not isinstance(data.get("values"), Mapping):
            raise ValueError("not a statement")  # noqa: TRY004  # a fault of the text that was read
        return cls(
            StatementCode(data["code"]), tuple((str(name), _decoded(one)) for name, one in data["values"].items())
        )


def _encoded(value: Value) -> Any:
    match value:
        case Statement():
            return value.as_json()
        case datetime():
            return {"instant": value.astimezone(UTC).isoformat()}
        case date():
            return {"date": value.isoformat()}
        case tuple():
            return list(value)
        case _:
            return value


def _decoded(data: object) -> Value:
    match data:
        case {"code": _}:
            return Statement.from_json(data)
        case {"instant": str(text)}:
            return datetime.fromisoformat(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case list():
            return tuple(map(str, data))
        case str() | int():
            return data
        case _:
            raise ValueError("not a value of a statement")
