"""Every statement in every language: complete, in words, and never with what is meant for the operator."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.interest_features import GROUPS
from bot.digest.select import DROP_REASONS
from bot.i18n import LOCALES, load_texts
from bot.render.statements import say_silence, say_statement, say_to_operator, silence_to_operator
from bot.statement import Statement, StatementCode, Value
from tests.unit.render.samples import hostile

DAY = date(2026, 5, 12)
C = StatementCode
DETAIL = "HTTP 503 from the server; run: paperbrief ingest and set ARXIV__CONTACT"
WHY = Statement.of(C.NOT_ANNOUNCED, day=DAY)
VALUES: dict[str, Value] = {
    "text": DETAIL,
    "detail": DETAIL,
    "words": DETAIL,
    "due": DAY,
    "day": DAY,
    "shows": DAY,
    "holiday": DAY,
    "following": DAY,
    "release": datetime(2026, 5, 12, 0, 30, tzinfo=UTC),
    "until": datetime(2026, 5, 12, 4, tzinfo=UTC),
    "category": "cs.CL",
    "categories": ("cs.CL", "cs.AI"),
    "unread": ("cs.SD", "eess.AS"),
    "homes": ("cs.CL", "stat.ML"),
    "found": 12,
    "usual": 334,
    "held": 3,
    "announced": 5,
    "n": 1234,
    "term": "attention",
    "field": "abs",
}
NEEDED: dict[StatementCode, tuple[str, ...]] = {
    C.PLAIN: ("text",),
    C.SOURCE_UNAVAILABLE: ("detail",),
    C.SOURCE_LIMITED: ("until", "detail"),
    C.SOURCE_MALFORMED: ("detail",),
    C.PAGE_INCOMPLETE: ("detail",),
    C.FEWER_THAN_USUAL: ("found", "usual"),
    C.NOT_OUT_YET: ("due", "category", "shows", "until"),
    C.OVERDUE: ("due", "release", "category", "shows"),
    C.FEED_EMPTY: ("due", "category"),
    C.FEED_QUIET: ("category",),
    C.DEFERRED: ("day", "holiday", "following", "release"),
    C.NONE_FOR_DAY: ("day", "following", "release"),
    C.REBUILT_SHORT: ("held", "announced"),
    C.NO_ANNOUNCEMENT_DAY: ("day",),
    C.NOT_ANNOUNCED: ("day",),
    C.NEVER_READ: ("category", "day"),
    C.UNREAD: ("n",),
    C.CATEGORY_WAITING: ("category",),
    C.CATEGORY_OVERDUE: ("category",),
    C.CATEGORY_PARTIAL: ("category",),
    C.CATEGORY_FAILED: ("category",),
    C.CATEGORY_SHORT: ("category",),
    C.CATEGORY_REBUILT: ("category",),
    C.CATEGORIES_UNREAD: ("unread",),
    C.MISSING_WAITING: ("categories",),
    C.MISSING_OVERDUE: ("categories",),
    C.MISSING_PARTIAL: ("categories",),
    C.MISSING_FAILED: ("categories",),
    C.NO_NEW_PAPERS: ("categories",),
    C.MATCHED_NONE_SHOWN: ("n",),
    C.NONE_MATCHED: ("n",),
    C.NOTHING_NEW: ("n",),
    C.MATCHES: ("term", "field"),
    C.NEW_IN: ("homes",),
    C.NEAR_LIKED: ("n",),
    C.NEAR_DISLIKED: ("n",),
    **dict.fromkeys(
        (C.LACKS_PERMISSION, C.LACKS_ACCESS, C.THREAD_CLOSED, C.WRONG_CHANNEL, C.TAG_REQUIRED, C.DISCORD_REFUSES),
        ("words",),
    ),
    C.CHANNEL_GONE: ("words",),
}
# Three words of ASCII letters one after the other, which names and numbers are not.
ENGLISH = re.compile(r"[A-Za-z']{2,}(?: [A-Za-z']{2,}){2,}")


def make(code: StatementCode) -> Statement:
    """Return a statement of that code with all it needs, and a reason where it may have one."""
    values = {name: VALUES[name] for name in NEEDED.get(code, ())}
    if code is C.GENERAL_INTEREST:
        values["signs"] = GROUPS
    if code in (C.CLOSE_TO_INTEREST, C.LIKE_LIKED, C.LIKE_DISLIKED):
        values["words"] = ("reward", "model")
    if code is C.NOTHING_NEW:
        values |= dict.fromkeys(DROP_REASONS, 7)
    if code in (C.NOT_RECOVERED, C.NO_ANNOUNCEMENT) or code.startswith("category_"):
        values["reason"] = WHY
    return Statement.of(code, **values)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", StatementCode)
def test_everything_is_said_in_every_language(code: StatementCode, locale: str) -> None:
    texts = load_texts(locale)
    said = say_statement(make(code), texts)
    assert said
    # Nothing left out, nothing left in.
    assert not re.search(r"[{}…]", said), said
    if code is not C.PLAIN:
        assert DETAIL not in said
        assert "paperbrief" not in said
        assert "__" not in said
        # The answer for what nobody foresaw is not good enough for a code of ours.
        assert said != say_statement(Statement.plain("x"), load_texts("zh-CN"))
        assert "log of" not in said
    if locale == "zh-CN":
        assert re.search(r"[一-鿿]", said), said
        assert not ENGLISH.search(said), said
        assert said != say_statement(make(code), load_texts("en"))


@pytest.mark.parametrize("code", StatementCode)
def test_the_operator_gets_every_value(code: StatementCode) -> None:
    said = say_to_operator(make(code))
    assert said
    assert not re.search(r"[{}…]", said), said
    if code in NEEDED and {"detail", "text", "words"} & set(NEEDED[code]):
        assert said == DETAIL


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", StatementCode)
def test_a_stored_statement_that_lacks_its_values_is_said_all_the_same(code: StatementCode, locale: str) -> None:
    assert say_statement(Statement(code), load_texts(locale))
    assert say_to_operator(Statement(code))


def test_the_silence_of_a_brief_in_both_languages() -> None:
    silence = (
        Statement.of(C.NOTHING_NEW, n=2, announced_before=1, no_match=1),
        Statement.of(C.CATEGORY_WAITING, category="cs.AI", reason=WHY),
        Statement.of(
            C.CATEGORY_FAILED, category="cs.LG", reason=Statement.of(C.SOURCE_UNAVAILABLE, detail="HTTP\n503.")
        ),
        Statement.of(C.CATEGORIES_UNREAD, unread=("cs.SD", "eess.AS")),
    )
    assert silence_to_operator(silence) == (
        "Nothing new for this topic: of 2 papers, 1 announced before; 1 outside the topic's query. "
        "cs.AI is not in yet: arXiv has not announced Tuesday, 12 May 2026 yet. "
        "cs.LG could not be read: HTTP 503. "
        "Not read here: cs.SD, eess.AS (see BRIEF__CATEGORIES)."
    )
    assert say_silence(silence, load_texts("en")) == (
        "Nothing new for this topic: of 2 papers, 1 announced before; 1 outside the topic's query. "
        "cs.AI is not in yet: arXiv has not announced Tue 12 May 2026 yet. "
        "cs.LG could not be read: arXiv did not answer. "
        "cs.SD, eess.AS: not read so far; this bot reads the categories of its settings and of the topics that are "
        "subscribed to."
    )
    assert say_silence(silence, load_texts("zh-CN")) == (
        "该主题没有新内容：共 2 篇论文，其中 1 篇之前已公布；1 篇不符合主题的查询条件。"
        "cs.AI 尚未公布：arXiv 尚未发布2026年5月12日 周二的公告。"
        "cs.LG 无法读取：arXiv 没有响应。"
        "cs.SD、eess.AS 至今尚未读取；本机器人读取其设置中的分类和已订阅主题的分类。"
    )
    assert (say_silence((), load_texts("en")), silence_to_operator(())) == ("", None)


def test_an_old_sentence_is_shown_to_those_who_read_english_alone() -> None:
    old = Statement.plain("the page is cut off")
    assert say_statement(old, load_texts("en")) == "the page is cut off"
    assert say_statement(old, load_texts("zh-CN")) == "详情见机器人运行者的日志"
    assert say_to_operator(old) == "the page is cut off"


@given(hostile, st.sampled_from(LOCALES))
def test_braces_and_baits_in_values_do_no_harm(text: str, locale: str) -> None:
    said = say_statement(Statement.of(C.MATCHES, term=text + "{x}", field=text), load_texts(locale))
    assert "{x}" in said
    assert "\n" not in said
