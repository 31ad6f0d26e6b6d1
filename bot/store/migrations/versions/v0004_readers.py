"""Readers and servers: feedback per channel, look-ups counted without names, servers joined and left, the bot's state.

`feedback` and `look_up` are made anew: no earlier version of the program ever wrote to them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("saved_paper", sa.Column("guild_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_index("ix_saved_paper_arxiv_id", "saved_paper", ["arxiv_id"], unique=False)
    op.create_index("ix_saved_paper_guild_id_saved_at", "saved_paper", ["guild_id", "saved_at"], unique=False)
    op.drop_table("feedback")
    op.create_table(
        "feedback",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic_guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic_slug", sa.Text(), nullable=False),
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_feedback_arxiv_id"),
        sa.PrimaryKeyConstraint(
            "channel_id", "topic_guild_id", "topic_slug", "arxiv_id", "user_id", name="pk_feedback"
        ),
    )
    op.create_index("ix_feedback_user_id", "feedback", ["user_id"], unique=False)
    op.create_index("ix_feedback_guild_id", "feedback", ["guild_id"], unique=False)
    op.drop_table("look_up")
    op.create_table(
        "look_up",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_look_up_arxiv_id"),
        sa.PrimaryKeyConstraint("guild_id", "day", "arxiv_id", name="pk_look_up"),
    )
    op.create_index("ix_look_up_arxiv_id", "look_up", ["arxiv_id"], unique=False)
    op.create_table(
        "look_up_today",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("arxiv_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["arxiv_id"], ["paper.arxiv_id"], name="fk_look_up_today_arxiv_id"),
        sa.PrimaryKeyConstraint("day", "user_id", "guild_id", "arxiv_id", name="pk_look_up_today"),
    )
    op.create_index("ix_look_up_today_user_id", "look_up_today", ["user_id"], unique=False)
    op.create_table(
        "guild",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("guild_id", name="pk_guild"),
    )
    op.create_table(
        "gateway_identify",
        sa.Column("identify_id", _KEY, autoincrement=True, nullable=False),
        sa.Column("identified_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identify_id", name="pk_gateway_identify"),
    )
    op.create_index("ix_gateway_identify_identified_at", "gateway_identify", ["identified_at"], unique=False)
    op.create_table(
        "bot_value",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_bot_value"),
    )
