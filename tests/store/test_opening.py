"""Opening a database: made, upgraded, or refused with what to do; never an empty one in place of a lost one."""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import alembic.command
import alembic.config
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.errors import DatabaseBusy, DatabaseCorrupt, DatabaseTooNew, DatabaseUnwritable, UsageError
from bot.file_lock import LOCK_NAME
from bot.store import migrate
from bot.store.address import parse_address
from bot.store.engine import Database
from bot.store.maintenance import check, upgrade
from bot.store.migrations import HEAD, REVISIONS
from bot.store.papers import PaperStore
from bot.store.schema import metadata, tables
from bot.store.search import build_search
from bot.store.sqlite_file import file_system_of
from tests.store.files import contents, cut_off, damage_middle, is_there, log_of, names_in, overwrite, remove
from tests.store.samples import make_paper


async def fill(url: str, papers: int = 1) -> None:
    async with Database.open(url) as db:
        await PaperStore(db).save_metadata([make_paper(f"2605.{number:05d}") for number in range(papers)])


async def count(url: str) -> int:
    async with Database.open(url) as db:
        return await PaperStore(db).count()


async def refused(url: str, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        async with Database.open(url, busy_timeout=0.05):
            pass


async def test_first_use_makes_the_directory_and_the_database(blank_url: str) -> None:
    await fill(blank_url)
    assert await count(blank_url) == 1
    assert await upgrade(blank_url) == (HEAD, HEAD)


async def test_upgrade_says_what_it_did(blank_url: str) -> None:
    assert await upgrade(blank_url) == (None, HEAD)
    assert await upgrade(blank_url) == (HEAD, HEAD)


async def test_two_openers_at_once_both_succeed(blank_url: str) -> None:
    await asyncio.gather(*(fill(blank_url) for _ in range(4)))
    assert await count(blank_url) == 1


def test_two_processes_at_once_both_succeed(blank_url: str) -> None:
    program = (
        "import asyncio, sys; from bot.store.maintenance import upgrade; print(asyncio.run(upgrade(sys.argv[1]))[1])"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, blank_url], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0].split()[-1] for process in processes] == [HEAD, HEAD]
    assert [process.returncode for process in processes] == [0, 0]


async def test_nothing_but_the_database_is_left_behind(tmp_path: Path) -> None:
    await fill(f"sqlite:///{tmp_path / 'data' / 'x.sqlite3'}")
    assert names_in(tmp_path / "data") == ["x.sqlite3"]


async def test_odd_paths(tmp_path: Path) -> None:
    for name in ("with space", "per%cent", "hash#tag", "ünïcode", "what?mode=ro"):
        url = f"sqlite:///{tmp_path / name / 'a b.sqlite3'}"
        await fill(url)
        assert await count(url) == 1
        assert names_in(tmp_path / name) == ["a b.sqlite3"]


async def test_a_newer_schema_is_refused(database_url: str) -> None:
    await fill(database_url)
    async with Database.open(database_url) as db:
        await db.write(
            lambda connection: connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        )
    await refused(database_url, DatabaseTooNew, r"9999.*Upgrade paper-brief-bot")


@pytest.mark.parametrize("table", ["announcement_item", "source_state"])
async def test_a_missing_table_is_damage(database_url: str, table: str) -> None:
    async with Database.open(database_url) as db:
        await db.write(lambda connection: connection.execute(sa.text(f"DROP TABLE {table}")))
    await refused(database_url, DatabaseCorrupt, f"lacks the table {table}")


async def test_a_missing_version_beside_tables_is_damage(database_url: str) -> None:
    async with Database.open(database_url) as db:
        await db.write(lambda connection: connection.execute(sa.text("DROP TABLE alembic_version")))
    await refused(database_url, DatabaseCorrupt, "holds no schema version")


async def test_an_empty_version_table_is_damage(database_url: str) -> None:
    async with Database.open(database_url) as db:
        await db.write(lambda connection: connection.execute(sa.text("DELETE FROM alembic_version")))
    await refused(database_url, DatabaseCorrupt, "0 schema versions")


async def test_a_damaged_header_is_refused_with_the_restore_command(sqlite_path: Path) -> None:
    data = contents(sqlite_path)
    overwrite(sqlite_path, b"\x00" * 100 + data[100:])
    await refused(f"sqlite:///{sqlite_path}", DatabaseCorrupt, "paperbrief db restore PATH")
    assert len(contents(sqlite_path)) == len(data)


async def test_damage_in_the_middle_is_refused(sqlite_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    await fill(url, papers=200)
    damage_middle(sqlite_path)
    await refused(url, DatabaseCorrupt, "damaged.*paperbrief db restore PATH")


async def test_a_large_file_is_checked_once_a_day(sqlite_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.sqlite_file.CHECK_ALWAYS", 0)
    url = f"sqlite:///{sqlite_path}"
    await fill(url, papers=200)
    monkeypatch.setattr("bot.store.sqlite_file.quick_check", lambda _connection: "Tree 7 page 9: wrong")
    assert await count(url) == 200
    with contextlib.closing(sqlite3.connect(sqlite_path, isolation_level=None)) as connection:
        connection.execute("UPDATE source_state SET updated_at = '2020-01-01 00:00:00.000000'")
    for _ in range(2):
        await refused(url, DatabaseCorrupt, r"is damaged \(Tree 7 page 9: wrong\)")


async def test_a_file_that_is_cut_off_is_refused(sqlite_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    await fill(url, papers=200)
    cut_off(sqlite_path)
    await refused(url, DatabaseCorrupt, "damaged")


async def test_a_file_that_became_empty_is_not_begun_anew(sqlite_path: Path) -> None:
    overwrite(sqlite_path, b"")
    await refused(f"sqlite:///{sqlite_path}", DatabaseCorrupt, "is empty.*paperbrief db restore PATH")
    assert contents(sqlite_path) == b""


async def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 100)
    await refused(f"sqlite:///{path}", DatabaseCorrupt, "not a database")
    assert path.read_text() == "dear diary, " * 100


async def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    await refused(f"sqlite:///{path}", DatabaseCorrupt, "of another program")


async def test_a_log_without_its_database_is_a_loss(sqlite_path: Path) -> None:
    overwrite(log_of(sqlite_path), b"frames")
    remove(sqlite_path)
    await refused(f"sqlite:///{sqlite_path}", DatabaseCorrupt, "is gone, but its log")
    assert not is_there(sqlite_path)


async def test_a_missing_database_is_a_loss_only_where_a_bot_ran(sqlite_path: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    overwrite(tmp_path / LOCK_NAME, b"1\n")
    assert await count(url) == 0
    remove(sqlite_path)
    await refused(url, DatabaseCorrupt, "is gone, although a bot ran.*paperbrief db restore PATH.*db upgrade --new")
    assert "is gone, although a bot ran" in (await check(url))[0]
    assert names_in(tmp_path) == [LOCK_NAME]
    # What is beside it, in a directory of its own, is another matter.
    await fill(f"sqlite:///{tmp_path / 'other' / 'x.sqlite3'}")
    assert await upgrade(url, new=True) == (None, HEAD)
    assert await count(url) == 0


async def test_beginning_anew_is_refused_where_there_is_a_database(database_url: str) -> None:
    await fill(database_url)
    with pytest.raises(UsageError, match="--new is for"):
        await upgrade(database_url, new=True)
    assert await count(database_url) == 1


async def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    await refused(f"sqlite:///{tmp_path / 'file' / 'x.sqlite3'}", DatabaseUnwritable, "DATA_DIR or DATABASE__URL")
    await refused(f"sqlite:///{tmp_path}", DatabaseUnwritable, "it is a directory")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc here")
async def test_a_read_only_file_system() -> None:
    await refused("sqlite:////proc/paperbrief/x.sqlite3", DatabaseUnwritable, "cannot be used")


def test_the_file_system_of_a_directory_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    near = tmp_path / "my data"
    near.mkdir()
    mounts.write_text(
        f"/dev/x / ext4 rw 0 0\nhost:/export {str(near).replace(' ', chr(92) + '040')} nfs4 rw 0 0\nodd\n"
    )
    assert file_system_of(near, mounts) == "nfs4"
    assert file_system_of(tmp_path, mounts) == "ext4"
    assert file_system_of(tmp_path, tmp_path / "missing") is None


async def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.sqlite_file.file_system_of", lambda _directory: "nfs4")
    await refused(f"sqlite:///{tmp_path / 'x.sqlite3'}", DatabaseUnwritable, r"network file system \(nfs4\)")


def _downgrade(url: str) -> None:
    """Take a database back to revision 0001 with its papers, as an older program left it."""
    engine = sa.create_engine(parse_address(url).sync_url)
    with engine.begin() as connection:
        papers = [dict(row) for row in connection.execute(sa.text("SELECT * FROM paper")).mappings()]
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TABLE paper_search")
        metadata.drop_all(connection, tables=tables(engine.dialect.name))
        connection.exec_driver_sql("DROP TABLE alembic_version")
        config = alembic.config.Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        alembic.command.upgrade(config, "0001")
        before = sa.Table("paper", sa.MetaData(), autoload_with=connection)
        names = ", ".join(column.name for column in before.columns)
        values = ", ".join(f":{column.name}" for column in before.columns)
        if papers:
            insert = f"INSERT INTO paper ({names}) VALUES ({values})"  # noqa: S608  # names of columns
            connection.execute(sa.text(insert), papers)
    engine.dispose()


async def test_an_older_database_is_upgraded_with_what_it_holds(database_url: str) -> None:
    await fill(database_url, papers=600)
    _downgrade(database_url)
    async with Database.open(database_url) as db:
        assert await PaperStore(db).count() == 600
        assert len(await build_search(db).search("matter", limit=1000)) == 600
    assert await upgrade(database_url) == (HEAD, HEAD)


_KILLED = """
import asyncio, os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from bot.store.maintenance import upgrade

left = int(sys.argv[2])

@event.listens_for(Engine, "after_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(upgrade(sys.argv[1]))
"""


@pytest.mark.parametrize("statements", [4, 12, 20, 28])
async def test_a_first_migration_killed_on_its_way_can_be_run_again(blank_url: str, statements: int) -> None:
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _KILLED, blank_url, str(statements)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    await fill(blank_url)
    assert await count(blank_url) == 1


@pytest.mark.parametrize("statements", [3, 6, 8])
async def test_an_upgrade_killed_on_its_way_can_be_run_again(database_url: str, statements: int) -> None:
    await fill(database_url, papers=5)
    _downgrade(database_url)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _KILLED, database_url, str(statements)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    async with Database.open(database_url) as db:
        assert len(await build_search(db).search("matter")) == 5


async def test_an_upgrade_waits_for_a_lock_and_then_says_so(sqlite_path: Path) -> None:
    _downgrade(f"sqlite:///{sqlite_path}")
    with contextlib.closing(sqlite3.connect(sqlite_path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await refused(f"sqlite:///{sqlite_path}", DatabaseBusy, "another process")
        holder.execute("ROLLBACK")
    assert await count(f"sqlite:///{sqlite_path}") == 0


def test_the_tables_are_those_of_the_newest_migration(database_url: str) -> None:
    engine = sa.create_engine(parse_address(database_url).sync_url)
    here = {table.name for table in tables(engine.dialect.name)}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _parents: kind != "table" or name in here, "compare_type": True},
        )
        different = compare_metadata(context, metadata)
    engine.dispose()
    # paper_words is a table of PostgreSQL alone.
    assert [
        one for one in different if getattr(one[1], "name", "") not in {"paper_words", "ix_paper_words_words"}
    ] == []


def test_migrations_have_no_gaps() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == REVISIONS
    assert [script.down_revision for script in reversed(scripts)] == [None, *REVISIONS[:-1]]
    assert [Path(script.path).name[1:5] for script in reversed(scripts)] == list(REVISIONS)
