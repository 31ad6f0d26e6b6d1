"""Bringing a schema up to date: one transaction under the write lock, so that a killed run leaves nothing half done.

Synchronous, and run in a thread: Alembic works through process-wide names, so the lock below lets one run at a time.
"""

import logging
import threading
from importlib import resources

import sqlalchemy as sa
from sqlalchemy import event

from bot.errors import DatabaseCorrupt, DatabaseTooNew
from bot.log import get_logger
from bot.store.address import Address
from bot.store.border import border, corrupt
from bot.store.migrations import HEAD, REVISIONS
from bot.store.schema import metadata, tables

_log = get_logger(__name__)

# `alembic.op` and `alembic.context` are one per process, whoever uses them.
_ALEMBIC = threading.Lock()

WRITE_LOCK = 0x7061_7065
"""Key of the PostgreSQL advisory lock that stands for SQLite's single writer."""


def upgrade_schema(address: Address, *, busy_timeout: float, new: bool = False) -> tuple[str | None, str]:
    """Bring the schema of `address` to `HEAD` and return (revision before, revision now).

    `new`: an empty SQLite file is expected. Two processes may do this at once: the second finds it done. Raises
    `DatabaseTooNew`, `DatabaseCorrupt` when tables are missing, `DatabaseBusy`, `DatabaseUnwritable`, `StoreError`.
    """
    engine = _build_engine(address, busy_timeout)
    with border(address.shown):
        try:
            with engine.begin() as connection:
                if address.dialect == "postgresql":
                    lock_postgres(connection, busy_timeout)
                before = read_revision(connection, address, new=new or address.dialect == "postgresql")
                if before != HEAD:
                    _run_alembic(connection)
                    _check_references(connection, address)
                check_tables(connection, address)
        finally:
            engine.dispose()
    if before != HEAD and not new:
        _log.info("database schema upgraded", database=address.shown, before=before, now=HEAD)
    return before, HEAD


def read_revision(connection: sa.Connection, address: Address, *, new: bool) -> str | None:
    """Return the revision the database says it has, or None for one without tables where `new` allows it.

    Raises `DatabaseTooNew` for a revision unknown here, `DatabaseCorrupt` when there is none beside existing tables.
    """
    present = set(sa.inspect(connection).get_table_names())
    if "alembic_version" not in present:
        if not present & set(metadata.tables) and new:
            return None
        raise _damaged(address, "holds no schema version: it is empty, damaged, or of another program")
    revisions = connection.scalars(sa.text("SELECT version_num FROM alembic_version")).all()
    if len(revisions) != 1:
        raise _damaged(address, f"holds {len(revisions)} schema versions where there must be one")
    check_revision(revisions[0], address.shown)
    return str(revisions[0])


def check_revision(revision: str, shown: str) -> None:
    """Raise `DatabaseTooNew` for a revision that this program does not know."""
    if revision not in REVISIONS:
        raise DatabaseTooNew(
            f"the database {shown} has schema version {revision}; this program knows up to {HEAD}. "
            "Upgrade paper-brief-bot, or restore a backup made by this version"
        )


def check_tables(connection: sa.Connection, address: Address) -> None:
    """Raise `DatabaseCorrupt` when a table is missing: a lost history must never look like an empty one."""
    missing = missing_tables(set(sa.inspect(connection).get_table_names()), address.dialect)
    if missing:
        raise _damaged(address, f"lacks the table {', '.join(missing)}")


def missing_tables(present: set[str], dialect: str) -> list[str]:
    """Return the names of tables that should be there and are not, sorted."""
    expected = {table.name for table in tables(dialect)} | ({"paper_search"} if dialect == "sqlite" else set())
    return sorted(expected - present)


def lock_postgres(connection: sa.Connection, busy_timeout: float) -> None:
    """Take the write lock until the transaction ends; waits for `busy_timeout` seconds at the most."""
    connection.execute(sa.text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": lock_wait(busy_timeout)})
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})


def lock_wait(busy_timeout: float) -> str:
    """Return PostgreSQL's `lock_timeout` in milliseconds; 0 would mean "for ever"."""
    return str(max(1, round(busy_timeout * 1000)))


def _build_engine(address: Address, busy_timeout: float) -> sa.Engine:
    if address.dialect == "postgresql":
        return sa.create_engine(
            address.sync_url, poolclass=sa.NullPool, hide_parameters=True, connect_args={"connect_timeout": 10}
        )
    engine = sa.create_engine(
        address.sync_url,
        poolclass=sa.NullPool,
        connect_args={"isolation_level": None, "timeout": busy_timeout},
    )
    # Foreign keys stay off (SQLite's default): a batch operation drops and renames the tables they point at.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _run_alembic(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
    with resources.as_file(resources.files("bot.store") / "migrations") as folder, _ALEMBIC:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "head")


def _check_references(connection: sa.Connection, address: Address) -> None:
    if address.dialect == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise _damaged(address, f"has rows in {broken[0]} that point at nothing")


def _damaged(address: Address, what: str) -> DatabaseCorrupt:
    if address.dialect == "sqlite":
        return corrupt(address.shown, what)
    return DatabaseCorrupt(f"the database {address.shown} {what}. Restore it from a backup, or name another database")
