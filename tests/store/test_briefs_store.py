"""Briefs and summaries, as they were made."""

from dataclasses import replace

from bot.model import AnnounceType, Brief, BriefItem, Reason, Receipt, Sentence, Summary, Topic
from bot.store.briefs import BriefStore, SummaryKey
from bot.store.engine import Database
from bot.store.papers import PaperStore
from tests.store.samples import TUESDAY, make_paper

SUMMARY = Summary("2605.00001", 1, "en", "We study.", (0,), (Sentence("Matter.", (0, 1)),), "extractive", "1")
RECEIPT = Receipt(announced=5, read=4, matched=3, shown=1, failed=1, dropped={"below the cut": 2, "no match": 1})


def make_brief(items: int = 1) -> Brief:
    topic = Topic("llm", {"en": "LLM"}, ("cs.CL",))
    chosen = tuple(
        BriefItem(make_paper(), AnnounceType.NEW, position, 1.5, (Reason("word", 1.5),), SUMMARY, {"abs": "https://x"})
        for position in range(items)
    )
    return Brief(topic, TUESDAY, "en", RECEIPT, chosen, ())


async def test_a_brief_is_stored_once_and_its_receipt_comes_back(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper()])
    briefs = BriefStore(db)
    assert await briefs.load_receipt("llm", TUESDAY, "en") is None
    await briefs.save_brief(make_brief(items=3))
    changed = replace(RECEIPT, shown=2)
    await briefs.save_brief(replace(make_brief(items=1), receipt=changed))
    assert await briefs.load_receipt("llm", TUESDAY, "en") == changed
    assert await briefs.load_receipt("llm", TUESDAY, "zh-CN") is None
    assert await briefs.load_receipt("llm", TUESDAY, "en", guild_id=7) is None


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
