"""/ask as a member meets it: an answer with quotes, quotas, no model, a spent budget, a withdrawn paper, Chinese."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.digest.ask import AskForm
from bot.errors import BudgetExhausted
from bot.llm.port import ChatRequest
from bot.model import Paper
from bot.pipeline.asking import Asker
from bot.pipeline.full_texts import FullTexts
from bot.services import Services
from bot.store.questions import QuestionStore
from bot.texts import FullText, Passage
from cogs._shared import answers
from tests.cogs.conftest import StillClock, World, buttons_of, text_of
from tests.cogs.reading import embed_of, make_paper, reply
from tests.unit.pipeline.model_fakes import FakeModel
from tests.wire.openai_makers.ask import make

ID, WITHDRAWN, HOSTILE = "2611.10003", "2611.20000", "2611.20001"
FULL = "Turnips were bred for 36 months on 8 fields."


class Script:
    """What the model says: the maker's answer unless something else is set."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.answer: AskForm | None = None

    def __call__(self, request: ChatRequest) -> Any:
        """Answer a request."""
        if self.error is not None:
            return self.error
        return self.answer or AskForm.model_validate_json(make(request.system, request.user, None) or "")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def model(script: Script) -> FakeModel | None:
    return FakeModel(script, name="test-model")


@pytest.fixture
async def services(services: Services, model: FakeModel | None, clock: StillClock) -> Services:
    await services.papers.save_metadata(
        [
            make_paper(ID, title="Turnip breeding at scale", abstract="We breed turnips. They grow to 12 kg."),
            make_paper(WITHDRAWN, title="Gone for good", withdrawn=True),
            make_paper(HOSTILE, title="@everyone <#1>", abstract="[x](https://evil.example) turnips are <@1> sweet."),
        ]
    )

    async def read(paper: Paper) -> FullText:
        return FullText(paper.arxiv_id, paper.version, "html", (Passage(FULL, "section 3.2", "Training"),))

    texts, questions = FullTexts(read, clock), QuestionStore(services.database)
    return replace(services, asker=Asker(model, texts, questions, clock, per_user=2, per_guild=3))


async def ask(world: World, question: str = "How many months were turnips bred?", paper: str = ID) -> Any:
    return await world.member.slash(world.channel, "ask", paper=paper, question=question)


async def test_an_answer_with_its_quotes(world: World) -> None:
    result = await ask(world)
    assert result.ephemeral
    embed = embed_of(result)
    assert (embed.title, embed.url) == ("Turnip breeding at scale", f"https://arxiv.org/abs/{ID}")
    assert (embed.description or "").split("\n\n") == [
        "**How many months were turnips bred?**",
        FULL,
        f"> “{FULL}”\n> — section 3.2",
    ]
    footer = embed.footer.text or ""
    assert "read: the full text (HTML)" in footer
    assert "answered by test-model" in footer
    assert "1 question left today" in footer


@pytest.mark.parametrize("typed", ["turnip breeding", f"https://arxiv.org/abs/{ID}", f"arXiv:{ID}v1"])
async def test_the_paper_is_found_however_it_is_named(world: World, typed: str) -> None:
    assert embed_of(await ask(world, paper=typed)).title == "Turnip breeding at scale"


async def test_another_version_than_the_known_one_is_said(world: World) -> None:
    assert "You asked for version 7; this is what I know of version 1" in text_of(await ask(world, paper=f"{ID}v7"))


async def test_papers_are_offered_while_typing(world: World) -> None:
    choices = await world.member.autocomplete(world.channel, "ask", "paper", "turnip")
    assert ID in [one["value"] for one in choices]


async def test_in_chinese(world: World) -> None:
    world.speak("zh-CN")
    embed = embed_of(await ask(world, "训练了多久？"))
    assert "论文对此有说明" in (embed.description or "")
    assert "第 3.2 节" in (embed.description or "") or "摘要" in (embed.description or "")
    assert "今天还可提问 1 次" in (embed.footer.text or "")


async def test_the_text_does_not_say(world: World, script: Script) -> None:
    script.answer = AskForm(found=False, answer="@everyone look at https://evil.example", quotes=[])
    said = text_of(await ask(world, "What is the price of butter?"))
    assert "I find no answer in the parts of the text that fit the question best." in said
    assert "evil" not in said


async def test_a_person_s_quota(world: World) -> None:
    for _ in range(2):
        assert embed_of(await ask(world))
    said = text_of(await ask(world))
    assert said.startswith("You have used your 2 questions of today")
    world.speak("zh-CN")
    assert text_of(await ask(world)).startswith("你今天的 2 个问题已经用完")
    assert embed_of(await world.admin.slash(world.channel, "ask", paper=ID, question="How many months?"))


async def test_it_works_in_direct_messages(world: World) -> None:
    user = world.env.create_user("solo")
    result = await user.slash("ask", paper=ID, question="How many months were turnips bred?")
    assert FULL in text_of(result)
    assert "1 question left today" in text_of(result)


async def test_a_question_is_deferred_while_the_model_thinks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "DEFER_AFTER", 0.0)
    ask_model = world.services.asker.ask

    async def slowly(*args: Any, **options: Any) -> Any:
        await world.env.external_wait(asyncio.sleep(2), reason="a model that takes two seconds")
        return await ask_model(*args, **options)

    monkeypatch.setattr(world.services.asker, "ask", slowly)
    result = await ask(world)
    assert result.deferred
    await world.env.advance_time(3)
    assert FULL in text_of(result)


async def test_a_server_s_quota(world: World) -> None:
    for _ in range(2):
        await ask(world)
    await world.admin.slash(world.channel, "ask", paper=ID, question="How many months?")
    result = await world.admin.slash(world.channel, "ask", paper=ID, question="How many months?")
    assert text_of(result).startswith("The 3 questions that may be asked here in a day are used up.")


async def test_a_reached_budget_costs_no_question(world: World, script: Script) -> None:
    script.error = BudgetExhausted("full")
    for _ in range(4):
        assert text_of(await ask(world)).startswith("Today's budget for the language model is used up.")
    script.error = None
    assert "1 question left today" in (embed_of(await ask(world)).footer.text or "")


async def test_a_withdrawn_paper_is_read_from_its_abstract_and_says_so(world: World) -> None:
    said = text_of(await ask(world, "What matters?", WITHDRAWN))
    assert "⚠ This paper was withdrawn" in said
    assert "Only the abstract was read: the paper was withdrawn." in said
    assert "read: the abstract" in said


async def test_hostile_papers_and_questions_do_nothing(world: World) -> None:
    embed = embed_of(await ask(world, "@everyone <@&1> [sweet](https://evil.example) turnips? ```", HOSTILE))
    shown = f"{embed.title} {embed.description}"
    for live in ("@everyone", "](https://", "<@", "<#", "https://evil", "\n```"):
        assert live not in shown


@pytest.mark.parametrize(("question", "said"), [("???", "Please ask a question in words."), ("  . ", "in words")])
async def test_what_is_no_question(world: World, question: str, said: str) -> None:
    assert said in text_of(await ask(world, question))


async def test_an_unknown_paper_costs_no_question(world: World) -> None:
    assert "is not in my cache" in text_of(await ask(world, paper="2611.99999"))
    assert await QuestionStore(world.services.database).asked_today(world.member.id, world.services.clock.now()) == 0


async def test_the_button_under_a_paper_opens_a_form(world: World, model: FakeModel) -> None:
    paper = await world.member.slash(world.channel, "paper", paper=ID)
    assert buttons_of(paper)["Ask about this paper"] == f"pb:ask:{ID}"
    opened = await world.member.click(reply(paper), label="Ask about this paper")
    assert opened.modal is not None
    answered = await world.member.submit_modal(opened, {"question": "How many months were turnips bred?"})
    assert answered.ephemeral
    assert FULL in text_of(answered)
    assert len(model.asked) == 1


async def test_the_quota_is_told_and_forgotten_on_request(world: World) -> None:
    await ask(world)
    said = text_of(await world.member.slash(world.channel, "privacy"))
    assert "questions you asked today: 1" in said
    assert "A question to `/ask` goes to the language model" in said
    asked = await world.member.slash(world.channel, "forget-me")
    await world.member.click(reply(asked), label=next(iter(buttons_of(asked))))
    assert "questions you asked today" not in text_of(await world.member.slash(world.channel, "privacy"))


async def test_help_tells_the_quota(world: World) -> None:
    said = text_of(await world.member.slash(world.channel, "help"))
    assert "`/ask` answers 2 questions a day for each person and 3 for a server." in said
    assert "`/ask` Ask a question about a paper" in said


class TestWithoutModel:
    """What a bot without a model says."""

    @pytest.fixture
    def model(self) -> None:
        """Set up no model."""
        return

    async def test_every_question_is_refused_in_both_languages(self, world: World) -> None:
        assert text_of(await ask(world)) == (
            "No language model is set up here, so I cannot answer questions. "
            "Whoever runs me can change that: `LLM__MODEL` with `LLM__API_KEY` or `LLM__BASE_URL`."
        )
        assert "No language model" in text_of(await ask(world, paper="2611.99999"))
        world.speak("zh-CN")
        assert text_of(await ask(world)) == (
            "这里没有配置语言模型，所以我无法回答问题。"
            "运行我的人可以启用它：设置 `LLM__MODEL`，并设置 `LLM__API_KEY` 或 `LLM__BASE_URL`。"
        )

    async def test_there_is_no_button_and_no_word_of_a_quota(self, world: World) -> None:
        paper = await world.member.slash(world.channel, "paper", paper=ID)
        assert "Ask about this paper" not in buttons_of(paper)
        assert "questions a day" not in text_of(await world.member.slash(world.channel, "help"))
