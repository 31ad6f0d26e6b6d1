"""Whole summaries, the best of several, overviews, translations: on both engines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot.clock import AsOfClock
from bot.delivery import TopicKey
from bot.model import Brief
from bot.store.briefs import BriefStore, SummaryKey
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.schema import brief_item
from bot.store.summaries import SummaryStore
from bot.texts import Fallback, Overview, OverviewSentence, Sentence, Summary, Translation
from tests.store.samples import TUESDAY, make_paper
from tests.store.test_briefs_store import SUMMARY, make_brief

WRITTEN = Summary(
    arxiv_id="2605.00001",
    version=1,
    language="zh-CN",
    text="要点。",
    provenance=(1,),
    key_takeaways=(Sentence("一。", (0,)), Sentence("二。", (1, 2))),
    producer="a-model",
    prompt_version="1",
    paragraph=(Sentence("首先。", (0,)), Sentence("其次。", (2, 3))),
    motivation=Sentence("为何。", (0,)),
    method=None,
    result=Sentence("结果。", ()),
)
LLM = TopicKey("llm")


async def test_a_models_summary_comes_back_whole(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    briefs = BriefStore(db)
    await briefs.save_summaries([WRITTEN, SUMMARY])
    keys = [SummaryKey.of(WRITTEN), SummaryKey.of(SUMMARY)]
    assert await briefs.load_summaries(keys) == {keys[0]: WRITTEN, keys[1]: SUMMARY}


async def test_the_best_summary_is_a_models_newest_in_that_language(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper(), make_paper("2605.00002")])
    briefs, summaries = BriefStore(db), SummaryStore(db)
    assert await summaries.load_best_summary("2605.00001", 1, "en") is None
    await briefs.save_summaries([SUMMARY])
    assert await summaries.load_best_summary("2605.00001", 1, "en") == SUMMARY
    first = replace(SUMMARY, producer="b-model", text="First.")
    await briefs.save_summaries([first, WRITTEN])
    assert await summaries.load_best_summary("2605.00001", 1, "en") == first
    assert await summaries.load_best_summary("2605.00001", 1, "zh-CN") == WRITTEN
    assert await summaries.load_best_summary("2605.00001", 2, "en") is None
    assert await summaries.load_best_summary("2605.00001", 1, "zh") is None
    assert await summaries.load_best_summaries([("2605.00001", 1), ("2605.00002", 1)], "en") == {
        ("2605.00001", 1): first
    }
    assert await summaries.load_best_summaries([], "en") == {}


async def test_of_two_models_the_later_one_counts(database_url: str) -> None:
    noon = datetime(2026, 5, 12, 12, tzinfo=UTC)
    old, new = (replace(SUMMARY, producer=name) for name in ("z-model", "a-model"))
    async with Database.open(database_url, clock=AsOfClock(noon)) as db:
        await PaperStore(db).save_metadata([make_paper()])
        await BriefStore(db).save_summaries([old])
    async with Database.open(database_url, clock=AsOfClock(noon + timedelta(hours=1))) as db:
        await BriefStore(db).save_summaries([new, replace(SUMMARY, prompt_version="2")])
        assert await SummaryStore(db).load_best_summary("2605.00001", 1, "en") == new


async def test_why_a_summary_was_extracted_is_kept_with_the_brief(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    brief = make_brief(items=2)
    changed = replace(brief.items[0], summary=replace(SUMMARY, fallback=Fallback.DEADLINE))
    await BriefStore(db).save_brief(replace(brief, items=(changed, brief.items[1])))
    async with db.read() as connection:
        rows = await connection.execute(sa.select(brief_item.c.fallback).order_by(brief_item.c.position))
        assert [row.fallback for row in rows] == [Fallback.DEADLINE, None]


async def test_an_overview_belongs_to_one_brief_with_these_papers(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    briefs, summaries = BriefStore(db), SummaryStore(db)
    ids = ["2605.00001", "2605.00002"]
    overview = Overview((OverviewSentence("Two papers.", tuple(ids)), OverviewSentence("One.", ())), "m", "1")
    assert not await summaries.save_overview(LLM, TUESDAY, "en", ids, overview)
    brief: Brief = make_brief()
    await briefs.save_brief(brief)
    assert await summaries.load_overview(LLM, TUESDAY, "en", ids) is None
    assert await summaries.save_overview(LLM, TUESDAY, "en", ids, overview)
    assert await summaries.load_overview(LLM, TUESDAY, "en", ids) == overview
    await briefs.save_brief(brief)
    assert await summaries.load_overview(LLM, TUESDAY, "en", ids) == overview
    assert await summaries.load_overview(LLM, TUESDAY, "en", ids[::-1]) is None
    assert await summaries.load_overview(LLM, TUESDAY, "de", ids) is None
    assert await summaries.load_overview(TopicKey("llm", 7), TUESDAY, "en", ids) is None
    other = replace(overview, producer="n")
    assert await summaries.save_overview(LLM, TUESDAY, "en", ids[:1], other)
    assert await summaries.load_overview(LLM, TUESDAY, "en", ids) is None
    assert await summaries.load_overview(LLM, TUESDAY, "en", ids[:1]) == other


async def test_a_translation_is_kept_as_first_written(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    summaries = SummaryStore(db)
    one = Translation("2605.00001", 1, "zh-CN", "标题 \x00", "摘要 $x$", "m", "1")
    await summaries.save_translation(one)
    await summaries.save_translation(replace(one, title="anders"))
    kept = replace(one, title="标题 ")
    assert await summaries.load_translation("2605.00001", 1, "zh-CN") == kept
    assert await summaries.load_translation("2605.00001", 2, "zh-CN") is None
    assert await summaries.load_translation("2605.00001", 1, "zh-TW") is None
    assert await summaries.load_translations([("2605.00001", 1), ("2605.00009", 1)], "zh-CN") == {
        ("2605.00001", 1): kept
    }


async def test_a_translation_with_terms_is_found_apart(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    summaries, key = SummaryStore(db), ("2605.00001", 1)
    one = Translation("2605.00001", 1, "zh-CN", "标题", "摘要", "m", "1")
    terms = replace(one, title="标题 (title)", prompt_version="1+terms")
    await summaries.save_translation(one)
    await summaries.save_translation(terms)
    assert await summaries.load_translations([key], "zh-CN", prompt_versions=["1"]) == {key: one}
    assert await summaries.load_translations([key], "zh-CN", prompt_versions=["1+terms"]) == {key: terms}
    assert await summaries.load_translations([key], "zh-CN", prompt_versions=["2"]) == {}
