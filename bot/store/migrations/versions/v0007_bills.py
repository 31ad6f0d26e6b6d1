"""What a language model did for a brief, beside the brief. Briefs that are stored already were made without one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("brief", sa.Column("bill", sa.Text()))
