"""Tables of what people did: saved papers, votes, look-ups, questions. Each row with a `user_id` can be erased."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table, text

from bot.store.schema._base import metadata, paper_id
from bot.store.types import CleanText, UtcDateTime

saved_paper = Table(
    "saved_paper",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    paper_id(primary_key=True),
    Column("note", CleanText),
    Column("saved_at", UtcDateTime, nullable=False),
    # Where it was saved, for what is popular there; 0 for a direct message.
    Column("guild_id", BigInteger, nullable=False, server_default=text("0")),
    Index(None, "arxiv_id"),
    Index(None, "guild_id", "saved_at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("topic_guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("topic_slug", CleanText, primary_key=True),
    paper_id(primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, nullable=False),
    Column("value", Integer, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Index(None, "user_id"),
    Index(None, "guild_id"),
)

# Counts without names; who looked is in `look_up_today` alone, and only for as long as it takes to count once.
look_up = Table(
    "look_up",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    paper_id(primary_key=True),
    Column("count", Integer, nullable=False),
    Index(None, "arxiv_id"),
)

look_up_today = Table(
    "look_up_today",
    metadata,
    Column("day", Date, primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    paper_id(primary_key=True),
    Index(None, "user_id"),
)

# How many questions were asked today; what was asked is not kept. `user_id` 0 counts for all of a server together.
question_quota = Table(
    "question_quota",
    metadata,
    Column("day", Date, primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Index(None, "user_id"),
    Index(None, "guild_id"),
)
