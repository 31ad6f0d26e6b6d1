"""`paperbrief db copy` as an operator runs it: from a file to a server and back, and what it refuses."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cli.common import EXIT_TROUBLE, EXIT_USAGE
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.schema import tables
from tests.conftest import PostgresServer
from tests.store.files import is_there
from tests.store.rows import fill, texts
from tests.store.samples import make_paper

ROOT = Path(__file__).resolve().parents[2]
ABOUT_THE_COPY = {"lease", "bot_value"}
"""Tables that say something of the copy itself."""

_ROW = re.compile(r"(\w+) +([\d,]+) rows  ([0-9a-f]{16})  equal")


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """Return a data directory whose database has a row in every table and some papers."""
    directory = tmp_path / "data"
    async with Database.open(url_in(directory)) as db:
        await fill(db)
        await PaperStore(db).save_metadata([make_paper(f"2605.{number:05d}") for number in range(1200)])
    return directory


@pytest.fixture
def empty(postgres_server: PostgresServer) -> str:
    """Return an empty database of a server, without any table."""
    return postgres_server.create("template0")


def url_in(directory: Path) -> str:
    return f"sqlite:///{directory / 'paperbrief.sqlite3'}"


async def copy(data: Path, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own, with `settings` in its environment."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(data), **settings}
    command = [sys.executable, "-m", "bot", "db", "copy", *words]
    return await asyncio.to_thread(
        subprocess.run, command, cwd=data.parent, env=environment, capture_output=True, text=True, check=False
    )


def counted(output: str) -> dict[str, tuple[str, str]]:
    """Return the rows and the digest of each table, as the output shows them."""
    return {name: (rows, digest) for name, rows, digest in _ROW.findall(output)}


async def test_there_and_back_as_an_operator_sees_it(data: Path, empty: str, tmp_path: Path) -> None:
    there = await copy(data, COPY_TO=empty)
    assert there.returncode == 0, there.stderr
    *listed, total, next_step = there.stdout.splitlines()
    assert set(counted(there.stdout)) == {table.name for table in tables("sqlite")}
    assert len(listed) == len(counted(there.stdout))
    assert counted(there.stdout)["paper"][0] == "1,201"
    rows = sum(int(count.replace(",", "")) for count, _ in counted(there.stdout).values())
    assert total.startswith(f"copied {rows:,} rows of {data / 'paperbrief.sqlite3'} to postgresql://")
    assert next_step.endswith(
        " UTC. Next: stop the bot, set DATABASE__URL to the copy, start it again. Never run two on one token"
    )

    back = await copy(data, url_in(tmp_path / "back"), DATABASE__URL=empty)
    assert back.returncode == 0, back.stderr
    for name in set(counted(there.stdout)) - ABOUT_THE_COPY:
        assert counted(back.stdout)[name] == counted(there.stdout)[name], name
    async with Database.open(url_in(data)) as one, Database.open(url_in(tmp_path / "back")) as other:
        before, after = await texts(one), await texts(other)
    assert {name for name in before if before[name] != after[name]} <= ABOUT_THE_COPY


async def test_a_target_that_is_not_empty_is_refused_and_left_as_it_is(
    data: Path, postgres_url: str, sqlite_path: Path
) -> None:
    async with Database.open(postgres_url) as db:
        await PaperStore(db).save_metadata([make_paper()])
    refused = await copy(data, postgres_url)
    assert (refused.returncode, refused.stdout) == (EXIT_USAGE, "")
    (line,) = refused.stderr.splitlines()
    assert line.startswith("paperbrief: ")
    assert "not empty: paper has rows" in line
    async with Database.open(postgres_url) as db:
        assert await PaperStore(db).count() == 1

    refused = await copy(data, f"sqlite:///{sqlite_path}")
    assert (refused.returncode, refused.stdout) == (EXIT_USAGE, "")
    assert refused.stderr == f"paperbrief: {sqlite_path} exists already; name a file that does not\n"


async def test_what_cannot_be_copied_is_one_line_and_no_password(data: Path, empty: str, tmp_path: Path) -> None:
    secret = "canary-in-the-address"
    for words, settings, code, said in (
        ((), {"COPY_TO": f"postgresql://me:{secret}@127.0.0.1:9/nowhere"}, EXIT_TROUBLE, "cannot be reached"),
        (("mysql://x/y",), {}, EXIT_USAGE, "expected sqlite:///PATH or postgresql://"),
        ((empty,), {"DATA_DIR": str(tmp_path / "elsewhere")}, EXIT_USAGE, "there is no database at"),
    ):
        refused = await copy(data, *words, **settings)
        assert (refused.returncode, refused.stdout) == (code, ""), refused.stderr
        (line,) = refused.stderr.splitlines()
        assert said in line
        assert secret not in line
    assert not is_there(tmp_path / "elsewhere" / "paperbrief.sqlite3")


async def test_an_older_schema_has_to_be_upgraded_first(data: Path, empty: str) -> None:
    async with Database.open(url_in(data)) as db:
        old = sa.text("UPDATE alembic_version SET version_num = '0001'")
        await db.write(lambda connection: connection.execute(old))
    refused = await copy(data, empty)
    assert refused.returncode == EXIT_USAGE
    assert "has schema version 0001; run paperbrief db upgrade first" in refused.stderr
