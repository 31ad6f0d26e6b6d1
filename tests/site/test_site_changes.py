"""Whatever changes about a day with pages is noticed by the next build: it makes what a build from nothing makes."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digest.extract import summarise_extractive
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.readers import ReaderStore
from bot.store.schema import announcement, announcement_item, brief, brief_item, paper, summary
from bot.store.summaries import SummaryStore
from bot.texts import Translation
from bot.web.reading import SiteWish
from tests.site.site_world import FIRST, MONDAY, NOON, PAPERS, WISH, build, files_of, fill, fill_day, save_brief
from tests.store.samples import WEDNESDAY, make_paper

OLD = "2605.00001"
"""A paper of Monday, in a brief of it."""


async def _new_version(db: Database) -> None:
    await PaperStore(db).save_metadata([replace(PAPERS[1], title="Another title", version=2)])


async def _another_summary(db: Database) -> None:
    better = replace(summarise_extractive(PAPERS[1]), producer="a-model", text="A better one.")
    await BriefStore(db).save_summaries([better])


async def _translation(db: Database) -> None:
    await SummaryStore(db).save_translation(Translation(OLD, 1, "ja", "題名", "概要。", "a-model", "1"))


async def _look_up(db: Database) -> None:
    await ReaderStore(db).record_look_up(9, 77, OLD, NOON)


async def _save(db: Database) -> None:
    await ReaderStore(db).save_paper(9, OLD, NOON, guild_id=77)


async def _another_brief(db: Database) -> None:
    await save_brief(db, FIRST, MONDAY, PAPERS[:1], language="ja")


def _statement(*statements: sa.Executable) -> Callable[[Database], Awaitable[None]]:
    async def change(db: Database) -> None:
        async def run(connection: AsyncConnection) -> None:
            for one in statements:
                await connection.execute(one)

        await db.write(run)

    return change


_MONDAYS = sa.select(brief.c.brief_id).where(brief.c.announced_on == MONDAY, brief.c.topic_slug == FIRST.slug)
_ROW = paper.c.arxiv_id == OLD

CHANGES = {
    "new version": _new_version,
    "another summary": _another_summary,
    "a summary rewritten": _statement(sa.update(summary).where(summary.c.arxiv_id == OLD).values(text="Rewritten.")),
    "translation": _translation,
    "look-up": _look_up,
    "save": _save,
    "brief in another language": _another_brief,
    "brief deleted": _statement(sa.delete(brief).where(brief.c.brief_id.in_(_MONDAYS.where(brief.c.language == "en")))),
    "item deleted": _statement(sa.delete(brief_item).where(brief_item.c.arxiv_id == OLD)),
    "item late": _statement(sa.update(brief_item).where(brief_item.c.arxiv_id == OLD).values(late=True)),
    "receipt": _statement(sa.update(brief).where(brief.c.brief_id.in_(_MONDAYS)).values(announced=99)),
    "withdrawn": _statement(sa.update(paper).where(_ROW).values(withdrawn=True)),
    "abstract": _statement(sa.update(paper).where(_ROW).values(abstract="A study of something else altogether.")),
    "authors": _statement(sa.update(paper).where(_ROW).values(authors=["Somebody Else"])),
    "comment": _statement(sa.update(paper).where(_ROW).values(comment="Retracted by its authors.")),
    "announced otherwise": _statement(
        sa.update(announcement_item).where(announcement_item.c.arxiv_id == OLD).values(announce_type="cross")
    ),
    "announcement": _statement(
        sa.update(announcement).where(announcement.c.announced_on == MONDAY).values(late=True, state="partial")
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_to_an_old_day_is_noticed(db: Database, tmp_path: Path, kind: str) -> None:
    await fill(db)
    await build(db, tmp_path / "grown")
    before = files_of(tmp_path / "grown")
    await CHANGES[kind](db)
    receipt = await build(db, tmp_path / "grown")
    after = files_of(tmp_path / "grown")
    await build(db, tmp_path / "fresh")
    assert after == files_of(tmp_path / "fresh")
    assert after != before
    assert receipt.unchanged > 0


async def test_one_more_day_together_with_all_of_them_is_what_a_build_from_nothing_makes(
    db: Database, tmp_path: Path
) -> None:
    await fill(db)
    await build(db, tmp_path / "grown")
    for change in CHANGES.values():
        await change(db)
    await fill_day(db, WEDNESDAY, [make_paper("2605.00100", title="Sparse attention for Lojban retrieval")])
    await build(db, tmp_path / "grown")
    await build(db, tmp_path / "fresh")
    assert files_of(tmp_path / "grown") == files_of(tmp_path / "fresh")


@pytest.mark.parametrize(
    "wish",
    [
        replace(WISH, site_url=None),
        replace(WISH, site_name="Our papers"),
        replace(WISH, server_topics=True),
        replace(WISH, next_at=WISH.next_at.replace(hour=3)),
        replace(WISH, since=WEDNESDAY),
    ],
    ids=["address", "name", "server topics", "next announcement", "since"],
)
async def test_a_changed_setting_is_noticed(db: Database, tmp_path: Path, wish: SiteWish) -> None:
    await fill(db)
    await build(db, tmp_path / "grown")
    before = files_of(tmp_path / "grown")
    await build(db, tmp_path / "grown", wish)
    await build(db, tmp_path / "fresh", wish)
    assert files_of(tmp_path / "grown") == files_of(tmp_path / "fresh") != before
