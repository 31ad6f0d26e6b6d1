"""What the tables share: one `metadata`, the kinds of key, and the way to a paper."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData

from bot.store.types import CleanText

BUILT_IN = 0
"""The `guild_id` of the built-in topics."""

SHARED = 0
"""The `channel_id` of a brief that is no channel's own."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

KEY = BigInteger().with_variant(Integer, "sqlite")
"""A counted key. SQLite makes only INTEGER PRIMARY KEY the rowid itself, which FTS5 needs to be cheap."""


def paper_id(*, primary_key: bool = False) -> Column[str]:
    """Return a column that names a paper."""
    return Column("arxiv_id", CleanText, ForeignKey("paper.arxiv_id"), nullable=False, primary_key=primary_key)
