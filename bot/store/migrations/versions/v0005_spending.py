"""Spending by purpose, and room taken in a day's budget before each request.

`spend` is made anew: no earlier version of the program ever wrote to it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_table("spend")
    op.create_table(
        "spend",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        *_spending(),
        sa.Column("estimated", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "producer", "purpose", name="pk_spend"),
    )
    op.create_table(
        "spend_reservation",
        sa.Column("reservation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        *_spending(),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reservation_id", name="pk_spend_reservation"),
    )
    op.create_index("ix_spend_reservation_day", "spend_reservation", ["day"], unique=False)


def _spending() -> list[sa.Column[int]]:
    return [
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
    ]
