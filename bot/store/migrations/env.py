"""Alembic's entry point: runs migrations on the connection that `bot/store/migrate.py` hands over, and on no other."""

from alembic import context

from bot.store.schema import metadata, tables

connection = context.config.attributes["connection"]
_here = {table.name for table in tables(connection.dialect.name)}

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    include_name=lambda name, kind, _parents: kind != "table" or name in _here,
)
with context.begin_transaction():
    context.run_migrations()
