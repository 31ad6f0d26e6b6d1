"""What every table says about a person or a server, and what deletes it: decided here for each table, once.

`PRIVACY.md` is made from this, `/forget-me` and the purge of servers work by it, and a test fails for a table or a
column that nobody decided about. Knows rows, not who may have them deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import metadata


class Erasure(StrEnum):
    """What becomes of a row whose column names somebody who is to be forgotten."""

    DELETE = "the row is deleted"
    BLANK = "the row stays, without the id"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table holds, and how long.

    `user` and `guild`: the columns that name a person or a server, with what becomes of the row. `of`: channels and
    roles, which are deleted with the row. `parent`: the table whose rows take those of this one with them.
    """

    holds: str
    kept: str = "as long as the database"
    user: Mapping[str, Erasure] = field(default_factory=dict)
    guild: Mapping[str, Erasure] = field(default_factory=dict)
    of: tuple[str, ...] = ()
    parent: str | None = None

    @property
    def about(self) -> str:
        """Return "a user", "a server", both, or "nobody"."""
        named = [word for word, columns in (("a user", self.user), ("a server", self.guild or self.parent)) if columns]
        return " and ".join(named) or "nobody"


_ROW = Erasure.DELETE
_UNTIL_UNSUBSCRIBED = "until it is ended; 30 days after the channel is deleted or the bot removed"
_AS_THE_SERVER = "until 30 days after the bot is removed (`RETENTION__LEFT_DAYS`)"
_REBUILT = "as long as the database; arXiv's own record, or made from it"

DECISIONS: Mapping[str, Decision] = MappingProxyType(
    {
        "saved_paper": Decision(
            "which papers somebody saved, when, in which server",
            "until removed or `/forget-me`",
            user={"user_id": _ROW},
            guild={"guild_id": Erasure.BLANK},
        ),
        "condition": Decision(
            "what the owner was told of and still holds: late announcements, stopped channels, messages given up, the "
            "day's budget",
            "while it holds",
            guild={"guild_id": _ROW},
        ),
        "feedback": Decision(
            "which papers somebody marked as relevant or not, in which channel",
            "until `/forget-me`, or as the server",
            user={"user_id": _ROW},
            guild={"guild_id": _ROW, "topic_guild_id": _ROW},
            of=("channel_id",),
        ),
        "look_up_today": Decision(
            "which papers somebody looked up today (UTC), in which server, so that each counts once",
            "until the day is over",
            user={"user_id": _ROW},
            guild={"guild_id": _ROW},
        ),
        "look_up": Decision(
            "how often a paper was looked up in a server, by the day; not by whom",
            "a year (`RETENTION__LOOK_UP_DAYS`), or as the server",
            guild={"guild_id": _ROW},
        ),
        "question_quota": Decision(
            "how many questions somebody asked today (UTC), in which server; not what was asked",
            "until the day is over",
            user={"user_id": _ROW},
            guild={"guild_id": _ROW},
        ),
        "subscription": Decision(
            "which channel gets which topic and how, the role it pings, and who subscribed it",
            _UNTIL_UNSUBSCRIBED,
            user={"created_by": Erasure.BLANK},
            guild={"guild_id": _ROW, "topic_guild_id": _ROW},
            of=("channel_id", "role_id"),
        ),
        "topic": Decision("a server's own topics", _AS_THE_SERVER, guild={"guild_id": _ROW}),
        "guild": Decision("which servers the bot is in, since when", _AS_THE_SERVER, guild={"guild_id": _ROW}),
        "delivery": Decision(
            "what was posted in which channel, when, and what became of it",
            "its key as the server, so that nothing is posted twice; the text of what was posted "
            "90 days (`RETENTION__PAYLOAD_DAYS`)",
            guild={"guild_id": _ROW, "topic_guild_id": _ROW},
            of=("channel_id",),
        ),
        "brief": Decision(
            "which papers a brief chose and its receipt; a channel's own names that channel",
            "as long as the database; those of a server as the server",
            guild={"guild_id": _ROW, "topic_guild_id": _ROW},
            of=("channel_id",),
        ),
        "brief_item": Decision("the papers of a brief, with score and reasons", "as the brief", parent="brief"),
        "overview": Decision("a model's three sentences over a brief", "as the brief", parent="brief"),
        "text_vector": Decision(
            "the numbers an embedding model made of words that were searched for or of a topic's interest, under a "
            "hash of that text; not the text",
            "30 days (`RETENTION__TEXT_VECTOR_DAYS`)",
        ),
        "paper": Decision("papers", _REBUILT),
        "paper_words": Decision("the search index of papers (PostgreSQL)", _REBUILT),
        "paper_version": Decision("versions of papers", _REBUILT),
        "paper_vector": Decision("vectors of papers", _REBUILT),
        "figure": Decision("first figures of papers whose licence allows it", _REBUILT),
        "figure_search": Decision("which papers were read for figures", _REBUILT),
        "announcement": Decision("what arXiv announced, by category and date", _REBUILT),
        "announcement_item": Decision("the entries of an announcement", _REBUILT),
        "summary": Decision("summaries of papers", _REBUILT),
        "translation": Decision("translated titles and abstracts of papers", _REBUILT),
        "lease": Decision("which process sends: its host name and number", "until the next process"),
        "gateway_identify": Decision("when the bot connected to Discord", "2 days"),
        "bot_value": Decision("small values of the bot's own, such as a digest of its commands"),
        "source_state": Decision("where reading arXiv stands, and the last build of the web edition"),
        "spend": Decision("what the language model cost, by day, purpose and model"),
        "spend_reservation": Decision("requests to the model under way, and the most they may cost"),
    }
)
"""Every table, by name."""


async def erase_user(connection: AsyncConnection, user_id: int) -> int:
    """Delete or blank every row that names a person, and return how many rows that changed."""
    return await _erase(connection, {name: one.user for name, one in DECISIONS.items()}, user_id)


async def erase_guild(connection: AsyncConnection, guild_id: int) -> int:
    """Delete or blank every row that names a server, and return how many rows that changed."""
    return await _erase(connection, {name: one.guild for name, one in DECISIONS.items()}, guild_id)


async def _erase(connection: AsyncConnection, columns: Mapping[str, Mapping[str, Erasure]], who: int) -> int:
    changed = 0
    for table in reversed(metadata.sorted_tables):
        for name, erasure in columns.get(table.name, {}).items():
            theirs = table.c[name] == who
            done = await connection.execute(
                sa.delete(table).where(theirs)
                if erasure is Erasure.DELETE
                else sa.update(table).where(theirs).values({name: 0})
            )
            changed += done.rowcount
    return changed
