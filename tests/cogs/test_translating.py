"""A paper in the reader's language: the button, the menu of languages, what cannot be had, and the briefs' setting."""

import json
from typing import Any, cast

import pytest

from bot.client import build_bot
from bot.delivery import Subscription, TopicKey
from bot.digest.translate import TranslationForm
from bot.errors import BudgetExhausted
from bot.llm.port import ChatRequest
from bot.pipeline.translating import Translator
from bot.services import Services
from bot.store.questions import QuestionStore
from bot.store.summaries import SummaryStore
from bot.texts import Translation
from tests.cogs.conftest import MORNING, World, buttons_of, text_of
from tests.cogs.reading import embed_of, ids_of, make_paper, menu_of, reply, with_reading
from tests.unit.pipeline.model_fakes import FakeModel
from tests.wire.openai_makers.translation import make

COGS = ("cogs.briefs", "cogs.papers", "cogs.subscriptions")
PAPER = "2611.10001"
ABSTRACT = (
    "Turnips grow slowly. We propose TurnipNet, which needs $O(n^2)$ steps and **@everyone** 12.5% of the water, as "
    "\\cite{lee} and https://evil.example say."
)


def answer(request: ChatRequest) -> TranslationForm:
    return TranslationForm.model_validate(json.loads(make(request.system, request.user, None) or "{}"))


@pytest.fixture
def extensions() -> tuple[str, ...]:
    return COGS


@pytest.fixture
def model() -> FakeModel:
    return FakeModel(answer, name="small-7b")


@pytest.fixture
async def services(services: Services, model: FakeModel) -> Services:
    long = "Turnips are good for $x$ reasons. " * 110
    await services.papers.save_metadata(
        [
            make_paper(PAPER, title="TurnipNet in Practice", abstract=ABSTRACT),
            make_paper("2611.10002", title="Turnips at Length", abstract=long),
        ]
    )
    reading = cast("Any", with_reading(services))
    reading.translator = Translator(
        model,
        SummaryStore(services.database),
        QuestionStore(services.database),
        services.clock,
        per_user=3,
        per_guild=4,
    )
    return cast("Services", reading)


def without_model(world: World) -> None:
    database = world.services.database
    cast("Any", world.services).translator = Translator(
        None, SummaryStore(database), QuestionStore(database), world.services.clock
    )


async def open_paper(world: World, arxiv_id: str = PAPER) -> Any:
    return await world.member.slash(world.channel, "paper", paper=arxiv_id)


async def test_a_chinese_reader_sees_the_paper_in_chinese(world: World, model: FakeModel) -> None:
    world.speak("zh-CN")
    shown = await open_paper(world)
    assert buttons_of(shown)["翻译"] == f"pb:tr:{PAPER}"
    translated = await world.member.click(reply(shown), label="翻译")
    assert translated.ephemeral
    embed = embed_of(translated)
    assert "研究" in (embed.title or "")
    assert "O(n²)" in (embed.description or "")
    assert "12.5%" in (embed.description or "")
    assert "由 small-7b 翻译" in (embed.footer.text or "")
    assert "@everyone" not in (embed.description or "")
    assert "https://evil" not in (embed.description or "")
    # Kept: shown under the original title from now on, and asked for once only.
    again = await open_paper(world)
    assert embed_of(again).title == "TurnipNet in Practice"
    assert (embed_of(again).description or "").splitlines()[0].startswith("> 这项研究")
    await world.member.click(reply(again), label="翻译")
    assert len(model.asked) == 1


async def test_an_english_reader_chooses_a_language_and_turns_back(world: World) -> None:
    shown = await open_paper(world)
    asked = await world.member.click(reply(shown), label="Translate")
    assert "Into which language" in text_of(asked)
    menu = menu_of(asked, "pb:tl:")
    assert len(menu["options"]) == 25
    await world.member.select(reply(asked), ["de"], custom_id=f"pb:tl:{PAPER}")
    assert "Arbeit" in (reply(asked).embeds[0].description or "")
    await world.member.click(reply(asked), label="Original")
    assert "Turnips grow slowly" in (reply(asked).embeds[0].description or "")
    world.speak("ja")
    await world.member.click(reply(asked), label="Translate")
    assert "本研究" in (reply(asked).embeds[0].description or "")


async def test_the_buttons_outlive_a_restart(world: World) -> None:
    shown = await open_paper(world)
    asked = await world.member.click(reply(shown), label="Translate")
    await world.env.restart_bot(build_bot(world.services, extensions=COGS, shard_count=1))
    await world.member.select(reply(asked), ["fr"], custom_id=f"pb:tl:{PAPER}")
    assert "cette étude" in (reply(asked).embeds[0].description or "").lower()
    world.speak("zh-CN")
    assert "研究" in text_of(await world.member.click(reply(shown), custom_id=f"pb:tr:{PAPER}"))


async def test_a_long_translation_has_pages_within_the_limits(world: World) -> None:
    world.speak("de")
    shown = await open_paper(world, "2611.10002")
    translated = await world.member.click(reply(shown), label="Translate")
    assert len(embed_of(translated).description or "") <= 4096
    assert "pb:tr:2611.10002:de:1" in ids_of(translated)
    await world.member.click(reply(translated), label="More")
    assert "page 2 of" in (reply(translated).embeds[0].footer.text or "")
    await world.member.click(reply(translated), label="Back")
    assert "page 1 of" in (reply(translated).embeds[0].footer.text or "")


async def test_without_a_model_the_button_says_what_to_set(world: World) -> None:
    without_model(world)
    shown = await open_paper(world)
    assert "Translate" in buttons_of(shown)
    refused = await world.member.click(reply(shown), label="Translate")
    assert text_of(refused) == (
        "No language model is set up here, so I cannot translate. "
        "Whoever runs me can change that: `LLM__MODEL` with `LLM__API_KEY` or `LLM__BASE_URL`."
    )
    world.speak("zh-CN")
    refused = await world.member.click(reply(shown), label="Translate")
    assert text_of(refused) == (
        "这里没有配置语言模型，无法翻译。"
        "运行我的人可以启用它：设置 `LLM__MODEL`，并设置 `LLM__API_KEY` 或 `LLM__BASE_URL`。"
    )


async def test_a_spent_budget_says_when_to_try_again(world: World, model: FakeModel) -> None:
    model.answer = lambda _request: BudgetExhausted("full")
    world.speak("de")
    shown = await open_paper(world)
    for _ in range(5):
        refused = await world.member.click(reply(shown), label="Translate")
        assert "budget for the language model is used up. Please try again after midnight UTC" in text_of(refused)


async def test_readers_have_a_quota_of_what_costs_money(world: World, model: FakeModel) -> None:
    shown = await open_paper(world)
    for language in ("de", "fr", "es"):
        world.speak(language)
        await world.member.click(reply(shown), label="Translate")
    world.speak("ru")
    told = await world.member.click(reply(shown), label="Translate")
    assert text_of(told).startswith("You have had 3 questions and translations today")
    assert len(model.asked) == 3
    world.speak("de")
    assert "Arbeit" in text_of(await world.member.click(reply(shown), label="Translate"))


async def test_a_forged_language_is_refused(world: World) -> None:
    world.speak("de")
    shown = await open_paper(world)
    translated = await world.member.click(reply(shown), label="Translate")
    world.rewrite("de", "not a language")
    refused = await world.member.select(reply(translated), ["de"], custom_id=f"pb:tl:{PAPER}")
    assert text_of(refused) == "This button is of no use any more."


async def test_a_channel_may_have_titles_translated(world: World) -> None:
    result = await world.admin.slash(world.channel, "subscribe", topic="llm", language="zh-CN", translate=True)
    assert "No language model" not in text_of(result)
    stored = await world.services.subscriptions.load(world.channel.id, TopicKey("llm"))
    assert stored is not None
    assert stored.translate
    kept = await world.admin.slash(world.channel, "subscribe", topic="llm", max_papers=3)
    assert "changed" in text_of(kept)
    stored = await world.services.subscriptions.load(world.channel.id, TopicKey("llm"))
    assert stored is not None
    assert stored.translate


async def test_the_sample_shows_translated_titles_that_are_there(world: World) -> None:
    topic = world.services.catalogue["llm"]
    day = await world.services.briefing.latest_date(topic)
    brief = await world.services.briefing.brief(topic, day, max_papers=1, language="zh-CN")
    paper = brief.items[0].paper
    await SummaryStore(world.services.database).save_translation(
        Translation(paper.arxiv_id, paper.version, "zh-CN", "好标题 $x^2$", "好摘要。", "small-7b", "1")
    )
    result = await world.admin.slash(
        world.channel, "subscribe", topic="llm", language="zh-CN", max_papers=1, translate=True
    )
    assert "> 好标题 x²" in text_of(result)
    assert "由 small-7b 翻译" in text_of(result)


@pytest.mark.parametrize(
    ("language", "ready", "told"),
    [
        ("zh-CN", False, "No language model is set up here, so titles stay as they are"),
        ("en", True, "Titles are translated in briefs of other languages than English only"),
    ],
)
async def test_a_setting_without_effect_says_so(world: World, language: str, ready: bool, told: str) -> None:
    if not ready:
        without_model(world)
    result = await world.admin.slash(world.channel, "subscribe", topic="llm", language=language, translate=True)
    assert told in text_of(result)


async def test_the_setting_is_changed_by_a_button(world: World) -> None:
    one = Subscription(world.guild.id, world.channel.id, TopicKey("llm"), world.admin.id, MORNING, language="zh-CN")
    await world.services.subscriptions.save(one)
    listed = await world.admin.slash(world.channel, "subscriptions")
    await world.admin.select(reply(listed), [f"{world.channel.id}:0:llm"], custom_id="pb:subs:pick")
    await world.admin.click(reply(listed), label="Translate titles")
    assert "Titles: translated as well" in text_of(listed)
    stored = await world.services.subscriptions.load(world.channel.id, TopicKey("llm"))
    assert stored is not None
    assert stored.translate
    await world.admin.click(reply(listed), label="Do not translate titles")
    assert "Titles:" not in text_of(listed)
