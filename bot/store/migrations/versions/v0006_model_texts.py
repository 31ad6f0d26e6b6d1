"""What a language model writes: whole summaries, overviews, translations; and how many questions were asked today.

Nothing is filled in: summaries that are stored already were extracted and have no such parts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("summary", sa.Column("paragraph", sa.Text(), server_default="[]", nullable=False))
    for name in ("motivation", "method", "result"):
        op.add_column("summary", sa.Column(name, sa.Text()))
    op.add_column("brief_item", sa.Column("fallback", sa.Text()))
    op.create_table(
        "overview",
        sa.Column(
            "brief_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("arxiv_ids", sa.Text(), nullable=False),
        sa.Column("sentences", sa.Text(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brief_id"], ["brief.brief_id"], name="fk_overview_brief_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("brief_id", name="pk_overview"),
    )
    op.create_table(
        "translation",
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_translation_arxiv_id"),
        sa.PrimaryKeyConstraint("arxiv_id", "version", "language", "producer", "prompt_version", name="pk_translation"),
    )
    op.create_table(
        "question_quota",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "user_id", "guild_id", name="pk_question_quota"),
    )
    op.create_index("ix_question_quota_user_id", "question_quota", ["user_id"], unique=False)
    op.create_index("ix_question_quota_guild_id", "question_quota", ["guild_id"], unique=False)
