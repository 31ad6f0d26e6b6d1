"""All tables, as the newest migration leaves them; a test keeps the two equal. A door, and the list of what there is.

Names and keys are those of the data model in `docs/`. Lists that no query looks into are JSON text. `guild_id` 0 stands
for the built-in catalogue, because a NULL would not take part in a key. The full-text tables of SQLite are made by
their migration, since SQLAlchemy has no word for virtual tables.
"""

from sqlalchemy import Table

from bot.store.schema._base import BUILT_IN, SHARED, metadata
from bot.store.schema._briefs import brief, brief_item, delivery, overview, subscription, summary, topic, translation
from bot.store.schema._papers import (
    announcement,
    announcement_item,
    figure,
    figure_search,
    paper,
    paper_vector,
    paper_version,
    paper_words,
    text_vector,
)
from bot.store.schema._readers import feedback, look_up, look_up_today, question_quota, saved_paper
from bot.store.schema._upkeep import (
    bot_value,
    condition,
    gateway_identify,
    guild,
    lease,
    source_state,
    spend,
    spend_reservation,
)

__all__ = [
    "BUILT_IN",
    "SHARED",
    "announcement",
    "announcement_item",
    "bot_value",
    "brief",
    "brief_item",
    "condition",
    "delivery",
    "feedback",
    "figure",
    "figure_search",
    "gateway_identify",
    "guild",
    "lease",
    "look_up",
    "look_up_today",
    "metadata",
    "overview",
    "paper",
    "paper_vector",
    "paper_version",
    "paper_words",
    "question_quota",
    "saved_paper",
    "source_state",
    "spend",
    "spend_reservation",
    "subscription",
    "summary",
    "tables",
    "text_vector",
    "topic",
    "translation",
]


def tables(dialect: str) -> list[Table]:
    """Return the tables that exist on `dialect` ("sqlite" or "postgresql"), parents first."""
    return [table for table in metadata.sorted_tables if table.info.get("only", dialect) == dialect]
