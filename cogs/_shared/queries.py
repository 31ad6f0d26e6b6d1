"""A query that does not parse, shown with a mark at the place and what was expected there, in the user's language."""

import unicodedata

from bot.errors import QuerySyntaxError
from bot.i18n import Texts, mark
from bot.render.text import sanitise

_BEFORE = 40
_AFTER = 24

EXPECTED = (
    mark("a word, a “phrase” or “(”"),
    mark("a closing quotation mark for this one"),
    mark("“(” before this “)”"),
    mark("a closing “)” for this “(”"),
    mark("NOT in place of “-”"),
    mark("one of the fields ti: abs: au: cat: co:, or quotation marks around this"),
    mark("“*” only at the end of a word"),
    mark("an arXiv category such as cs.CV, or an archive such as cs"),
    mark("a word with letters or digits"),
    mark("at most 2,000 characters"),
    mark("at most 50 levels of “(” and NOT"),
    mark("at least 2 letters before “*”"),
)
"""What the grammar says was expected; a test keeps this list complete."""


def render_query_error(error: QuerySyntaxError, texts: Texts) -> str:
    """Return the part of the query around the fault with a caret under it, and what was expected."""
    start = max(0, error.position - _BEFORE)
    before = _plain(error.query[start : error.position])
    after = _plain(error.query[error.position : error.position + _AFTER])
    lead = "…" if start else ""
    more = "…" if error.position + _AFTER < len(error.query) else ""
    caret = " " * (_width(before) + len(lead)) + "^"
    expected = texts.say(error.expected)
    return texts.say(
        "The query does not parse. At character {position}: expected {expected}.\n{excerpt}",
        position=f"{error.position + 1:,}",
        expected=expected,
        excerpt=f"```\n{lead}{before}{after}{more}\n{caret}\n```",
    )


def _plain(text: str) -> str:
    # A block of code ends at three backticks, whatever is in it.
    return "".join(sanitise(character) or " " for character in text).replace("`", "ˋ")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
