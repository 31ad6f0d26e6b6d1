"""What the sender and the planner need: actions and attempts of deliveries, more of a subscription, the sender's lease.

`post_time` may be absent from now on; SQLite can only learn that by rebuilding the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_LONG_AGO = "1970-01-01 00:00:00+00:00"


def upgrade() -> None:
    _upgrade_subscription()
    _upgrade_delivery()
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _upgrade_subscription() -> None:
    with op.batch_alter_table("subscription") as batch:
        batch.alter_column("post_time", existing_type=sa.Text(), nullable=True)
        batch.add_column(sa.Column("role_id", sa.BigInteger()))
        batch.add_column(sa.Column("crosspost", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("quiet_line", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("tag_ids", sa.Text(), nullable=False, server_default="[]"))
        batch.add_column(_instant("state_since"))
    op.execute("UPDATE subscription SET state_since = updated_at")


def _upgrade_delivery() -> None:
    with op.batch_alter_table("delivery") as batch:
        batch.alter_column("message_id", new_column_name="result_id", existing_type=sa.BigInteger())
        batch.add_column(sa.Column("action", sa.Text(), nullable=False, server_default="message"))
        batch.add_column(sa.Column("into_part", sa.Integer()))
        batch.add_column(_instant("due_at"))
        batch.add_column(sa.Column("payload_version", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("bot_id", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("first_attempted_at", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("attempted_at", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("refused_on", sa.Date()))
    op.create_index("ix_delivery_guild_id", "delivery", ["guild_id"], unique=False)
    op.execute("UPDATE delivery SET due_at = created_at")


def _instant(name: str) -> sa.Column[object]:
    # A column that may not be NULL needs a value for the rows that are there; the true one follows.
    default = _LONG_AGO if op.get_bind().dialect.name == "postgresql" else _LONG_AGO.removesuffix("+00:00")
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=default)
