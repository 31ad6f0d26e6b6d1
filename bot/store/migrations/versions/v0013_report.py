"""An index from which the owner's report on a week is read without a look at the deliveries themselves."""

from alembic import op

revision = "0013"
down_revision = "0012"

_COLUMNS = ("due_at", "kind", "state", "updated_at", "channel_id", "announced_on", "topic_guild_id", "topic_slug")


def upgrade() -> None:
    op.drop_index("ix_delivery_due_at", table_name="delivery")
    op.create_index("ix_delivery_due", "delivery", [*_COLUMNS, "payload_version"], unique=False)
