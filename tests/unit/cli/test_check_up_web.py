"""What `paperbrief doctor` says about the web edition."""

from pathlib import Path

from bot.cli.check_up import Level, check_up
from bot.model import Publication
from bot.pipeline.publishing import Publications
from bot.setting_groups import WebSettings
from bot.settings import Settings
from bot.store.engine import Database
from bot.store.source_state import SourceStateStore
from tests.store.samples import NOON


async def findings(tmp_path: Path, web: WebSettings) -> list[tuple[Level, str]]:
    """Return what is said of the web edition with these settings."""
    settings = Settings(_env_file=None, data_dir=tmp_path, web=web)
    return [(one.level, one.text) for one in await check_up(settings, offline=True) if one.subject == "web edition"]


async def test_nothing_is_said_where_there_is_none(tmp_path: Path) -> None:
    assert await findings(tmp_path, WebSettings()) == []


async def test_an_address_without_a_directory_is_pointed_out(tmp_path: Path) -> None:
    ((level, text),) = await findings(tmp_path, WebSettings(url="https://papers.example.org"))
    assert level is Level.WARN
    assert "WEB__OUT is not" in text


async def test_a_directory_is_looked_at_before_the_first_build(tmp_path: Path) -> None:
    ((level, text),) = await findings(tmp_path, WebSettings(out=tmp_path / "not" / "there"))
    assert (level, text) == (Level.OK, f"{tmp_path / 'not' / 'there'} can be written")
    (tmp_path / "file").write_text("no directory")
    ((level, _),) = await findings(tmp_path, WebSettings(out=tmp_path / "file"))
    assert level is Level.FAIL


async def test_the_last_build_is_told(sqlite_path: Path, tmp_path: Path) -> None:
    web = WebSettings(out=tmp_path / "site")
    async with Database.open(f"sqlite:///{sqlite_path}") as database:
        await Publications(SourceStateStore(database)).save(Publication(NOON, pages=12, written=3, seconds=1.0))
        assert (await findings(tmp_path, web))[-1] == (Level.OK, "built at 2026-05-12T12:00:00+00:00, 12 files")
        failed = Publication(NOON, problem="No space left on device")
        await Publications(SourceStateStore(database)).save(failed)
    level, text = (await findings(tmp_path, web))[-1]
    assert level is Level.FAIL
    assert "No space left on device" in text
