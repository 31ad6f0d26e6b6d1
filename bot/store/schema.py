"""All tables, as the newest migration leaves them; a test keeps the two equal.

Names and keys are those of the data model in `docs/`. Lists that no query looks into are JSON text. `guild_id` 0 stands
for the built-in catalogue, because a NULL would not take part in a key. The full-text tables of SQLite are made by
their migration, since SQLAlchemy has no word for virtual tables.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from bot.delivery import DeliveryAction, DeliveryKind, DeliveryState, PostingStyle, SubscriptionState
from bot.model import AnnouncementState, AnnounceType, CrossListPolicy, Fallback, SourceName
from bot.store.types import CleanText, Json, Said, SaidInTurn, UtcDateTime, Word

BUILT_IN = 0
"""The `guild_id` of the built-in topics."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite makes only INTEGER PRIMARY KEY the rowid itself, which FTS5 needs to be cheap.
_Key = BigInteger().with_variant(Integer, "sqlite")

paper = Table(
    "paper",
    metadata,
    # Grows with the date of announcement, so that "newest first" is the order of this key (bot/store/ordering.py).
    Column("number", _Key, primary_key=True, autoincrement=False),
    Column("arxiv_id", CleanText, nullable=False, unique=True),
    Column("title", CleanText, nullable=False),
    Column("abstract", CleanText, nullable=False),
    Column("authors", Json, nullable=False),
    Column("authors_complete", Boolean, nullable=False),
    Column("primary_category", CleanText, nullable=False),
    Column("categories", Json, nullable=False),
    # The categories as one search word each; indexed with the text, so that a filter costs no join.
    Column("labels", CleanText, nullable=False),
    Column("comment", CleanText),
    Column("journal_ref", CleanText),
    Column("doi", CleanText),
    Column("licence", CleanText),
    Column("version", Integer, nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("updated_at", UtcDateTime),
    Column("has_html", Boolean),
    Column("withdrawn", Boolean, nullable=False),
    # The first announcement that a brief may show; NULL for papers known from elsewhere.
    Column("announced_on", Date),
    Column("enriched_at", UtcDateTime),
    Column("enrichment_attempts", Integer, nullable=False, server_default=text("0")),
    Column("enrichment_failed_at", UtcDateTime),
    Index(
        "ix_paper_unenriched",
        "announced_on",
        sqlite_where=text("enriched_at IS NULL AND announced_on IS NOT NULL"),
        postgresql_where=text("enriched_at IS NULL AND announced_on IS NOT NULL"),
    ),
)

paper_words = Table(
    "paper_words",
    metadata,
    Column(
        "number",
        BigInteger,
        ForeignKey("paper.number", onupdate="CASCADE", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("words", TSVECTOR, nullable=False),
    Index("ix_paper_words_words", "words", postgresql_using="gin"),
    info={"only": "postgresql"},
)


def _paper_id(*, primary_key: bool = False) -> Column[str]:
    return Column("arxiv_id", CleanText, ForeignKey("paper.arxiv_id"), nullable=False, primary_key=primary_key)


paper_version = Table(
    "paper_version",
    metadata,
    _paper_id(primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("announced_on", Date, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

announcement = Table(
    "announcement",
    metadata,
    Column("category", CleanText, primary_key=True),
    Column("announced_on", Date, primary_key=True),
    Column("state", Word(AnnouncementState), nullable=False),
    Column("source", Word(SourceName)),
    Column("shown_new", Integer, nullable=False),
    Column("shown_cross", Integer, nullable=False),
    Column("shown_replace", Integer, nullable=False),
    Column("stored_new", Integer, nullable=False),
    Column("stored_cross", Integer, nullable=False),
    Column("stored_replace", Integer, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("reason", Said),
    sqlite_with_rowid=False,
)

announcement_item = Table(
    "announcement_item",
    metadata,
    Column("category", CleanText, primary_key=True),
    Column("announced_on", Date, primary_key=True),
    _paper_id(primary_key=True),
    Column("announce_type", Word(AnnounceType), primary_key=True),
    Column("position", Integer, nullable=False),
    ForeignKeyConstraint(["category", "announced_on"], ["announcement.category", "announcement.announced_on"]),
    Index(None, "arxiv_id", "announced_on"),
    sqlite_with_rowid=False,
)

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
    Column("brief_id", _Key, primary_key=True, autoincrement=True),
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
    UniqueConstraint("topic_guild_id", "topic_slug", "announced_on", "language", name="uq_brief_key"),
)

brief_item = Table(
    "brief_item",
    metadata,
    Column("brief_id", _Key, ForeignKey("brief.brief_id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _paper_id(),
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
    _paper_id(primary_key=True),
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
    Column("brief_id", _Key, ForeignKey("brief.brief_id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
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
    _paper_id(primary_key=True),
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
    Column("delivery_id", _Key, primary_key=True, autoincrement=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("announced_on", Date, nullable=False),
    Column("kind", Word(DeliveryKind), nullable=False),
    Column("topic_guild_id", BigInteger, nullable=False),
    Column("topic_slug", CleanText, nullable=False),
    Column("part", Integer, nullable=False),
    Column("brief_id", _Key, ForeignKey("brief.brief_id")),
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
    Index(None, "brief_id"),
    Index(None, "guild_id"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("holder", CleanText, nullable=False),
    # Grows with every new holder; a write that carries an older one is refused.
    Column("token", BigInteger, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

saved_paper = Table(
    "saved_paper",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    _paper_id(primary_key=True),
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
    _paper_id(primary_key=True),
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
    _paper_id(primary_key=True),
    Column("count", Integer, nullable=False),
    Index(None, "arxiv_id"),
)

look_up_today = Table(
    "look_up_today",
    metadata,
    Column("day", Date, primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    _paper_id(primary_key=True),
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
    Column("identify_id", _Key, primary_key=True, autoincrement=True),
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


def tables(dialect: str) -> list[Table]:
    """Return the tables that exist on `dialect` ("sqlite" or "postgresql"), parents first."""
    return [table for table in metadata.sorted_tables if table.info.get("only", dialect) == dialect]
