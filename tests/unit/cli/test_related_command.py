"""`paperbrief related`, as it prints."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.settings import setting_names
from bot.store.engine import Database
from bot.store.papers import PaperStore
from tests.store.samples import make_paper


@pytest.fixture
def _stored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_url: str) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE__URL", sqlite_url)
    monkeypatch.setenv("LOG__LEVEL", "error")
    texts = {
        "2605.00001": ("Turnip harvesters with speculative decoding", "A harvester decodes turnips."),
        "2605.00002": ("Speculative decoding for turnip harvesters", "Speculative harvester steps."),
        "2605.00003": ("Turnip harvesters: a survey", "Much has been done about turnips and their harvesters."),
        "2605.00004": ("Galaxies", "Stars."),
    }

    async def main() -> None:
        async with Database.open(sqlite_url) as database:
            papers = [make_paper(key, title=title, abstract=abstract) for key, (title, abstract) in texts.items()]
            await PaperStore(database).save_metadata(papers)

    asyncio.run(main())


def ids(*arguments: str) -> list[str]:
    """Return the ids that are printed."""
    result = CliRunner().invoke(app, ["related", *arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    return [one["arxiv_id"] for one in json.loads(result.stdout)]


@pytest.mark.usefixtures("_stored")
def test_the_nearest_come_first_and_surveys_when_asked() -> None:
    assert ids("2605.00001") == ["2605.00002", "2605.00003"]
    assert ids("https://arxiv.org/abs/2605.00001v2", "--surveys-first") == ["2605.00003", "2605.00002"]
    assert ids("2605.00001", "--limit", "1") == ["2605.00002"]
    text = CliRunner().invoke(app, ["related", "2605.00001"]).stdout
    assert text.index("Speculative decoding for") < text.index("a survey")


@pytest.mark.usefixtures("_stored")
@pytest.mark.parametrize(("reference", "told"), [("2605.09999", "is not stored"), ("turnips", "turnips")])
def test_what_is_not_there_is_said(reference: str, told: str) -> None:
    result = CliRunner().invoke(app, ["related", reference])
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.usefixtures("_stored")
def test_nothing_near_is_said() -> None:
    result = CliRunner().invoke(app, ["related", "2605.00004"])
    assert result.exit_code == 0
    assert "no" in result.stdout.lower()
