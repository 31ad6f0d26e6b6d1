"""Briefs and summaries, as they were made."""

from dataclasses import replace

import sqlalchemy as sa

from bot.model import AnnounceType, Brief, BriefItem, Reason, Receipt, Topic
from bot.statement import Statement, StatementCode
from bot.store.briefs import BriefStore, SummaryKey
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.schema import brief
from bot.texts import Sentence, Summary
from tests.store.samples import TUESDAY, make_paper

SUMMARY = Summary("2605.00001", 1, "en", "We study.", (0,), (Sentence("Matter.", (0, 1)),), "extractive", "1")
RECEIPT = Receipt(announced=5, read=4, matched=3, shown=1, failed=1, dropped={"below the cut": 2, "no match": 1})


def make_brief(items: int = 1) -> Brief:
    topic = Topic("llm", {"en": "LLM"}, ("cs.CL",))
    chosen = tuple(
        BriefItem(
            make_paper(),
            AnnounceType.NEW,
            position,
            1.5,
            (Reason(Statement.plain("word"), 1.5),),
            SUMMARY,
            {"abs": "https://x"},
        )
        for position in range(items)
    )
    return Brief(topic, TUESDAY, "en", RECEIPT, chosen, ())


async def test_a_stored_brief_never_changes_and_its_receipt_comes_back(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    briefs = BriefStore(db)
    assert await briefs.load_receipt("llm", TUESDAY, "en") is None
    assert await briefs.save_brief(make_brief(items=3))
    for items in (1, 3):
        assert not await briefs.save_brief(replace(make_brief(items=items), receipt=replace(RECEIPT, shown=2)))
    assert await briefs.load_receipt("llm", TUESDAY, "en") == RECEIPT
    assert await briefs.load_receipt("llm", TUESDAY, "zh-CN") is None
    assert await briefs.load_receipt("llm", TUESDAY, "en", guild_id=7) is None


async def test_a_longer_brief_adds_to_one_whose_papers_it_begins_with(db: Database) -> None:
    papers = [make_paper(f"2605.0000{number}") for number in range(1, 5)]
    await PaperStore(db).save_metadata(papers)
    briefs = BriefStore(db)
    one = make_brief(items=4)
    items = tuple(
        replace(item, paper=paper, summary=replace(SUMMARY, arxiv_id=paper.arxiv_id))
        for item, paper in zip(one.items, papers, strict=True)
    )
    await briefs.save_summaries([item.summary for item in items])
    assert await briefs.save_brief(replace(one, items=items[:2]))
    assert not await briefs.save_brief(replace(one, items=(items[1], items[0], items[2])))
    assert await briefs.save_brief(replace(one, items=items[:3], receipt=replace(RECEIPT, shown=3)))
    found = await briefs.load_brief(one.topic, TUESDAY, "en")
    assert found == replace(one, items=items[:3], receipt=replace(RECEIPT, shown=3))


async def test_a_stored_brief_comes_back_in_any_language_and_is_none_where_none_was(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    briefs = BriefStore(db)
    one = make_brief()
    await briefs.save_summaries([SUMMARY])
    assert await briefs.load_brief(one.topic, TUESDAY, "en") is None
    await briefs.save_brief(one)
    assert await briefs.load_brief(one.topic, TUESDAY, "en") == one
    assert await briefs.load_brief(one.topic, TUESDAY, "zh-CN") == replace(one, language="zh-CN")
    assert await briefs.load_brief(replace(one.topic, guild_id=7), TUESDAY, "en") is None


async def test_a_summary_is_never_overwritten(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    briefs = BriefStore(db)
    await briefs.save_summaries([SUMMARY])
    other = replace(SUMMARY, producer="a-model")
    await briefs.save_summaries([replace(SUMMARY, text="Something else."), other])
    await briefs.save_summaries([])
    keys = [SummaryKey.of(SUMMARY), SummaryKey.of(other), SummaryKey("2605.00001", 2, "en", "extractive", "1")]
    assert await briefs.load_summaries(keys) == {keys[0]: SUMMARY, keys[1]: other}
    assert await briefs.load_summaries(keys[:1]) == {keys[0]: SUMMARY}


async def test_a_silence_is_stored_and_an_old_one_is_no_obstacle(db: Database) -> None:
    briefs = BriefStore(db)
    said = (
        Statement.of(StatementCode.NONE_MATCHED, n=4),
        Statement.of(StatementCode.CATEGORY_FAILED, category="cs.AI"),
    )
    await briefs.save_brief(replace(make_brief(items=0), silence=said))
    async with db.read() as connection:
        assert (await connection.execute(sa.select(brief.c.silence))).scalar_one() == said
    async with db._engine.begin() as connection:
        await connection.execute(sa.text("UPDATE brief SET silence = 'None of the 4 papers matched.'"))
    assert await briefs.load_receipt("llm", TUESDAY, "en") == RECEIPT
    async with db.read() as connection:
        old = (await connection.execute(sa.select(brief.c.silence))).scalar_one()
    assert old == (Statement.plain("None of the 4 papers matched."),)
