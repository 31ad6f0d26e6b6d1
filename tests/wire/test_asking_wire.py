"""Questions through the real model client: faults in answers are repaired, dropped or refused, never shown."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from bot.i18n import Refusal, load_texts
from bot.llm.config import Price
from bot.llm.port import Ceiling
from bot.model import Paper
from bot.pipeline.asking import Asker
from bot.pipeline.full_texts import FullTexts
from bot.render.answers import AnswerDetails, render_answer
from bot.store.engine import Database
from bot.store.questions import QuestionStore
from bot.texts import FullText
from tests.unit.digest.model_samples import PAPER
from tests.unit.digest.test_ask import FULL
from tests.wire.llm_kit import KEY, session
from tests.wire.openai_server import OpenAIServer

ANN, GUILD = 11, 900
QUESTION = "How long was SparseNet trained, and on which GPUs?"


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with Database.open(sqlite_url) as database:
        yield database


async def full(_paper: Paper) -> FullText:
    return FULL


async def ask(database: Database, server: OpenAIServer, question: str, language: str = "en") -> AnswerDetails:
    async with session(database, server) as model:
        asker = Asker(model.model, FullTexts(full, model.clock), QuestionStore(database), model.clock)
        return await asker.ask(PAPER, question, language, user_id=ANN, guild_id=GUILD)


async def asked_today(database: Database, server: OpenAIServer) -> int:
    async with session(database, server) as model:
        return await QuestionStore(database).asked_today(ANN, model.clock.now())


async def test_an_answer_with_its_quote(database: Database, server: OpenAIServer) -> None:
    found = await ask(database, server, QUESTION)
    assert [(one.place, "36 hours" in one.text) for one in found.answer.quotes] == [("section 4.1", True)]
    assert found.left == 9
    assert server.log[0].behaviour == "good"
    assert KEY not in str(render_answer(found, load_texts()))


async def test_a_chinese_answer(database: Database, server: OpenAIServer) -> None:
    found = await ask(database, server, "训练用了多久？", "zh-CN")
    assert found.answer.text == "论文对此有说明，见引文。"
    assert found.answer.quotes


@pytest.mark.parametrize("fault", ["invented-quote", "no-quote", "invented-number", "mention", "link", "german"])
async def test_a_fault_is_sent_back_once_and_repaired(database: Database, server: OpenAIServer, fault: str) -> None:
    found = await ask(database, server, f"{QUESTION} [{fault}-once]")
    assert len(server.log) == 2
    assert "That answer cannot be used." in server.log[1].messages[-1]["content"]
    assert found.answer.quotes
    assert "evil" not in found.answer.text


@pytest.mark.parametrize("fault", ["invented-quote", "no-quote", "invented-number", "mention", "link", "german"])
async def test_a_fault_that_stays_is_refused_and_costs_no_question(
    database: Database, server: OpenAIServer, fault: str
) -> None:
    with pytest.raises(Refusal, match="bears out"):
        await ask(database, server, f"{QUESTION} [{fault}]")
    assert len(server.log) == 2
    assert await asked_today(database, server) == 0


async def test_one_invented_quote_among_good_ones_is_left_out_the_second_time(
    database: Database, server: OpenAIServer
) -> None:
    found = await ask(database, server, f"{QUESTION} [one-invented]")
    assert len(server.log) == 2
    assert [one.place for one in found.answer.quotes] == ["section 4.1"]


async def test_the_text_does_not_say(database: Database, server: OpenAIServer) -> None:
    found = await ask(database, server, "What is the price of butter? [not-found]")
    embed = render_answer(found, load_texts())
    assert "I find no answer in the parts of the text" in embed["description"]
    assert "evil" not in str(embed)
    assert "everyone" not in str(embed)


@pytest.mark.parametrize(
    "behaviour", ["hang", "limited:20", "failing", "unauthorised", "quota", "html", "refusal", "truncated"]
)
async def test_a_server_that_fails_is_told_in_words(database: Database, server: OpenAIServer, behaviour: str) -> None:
    server.always = behaviour
    async with session(database, server, timeout=0.3) as model:
        asker = Asker(model.model, FullTexts(full, model.clock), QuestionStore(database), model.clock)
        with pytest.raises(Refusal) as caught:
            await asker.ask(PAPER, QUESTION, "en", user_id=ANN, guild_id=GUILD)
    assert KEY not in str(caught.value)
    assert await asked_today(database, server) == 0


async def test_a_reached_ceiling_asks_nothing(database: Database, server: OpenAIServer) -> None:
    price = Price(Decimal(1), Decimal(1))
    async with session(database, server, price=price, ceiling=Ceiling(cost_micros=10)) as model:
        asker = Asker(model.model, FullTexts(full, model.clock), QuestionStore(database), model.clock)
        with pytest.raises(Refusal, match="budget for the language model is used up"):
            await asker.ask(PAPER, QUESTION, "en", user_id=ANN, guild_id=GUILD)
    assert server.log == []
    assert await asked_today(database, server) == 0
