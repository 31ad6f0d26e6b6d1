"""Tables that the bot keeps for itself: leases, servers, the gateway, sources, and what the language model cost."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table

from bot.store.schema._base import KEY, metadata
from bot.store.types import CleanText, Json, UtcDateTime

lease = Table(
    "lease",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("holder", CleanText, nullable=False),
    # Grows with every new holder; a write that carries an older one is refused.
    Column("token", BigInteger, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

guild = Table(
    "guild",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("joined_at", UtcDateTime, nullable=False),
    # Set while the bot is not in it.
    Column("left_at", UtcDateTime),
)

gateway_identify = Table(
    "gateway_identify",
    metadata,
    Column("identify_id", KEY, primary_key=True, autoincrement=True),
    Column("identified_at", UtcDateTime, nullable=False),
    Index(None, "identified_at"),
)

bot_value = Table(
    "bot_value",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("value", Json),
    Column("updated_at", UtcDateTime, nullable=False),
)

# What holds at the moment and its owner is to know of; a row is there for as long as it holds.
condition = Table(
    "condition",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("subject", CleanText, primary_key=True),
    # Of the server that it concerns; 0 for none.
    Column("guild_id", BigInteger, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    # NULL until the owner was told.
    Column("told_at", UtcDateTime),
)

source_state = Table(
    "source_state",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("state", Json, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)


def _spending() -> list[Column[int]]:
    return [
        Column("requests", Integer, nullable=False),
        Column("input_tokens", BigInteger, nullable=False),
        Column("output_tokens", BigInteger, nullable=False),
        # Millionths of the currency that the prices are in: money is never a float.
        Column("cost_micros", BigInteger, nullable=False),
    ]


spend = Table(
    "spend",
    metadata,
    Column("day", Date, primary_key=True),
    Column("producer", CleanText, primary_key=True),
    Column("purpose", CleanText, primary_key=True),
    *_spending(),
    # Of those requests, the ones whose tokens nobody told us.
    Column("estimated", Integer, nullable=False),
)

# A row for each request under way, with the most that it may cost. One whose process died stays, and counts in full.
spend_reservation = Table(
    "spend_reservation",
    metadata,
    Column("reservation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("producer", CleanText, nullable=False),
    Column("purpose", CleanText, nullable=False),
    *_spending(),
    Column("reserved_at", UtcDateTime, nullable=False),
    Index(None, "day"),
)
