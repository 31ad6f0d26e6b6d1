"""Numbered changes of the schema, run by Alembic inside one transaction (`bot/store/migrate.py`).

A migration never imports `bot.store.schema`: it describes its own moment. On SQLite a batch operation that rebuilds
`paper` drops the triggers of the search index; such a migration must make them again.
"""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "0013")
"""All revisions in order: what a database may say of itself. A test compares them with the files."""

HEAD = REVISIONS[-1]
"""The revision this program works with."""
