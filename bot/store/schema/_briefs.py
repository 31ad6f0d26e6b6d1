"""Tables of what was made of it, for whom: topics, subscriptions, briefs, the texts in them, and their deliveries."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from bot.delivery import DeliveryAction, DeliveryKind, DeliveryState, PostingStyle, SubscriptionState
from bot.model import AnnounceType, CrossListPolicy
from bot.store.schema._base import KEY, metadata, paper_id
from bot.store.types import CleanText, Json, Said, SaidInTurn, UtcDateTime, Word
from bot.texts import Fallback

topic = Table(
    "topic",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("slug", CleanText, primary_key=True),
    Column("names", Json, nullable=False),
    Column("categories", Json, nullable=False),
    Column("query", CleanText, nullable=False),
    Column("authors", Json, nullable=False),
    Column("interest", CleanText, nullable=False),
    Column("exclude", CleanText, nullable=False),
    Column("cross_lists", Word(CrossListPolicy), nullable=False),
    Column("settings", Json, nullable=False),
    Column("ranker_state", Json),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

subscription = Table(
    "subscription",
    metadata,
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("topic_guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("topic_slug", CleanText, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    # Wall-clock time "HH:MM" in `zone`: a time zone's rules change, an instant would not follow.
    # NULL posts as soon as the batch is complete.
    Column("post_time", CleanText),
    Column("zone", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("style", Word(PostingStyle), nullable=False),
    Column("max_papers", Integer, nullable=False),
    Column("role_id", BigInteger),
    Column("crosspost", Boolean, nullable=False),
    Column("quiet_line", Boolean, nullable=False),
    Column("tag_ids", Json, nullable=False),
    Column("state", Word(SubscriptionState), nullable=False),
    Column("state_since", UtcDateTime, nullable=False),
    Column("reason", Said),
    Column("created_by", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("translate", Boolean, nullable=False, server_default=text("false")),
    Index(None, "guild_id"),
)

brief = Table(
    "brief",
    metadata,
    Column("brief_id", KEY, primary_key=True, autoincrement=True),
    Column("topic_guild_id", BigInteger, nullable=False),
    Column("topic_slug", CleanText, nullable=False),
    Column("announced_on", Date, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("announced", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("dropped", Json, nullable=False),
    Column("silence", SaidInTurn),
    Column("made_at", UtcDateTime, nullable=False),
    # What a language model did for it; NULL where none was asked.
    Column("bill", Json),
    # Whose own it is, because of its readers' feedback; 0 for the one that all other channels share.
    Column("guild_id", BigInteger, nullable=False, server_default=text("0")),
    Column("channel_id", BigInteger, nullable=False, server_default=text("0")),
    # What the scores of its items were measured by: those of two briefs compare only where it is the same.
    Column("scale", CleanText, nullable=False, server_default=text("''")),
    UniqueConstraint("topic_guild_id", "topic_slug", "announced_on", "language", "channel_id", name="uq_brief_key"),
    Index(None, "guild_id"),
)

brief_item = Table(
    "brief_item",
    metadata,
    Column("brief_id", KEY, ForeignKey("brief.brief_id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    paper_id(),
    Column("version", Integer, nullable=False),
    Column("announce_type", Word(AnnounceType), nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("links", Json, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("producer", CleanText, nullable=False),
    Column("prompt_version", CleanText, nullable=False),
    # Why its summary was extracted although a model is configured.
    Column("fallback", Word(Fallback)),
    Index(None, "arxiv_id"),
)

summary = Table(
    "summary",
    metadata,
    paper_id(primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("language", CleanText, primary_key=True),
    Column("kind", CleanText, primary_key=True),
    Column("producer", CleanText, primary_key=True),
    Column("prompt_version", CleanText, primary_key=True),
    Column("text", CleanText, nullable=False),
    Column("provenance", Json, nullable=False),
    Column("key_takeaways", Json, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    # Empty or NULL where nobody wrote them: extracted summaries have a gist and takeaways only.
    Column("paragraph", Json, nullable=False, server_default=text("'[]'")),
    Column("motivation", Json),
    Column("method", Json),
    Column("result", Json),
)

overview = Table(
    "overview",
    metadata,
    Column("brief_id", KEY, ForeignKey("brief.brief_id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # The papers it was written about, in order: of a brief made anew with others it says nothing.
    Column("arxiv_ids", Json, nullable=False),
    Column("sentences", Json, nullable=False),
    Column("producer", CleanText, nullable=False),
    Column("prompt_version", CleanText, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

translation = Table(
    "translation",
    metadata,
    paper_id(primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("language", CleanText, primary_key=True),
    Column("producer", CleanText, primary_key=True),
    Column("prompt_version", CleanText, primary_key=True),
    Column("title", CleanText, nullable=False),
    Column("abstract", CleanText, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("delivery_id", KEY, primary_key=True, autoincrement=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("announced_on", Date, nullable=False),
    Column("kind", Word(DeliveryKind), nullable=False),
    Column("topic_guild_id", BigInteger, nullable=False),
    Column("topic_slug", CleanText, nullable=False),
    Column("part", Integer, nullable=False),
    Column("brief_id", KEY, ForeignKey("brief.brief_id")),
    Column("action", Word(DeliveryAction), nullable=False),
    Column("into_part", Integer),
    Column("due_at", UtcDateTime, nullable=False),
    Column("payload", Json, nullable=False),
    # 1 as planned, 2 without links, 3 as plain text: a changed payload needs a nonce of its own.
    Column("payload_version", Integer, nullable=False),
    Column("bot_id", BigInteger, nullable=False),
    Column("nonce", CleanText, nullable=False),
    Column("marker", CleanText, nullable=False),
    Column("state", Word(DeliveryState), nullable=False),
    Column("reason", CleanText),
    Column("attempts", Integer, nullable=False),
    Column("first_attempted_at", UtcDateTime),
    # The first of the attempts whose outcome is open; NULL when it is certain that nothing was posted.
    Column("attempted_at", UtcDateTime),
    Column("refused_on", Date),
    Column("claimed_by", CleanText),
    Column("lease_until", UtcDateTime),
    Column("next_attempt_at", UtcDateTime),
    Column("result_id", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint(
        "channel_id", "announced_on", "kind", "topic_guild_id", "topic_slug", "part", name="uq_delivery_key"
    ),
    Index(None, "state", "next_attempt_at"),
    # Holds all that the owner's report on a week asks for: the rows themselves are large, and lie everywhere.
    Index(
        "ix_delivery_due",
        *("due_at", "kind", "state", "updated_at", "channel_id", "announced_on", "topic_guild_id", "topic_slug"),
        "payload_version",
    ),
    Index(None, "brief_id"),
    Index(None, "guild_id"),
)
