"""Looking over, copying and restoring a PostgreSQL database, with the server's own tools.

pg_dump and pg_restore do this better than anything written here; where they are missing, the owner is told what to run.
Synchronous: call it in a thread.
"""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bot.errors import DatabaseBusy, DatabaseCorrupt, StoreError, UsageError
from bot.store.address import Address
from bot.store.border import border
from bot.store.copied import mark_copy
from bot.store.migrate import check_revision, missing_tables
from bot.store.migrations import HEAD
from bot.store.schema import lease

_SECRET = ("password", "sslpassword")
"""What may stand in an address's query and is nobody's business."""


def check(address: Address, busy_timeout: float) -> list[str]:
    """Return what is wrong: the schema's version, missing tables, papers that the search does not know."""
    engine = sa.create_engine(
        address.sync_url,
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": max(1, round(busy_timeout))},
    )
    with border(address.shown):
        try:
            with engine.connect() as connection:
                present = set(sa.inspect(connection).get_table_names())
                if "alembic_version" not in present:
                    return [f"{address.shown} holds no tables of this program; paperbrief db upgrade makes them"]
                revision = str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))
                check_revision(revision, address.shown)
                if revision != HEAD:
                    return [f"schema version {revision} is older than {HEAD}: run paperbrief db upgrade"]
                missing = missing_tables(present, "postgresql")
                if missing:
                    return [f"the table {name} is missing: restore a backup" for name in missing]
                unknown = connection.scalar(
                    sa.text("SELECT count(*) FROM paper LEFT JOIN paper_words USING (number) WHERE words IS NULL")
                )
                return [f"{unknown} papers are missing from the search index"] if unknown else []
        finally:
            engine.dispose()


def back_up(address: Address, path: Path, busy_timeout: float) -> None:  # noqa: ARG001  # same shape as for SQLite
    """Write a copy in pg_dump's custom format to `path`."""
    command = [_tool("pg_dump", f"pg_dump --format=custom --file={path}"), "--format=custom", f"--file={path}"]
    _run([*command, _where(address)], address, StoreError)


def restore(address: Address, path: Path, busy_timeout: float) -> None:  # noqa: ARG001  # same shape as for SQLite
    """Replace the contents by the copy at `path`, all or nothing. Raises `DatabaseBusy` while a bot is running."""
    command = [
        _tool("pg_restore", f"pg_restore --clean --if-exists --single-transaction {path}"),
        "--clean",
        "--if-exists",
        "--no-owner",
        "--single-transaction",
        "--exit-on-error",
    ]
    engine = sa.create_engine(address.sync_url, poolclass=sa.NullPool, hide_parameters=True)
    with border(address.shown):
        try:
            with engine.connect() as connection:
                _refuse_running(connection, address)
            _run([*command, _where(address), str(path)], address, DatabaseCorrupt)
            with engine.begin() as connection:
                mark_copy(connection, datetime.now(UTC))
        finally:
            engine.dispose()


def _refuse_running(connection: sa.Connection, address: Address) -> None:
    """Raise `DatabaseBusy` while somebody holds the right to send: what they post next, no ledger would know of."""
    if not sa.inspect(connection).has_table(lease.name):
        return
    held = connection.execute(sa.select(lease.c.holder, lease.c.until)).first()
    if held is not None and held.until > datetime.now(UTC):
        raise DatabaseBusy(
            f"{address.shown} is in use by {held.holder}: stop the bot first. One that was killed counts as running "
            f"until {held.until:%H:%M:%S} UTC"
        )


def _tool(name: str, by_hand: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise UsageError(f"{name} is not installed here; where it is, run: {by_hand} --dbname=…")
    return found


def _where(address: Address) -> str:
    """Return the tools' option for the address, with all that it says of TLS; secrets never go on a command line."""
    url = address.url
    told = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return f"--dbname={told.difference_update_query(_SECRET).render_as_string()}"


def _run(command: list[str], address: Address, kind: type[StoreError]) -> None:
    environment = dict(os.environ)
    password = address.url.password or address.url.query.get("password")
    if password:
        environment["PGPASSWORD"] = str(password)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own arguments
    if done.returncode:
        said = done.stderr.strip().splitlines()
        reason = said[-1] if said else f"exit code {done.returncode}"
        if password:
            reason = reason.replace(str(password), "…")
        raise kind(f"{Path(command[0]).name} could not do it for {address.shown}: {reason}")
