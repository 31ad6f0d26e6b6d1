"""The number of a paper: a key that grows with the day of announcement.

"Newest first" is then the order in which both engines walk their indexes, so that a word found in every paper costs no
more than a rare one. Pure.
"""

import re
from datetime import date

FIRST_DAY = date(1991, 8, 1)
"""arXiv's first month; papers whose date nothing tells are counted to it."""

DAY = 1 << 20
"""Numbers reserved for a day; arXiv's largest month had under 30,000 papers."""

_MONTH = re.compile(r"^(?:[a-z-]+(?:\.[A-Z]{2})?/)?(\d\d)(0[1-9]|1[0-2])", re.ASCII)


def first_number(day: date) -> int:
    """Return the smallest number of `day`; numbers of later days are larger. Days before 1991-08-01 count as that."""
    return max(0, (day - FIRST_DAY).days) * DAY


def day_of(arxiv_id: str, announced_on: date | None) -> date:
    """Return the day a paper is filed under: its announcement, else the first of the month in its identifier.

    The month in an identifier is that of the announcement (https://info.arxiv.org/help/arxiv_identifier.html).
    """
    if announced_on is not None:
        return announced_on
    found = _MONTH.match(arxiv_id)
    if found is None:
        return FIRST_DAY
    year = int(found[1])
    return date(1900 + year if year >= 91 else 2000 + year, int(found[2]), 1)
