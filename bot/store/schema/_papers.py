"""Tables of what arXiv announced: papers, their versions, words and figures, the announcements and their entries."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from bot.model import AnnouncementState, AnnounceType, SourceName
from bot.store.schema._base import KEY, metadata, paper_id
from bot.store.types import CleanText, Json, Said, UtcDateTime, Word

paper = Table(
    "paper",
    metadata,
    # Grows with the date of announcement, so that "newest first" is the order of this key (bot/store/ordering.py).
    Column("number", KEY, primary_key=True, autoincrement=False),
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

paper_version = Table(
    "paper_version",
    metadata,
    paper_id(primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("announced_on", Date, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# A row for each version whose PDF was read for its figures; without rows in `figure` it has none that can be shown.
figure_search = Table(
    "figure_search",
    metadata,
    paper_id(primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # The licence of that version, by its URL, without which none would have been cut out.
    Column("licence", CleanText, nullable=False),
    # Why there is nothing of it, where that is not just that it has no figures.
    Column("problem", CleanText),
    Column("searched_at", UtcDateTime, nullable=False),
)

# Pictures of at most 200 KB, here and not in files: several processes share them, and a backup holds them.
figure = Table(
    "figure",
    metadata,
    Column("arxiv_id", CleanText, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("page", Integer, nullable=False),
    Column("caption", CleanText, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("content_type", CleanText, nullable=False),
    Column("data", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["arxiv_id", "version"], ["figure_search.arxiv_id", "figure_search.version"], ondelete="CASCADE"
    ),
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
    paper_id(primary_key=True),
    Column("announce_type", Word(AnnounceType), primary_key=True),
    Column("position", Integer, nullable=False),
    ForeignKeyConstraint(["category", "announced_on"], ["announcement.category", "announcement.announced_on"]),
    Index(None, "arxiv_id", "announced_on"),
    sqlite_with_rowid=False,
)

# Vectors are float16, little-endian: of every model its own, as those of two do not compare.
paper_vector = Table(
    "paper_vector",
    metadata,
    paper_id(primary_key=True),
    Column("model", CleanText, primary_key=True),
    # Of the paper, when it was read.
    Column("version", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

text_vector = Table(
    "text_vector",
    metadata,
    # SHA-256 of the text.
    Column("digest", CleanText, primary_key=True),
    Column("model", CleanText, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)
