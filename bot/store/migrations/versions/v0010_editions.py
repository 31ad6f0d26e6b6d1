"""Briefs of a channel's own beside the one that the other channels share, and what a brief's scores were measured by.

Every brief that is stored already is a shared one (0), on a scale that nothing compares with. SQLite learns another key
of a table only by rebuilding it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.batch_alter_table("brief") as batch:
        batch.add_column(sa.Column("guild_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        batch.add_column(sa.Column("channel_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        batch.add_column(sa.Column("scale", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch.drop_constraint("uq_brief_key", type_="unique")
        batch.create_unique_constraint(
            "uq_brief_key", ["topic_guild_id", "topic_slug", "announced_on", "language", "channel_id"]
        )
    op.create_index("ix_brief_guild_id", "brief", ["guild_id"], unique=False)
