"""The door to topic queries: `parse_query` turns what a user wrote into a `Query` that matches papers.

The language is described in docs/topics.md, its grammar in `bot.digest.syntax`, its meaning in `bot.digest.tree`.
"""

from bot.digest.syntax import parse
from bot.digest.text import Field, PaperText
from bot.digest.tree import Match, MatchedTerm, Query

__all__ = ["Field", "Match", "MatchedTerm", "PaperText", "Query", "parse_query"]


def parse_query(text: str) -> Query:
    """Return the query that `text` writes; blank text matches everything. Raises QuerySyntaxError."""
    return Query(parse(text))
