"""What a Chinese reader meets, from the brief in the channel to the answers in private: no English sentence is left."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.delivery import PostingStyle, SubscriptionState
from bot.fates import Stage
from bot.i18n import load_texts
from bot.model import Announcement, AnnouncementState, Brief, Counts, Topic
from bot.render.embeds import render_message
from bot.render.notices import missing_statements, render_missed, render_quiet, render_waiting
from bot.render.parts import render_draft
from bot.statement import Statement, StatementCode
from bot.store.schema import metadata
from cogs.admin._lines import HELD, privacy_text
from tests.cogs.conftest import MORNING, World, text_of
from tests.cogs.test_subscriptions_manage import save as save_subscription

ENGLISH = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[ ,;:.()]+[A-Za-z][A-Za-z'’-]*){2,}")
"""A run of three words and more."""


def english_in(text: str, allowed: Iterable[str] = ()) -> list[str]:
    """Return the English sentences of `text`, but for what arXiv or a user named: titles, categories, addresses."""
    text = re.sub(r"\(?<?https?://[^\s)>]+\)?>?", "", text)
    text = re.sub(r"\b[a-z-]+\.[A-Z]{2}\b", "", text)
    for one in sorted(allowed, key=len, reverse=True):
        text = text.replace(one, "")
    return ENGLISH.findall(text)


async def brief_of(world: World, slug: str = "llm", day: date | None = None) -> Brief:
    topic = world.services.catalogue[slug]
    day = day or await world.services.briefing.latest_date(topic)
    return await world.services.briefing.brief(topic, day, max_papers=5, language="zh-CN")


async def fail(world: World, category: str, reason: Statement, state: AnnouncementState, days: int = 0) -> date:
    """Note in the store that a category could not be read."""
    day = MORNING.date() + timedelta(days=days)
    note = Announcement(category, day, state, None, Counts(), Counts(), MORNING, reason=reason)
    await world.services.announcements.save_state(note)
    return day


async def test_the_finder_of_english_finds_it() -> None:
    assert english_in("状态：the page is cut off")
    assert english_in("原因：matches “attention” in the abstract") == ["in the abstract"]
    assert english_in("原因：new in cs.CL、cs.AI") == []
    assert not english_in("cs.CL、cs.LG 和 stat.ML：已延误，arXiv 仍显示 https://arxiv.org/a/b/c")


async def test_a_posted_brief_is_chinese_but_for_the_papers(world: World) -> None:
    await fail(
        world,
        "cs.AI",
        Statement.of(StatementCode.SOURCE_UNAVAILABLE, detail="HTTP 503 from the far server"),
        AnnouncementState.FAILED,
    )
    brief = await brief_of(world)
    brief = replace(brief, silence=(*brief.silence, Statement.of(StatementCode.CATEGORIES_UNREAD, unread=("cs.SD",))))
    assert brief.items
    body = render_message(brief)
    lines = body["content"].splitlines()
    assert lines[0].startswith("**大语言模型** · 2026年11月17日 周二 · 公布 ")
    assert lines[1].endswith("cs.SD 至今尚未读取；本机器人读取其设置中的分类和已订阅主题的分类。")
    assert english_in(body["content"]) == []
    for item, embed in zip(brief.items, body["embeds"], strict=True):
        (why,) = [line for line in embed["description"].splitlines() if "原因：" in line]
        found = {value for reason in item.reasons for _, value in reason.why.values if isinstance(value, str)}
        assert english_in(why, found) == [], why
        assert "matches" not in why
        assert "摘自论文摘要" in embed["footer"]["text"]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 15), "没有公告：arXiv 在2026年11月15日 周日不发布公告。"),
        (date(2026, 11, 18), "cs.CL 尚未公布：arXiv 尚未发布2026年11月18日 周三的公告。"),
        (date(2026, 11, 12), "cs.CL 无法读取：从未读取过2026年11月12日 周四的公告，只有机器人的运行者可以补读。"),
    ],
)
async def test_a_day_without_a_brief_has_its_reason_in_chinese(world: World, day: date, said: str) -> None:
    world.speak("zh-CN")
    text = text_of(await world.member.slash(world.channel, "brief", topic="llm", date=day.isoformat()))
    assert said in text
    assert english_in(text) == []
    assert "paperbrief" not in text


async def test_an_english_reader_gets_no_command_of_the_shell_either(world: World) -> None:
    text = text_of(await world.member.slash(world.channel, "brief", topic="llm", date="2026-11-12"))
    assert "cs.CL could not be read: Thu 12 Nov 2026 was never read; only whoever runs this bot can have it" in text
    assert "paperbrief" not in text


async def test_status_and_its_reasons(world: World) -> None:
    await save_subscription(world, language="zh-CN")
    await world.services.briefing.keep(await brief_of(world))
    await fail(
        world,
        "cs.AI",
        Statement.of(StatementCode.SOURCE_MALFORMED, detail="no such thing as this"),
        AnnouncementState.FAILED,
        days=1,
    )
    english = text_of(await world.member.slash(world.channel, "status"))
    assert "cs.AI · Wed 18 Nov 2026 · 0 papers · could not be read: what arXiv answered could not be read" in english
    world.speak("zh-CN")
    text = text_of(await world.member.slash(world.channel, "status"))
    assert "cs.AI · 2026年11月18日 周三 · 0 篇论文 · 无法读取：arXiv 返回的内容无法读取" in text
    assert "**最新简报**\n大语言模型 · 2026年11月17日 周二：公布 " in text
    assert english_in(text) == []


@pytest.mark.parametrize("stage", [*map(str, Stage), "below_cut", "no_match", "excluded", "cross_list", "withdrawn",
                                   "announced_before", "below_bar", "too_similar"])  # fmt: skip
async def test_why_in_chinese(world: World, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = (await brief_of(world)).items[0].paper
    await save_subscription(world)
    why = world.services.explainer.why

    async def staged(*args: Any, **kwargs: Any) -> Any:
        return replace(await why(*args, **kwargs), stage=stage)

    monkeypatch.setattr(world.services.explainer, "why", staged)
    world.speak("zh-CN")
    text = text_of(await world.member.slash(world.channel, "why", paper=paper.arxiv_id))
    title, answer, *numbers = text.splitlines()
    assert paper.arxiv_id in title
    assert answer.startswith("**大语言模型**（2026年11月17日 周二）：")
    assert answer.endswith("。")
    assert english_in(answer) == []
    assert "得分" in numbers[0]
    # The words that were found stay the paper's own.
    assert english_in(re.sub("“[^”]*”", "", "\n".join(numbers))) == []


@pytest.mark.parametrize(
    "code",
    [
        StatementCode.LACKS_PERMISSION,
        StatementCode.LACKS_ACCESS,
        StatementCode.THREAD_CLOSED,
        StatementCode.WRONG_CHANNEL,
        StatementCode.TAG_REQUIRED,
        StatementCode.DISCORD_REFUSES,
        StatementCode.CHANNEL_GONE,
        StatementCode.CHANNEL_DELETED,
    ],
)
async def test_a_parked_subscription_says_why(world: World, code: StatementCode) -> None:
    reason = Statement.of(code, words="Cannot send messages in a thread that is locked (160005)")
    await save_subscription(world, state=SubscriptionState.PARKED, reason=reason)
    world.speak("zh-CN")
    text = text_of(await world.admin.slash(world.channel, "subscriptions"))
    assert "已停止：被 Discord 拒绝（" in text
    assert text.rstrip("*").endswith("）")
    assert english_in(text) == []


async def test_privacy_in_chinese_names_whatever_is_held() -> None:
    tables = {table.name for table in metadata.sorted_tables if {"user_id", "created_by"} & set(table.c.keys())}
    assert tables == set(HELD)
    text = privacy_text(dict.fromkeys(tables, 3), load_texts("zh-CN"))
    assert text.count("：3") == len(tables)
    assert english_in(text) == []


def test_notices_are_chinese_in_every_style() -> None:
    topic = Topic("attention", {"en": "The attention of many", "zh-CN": "注意力"}, ("cs.CL",))
    missing = [
        Announcement(
            f"cs.{state.upper()[:2]}",
            MORNING.date(),
            state,
            None,
            Counts(),
            Counts(),
            MORNING,
            reason=Statement.plain("the words of an earlier version"),
        )
        for state in AnnouncementState
    ]
    for style in PostingStyle:
        place: dict[str, Any] = {"channel_id": 5, "language": "zh-CN", "style": style}
        for parts in (
            render_waiting(topic, MORNING.date(), missing, **place),
            render_missed(topic, [MORNING.date(), MORNING.date() + timedelta(days=1)], **place),
            render_quiet(topic, MORNING.date(), "今天没有公告。", **place),
        ):
            payload = parts[0].payload
            shown = [payload.get("message", payload)["content"], payload.get("name", "")]
            assert english_in("\n".join(shown)) == []


async def test_an_incomplete_brief_names_what_is_missing_in_its_own_language(world: World) -> None:
    missing = [
        Announcement("cs.AI", MORNING.date(), AnnouncementState.STALLED, None, Counts(), Counts(), MORNING),
        Announcement("cs.LG", MORNING.date(), AnnouncementState.PARTIAL, None, Counts(), Counts(), MORNING),
    ]
    brief = replace(await brief_of(world), silence=missing_statements(missing))
    for style in PostingStyle:
        part = render_draft(brief, style).parts(5)[0]
        content = part.payload.get("message", part.payload)["content"]
        assert "cs.AI：已延误，arXiv 仍显示较早的公告。cs.LG：arXiv 目前只显示了一部分。" in content
