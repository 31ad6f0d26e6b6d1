"""The tables: papers, announcements, topics and subscriptions, briefs, deliveries, readers, sources."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# On SQLite only INTEGER PRIMARY KEY is the rowid itself.
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "announcement",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("shown_new", sa.Integer(), nullable=False),
        sa.Column("shown_cross", sa.Integer(), nullable=False),
        sa.Column("shown_replace", sa.Integer(), nullable=False),
        sa.Column("stored_new", sa.Integer(), nullable=False),
        sa.Column("stored_cross", sa.Integer(), nullable=False),
        sa.Column("stored_replace", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("category", "announced_on", name="pk_announcement"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "brief",
        sa.Column("brief_id", _KEY, autoincrement=True, nullable=False),
        sa.Column("topic_guild_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_slug", sa.Text(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Text(), nullable=False),
        sa.Column("silence", sa.Text()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("brief_id", name="pk_brief"),
        sa.UniqueConstraint("topic_guild_id", "topic_slug", "announced_on", "language", name="uq_brief_key"),
    )
    op.create_table(
        "look_up",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "day", "kind", name="pk_look_up"),
    )
    op.create_table(
        "paper",
        sa.Column("number", _KEY, autoincrement=False, nullable=False),
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("authors_complete", sa.Boolean(), nullable=False),
        sa.Column("primary_category", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("journal_ref", sa.Text()),
        sa.Column("doi", sa.Text()),
        sa.Column("licence", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
        sa.Column("has_html", sa.Boolean()),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("announced_on", sa.Date()),
        sa.Column("enriched_at", sa.DateTime(timezone=True)),
        sa.Column("enrichment_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("enrichment_failed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name="pk_paper"),
        sa.UniqueConstraint("arxiv_id", name="uq_paper_arxiv_id"),
    )
    op.create_index(
        "ix_paper_unenriched",
        "paper",
        ["announced_on"],
        unique=False,
        sqlite_where=sa.text("enriched_at IS NULL AND announced_on IS NOT NULL"),
        postgresql_where=sa.text("enriched_at IS NULL AND announced_on IS NOT NULL"),
    )
    op.create_table(
        "source_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_source_state"),
    )
    op.create_table(
        "spend",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "producer", name="pk_spend"),
    )
    op.create_table(
        "subscription",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic_guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic_slug", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("post_time", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("max_papers", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "topic_guild_id", "topic_slug", name="pk_subscription"),
    )
    op.create_index("ix_subscription_guild_id", "subscription", ["guild_id"], unique=False)
    op.create_table(
        "topic",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("interest", sa.Text(), nullable=False),
        sa.Column("exclude", sa.Text(), nullable=False),
        sa.Column("cross_lists", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("ranker_state", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "slug", name="pk_topic"),
    )
    op.create_table(
        "announcement_item",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("announce_type", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_announcement_item_arxiv_id"),
        sa.ForeignKeyConstraint(
            ["category", "announced_on"],
            ["announcement.category", "announcement.announced_on"],
            name="fk_announcement_item_category_announced_on",
        ),
        sa.PrimaryKeyConstraint("category", "announced_on", "arxiv_id", "announce_type", name="pk_announcement_item"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_announcement_item_arxiv_id_announced_on", "announcement_item", ["arxiv_id", "announced_on"], unique=False
    )
    op.create_table(
        "brief_item",
        sa.Column("brief_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("announce_type", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_brief_item_arxiv_id"),
        sa.ForeignKeyConstraint(["brief_id"], ["brief.brief_id"], name="fk_brief_item_brief_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("brief_id", "position", name="pk_brief_item"),
    )
    op.create_index("ix_brief_item_arxiv_id", "brief_item", ["arxiv_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("delivery_id", _KEY, autoincrement=True, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic_guild_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_slug", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("brief_id", _KEY),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brief_id"], ["brief.brief_id"], name="fk_delivery_brief_id"),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_delivery"),
        sa.UniqueConstraint(
            "channel_id", "announced_on", "kind", "topic_guild_id", "topic_slug", "part", name="uq_delivery_key"
        ),
    )
    op.create_index("ix_delivery_brief_id", "delivery", ["brief_id"], unique=False)
    op.create_index("ix_delivery_state_next_attempt_at", "delivery", ["state", "next_attempt_at"], unique=False)
    op.create_table(
        "feedback",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("topic_guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic_slug", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_feedback_arxiv_id"),
        sa.PrimaryKeyConstraint("user_id", "arxiv_id", "topic_guild_id", "topic_slug", name="pk_feedback"),
    )
    op.create_table(
        "paper_version",
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_paper_version_arxiv_id"),
        sa.PrimaryKeyConstraint("arxiv_id", "version", name="pk_paper_version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "saved_paper",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_saved_paper_arxiv_id"),
        sa.PrimaryKeyConstraint("user_id", "arxiv_id", name="pk_saved_paper"),
    )
    op.create_table(
        "summary",
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("key_takeaways", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_summary_arxiv_id"),
        sa.PrimaryKeyConstraint(
            "arxiv_id", "version", "language", "kind", "producer", "prompt_version", name="pk_summary"
        ),
    )
