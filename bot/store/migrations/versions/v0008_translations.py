"""Whether a subscription wants titles in its language as well. None that is there did."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("subscription", sa.Column("translate", sa.Boolean(), server_default=sa.text("false"), nullable=False))
