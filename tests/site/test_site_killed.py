"""A build killed at any step: what is left are whole pages, old or new, and the next build completes the site."""

import asyncio
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.clock import AsOfClock
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from tests.site.site_world import FIRST, MONDAY, NOON, PAPERS, TUESDAY, build, files_of, save_brief
from tests.store.samples import make_fetched, save

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)  # a build for each step, and another that mends it
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
async def test_a_build_killed_at_any_step_leaves_whole_pages(sqlite_url: str, tmp_path: Path) -> None:
    old, new, work = tmp_path / "old", tmp_path / "new", tmp_path / "work"
    work.mkdir()
    async with Database.open(sqlite_url, clock=AsOfClock(NOON)) as database:
        await save(AnnouncementStore(database), make_fetched(PAPERS[:2], announced_on=MONDAY))
        await save_brief(database, FIRST, MONDAY, PAPERS[:2])
        await build(database, old)
        # A page more, pages that change, and pages that go: a paper that nobody looked up any more has none.
        await PaperStore(database).save_metadata([replace(PAPERS[0], title="Another title", version=2)])
        await save_brief(database, FIRST, TUESDAY, PAPERS[:1])
        await build(database, new)
        await build(database, tmp_path / "clean")
    assert files_of(new) == files_of(tmp_path / "clean")
    shutil.copytree(old, work / "warm")
    command = [sys.executable, "-m", "tests.site.killed_entry", sqlite_url, str(old), str(new), str(work)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    *steps, total = [json.loads(line) for line in output.splitlines()]
    assert process.returncode == 0
    assert [one["step"] for one in steps] == list(range(1, total["steps"] + 1))
    assert len(steps) > 80
    assert all(one["killed"] for one in steps)
    assert [(one["step"], one["torn"], one["lost"]) for one in steps if one["torn"] or one["lost"]] == []
    assert all(one["mended"] for one in steps)
