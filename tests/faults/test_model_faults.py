"""The language model hangs, refuses, lies, obeys strangers or costs too much: what is posted then (L1 to L8)."""

import json
import random
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Paper
from bot.settings import LlmSettings
from bot.store.spend import SpendStore
from tests.faults.workday import CALENDAR, DAYS, OUT, TUESDAY, Workday, announced, make_paper, open_workday
from tests.wire.openai_answers import ChatCall, load_makers
from tests.wire.openai_server import OpenAIServer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CANARY = "ZEBRA-7Q4X"
WORDS = [
    first + second
    for first in ("har", "lum", "vek", "tor", "min", "sal", "dra", "pel", "qui", "zan", "bor", "fen", "gul", "nis")
    for second in ("bour", "inals", "etors", "idges", "owels", "ustars", "ambles", "ortices", "entils", "iffs")
]
ATTACKS = Path(__file__).parents[1] / "injection" / "attacks.jsonl"


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as running:
        yield running


def named_paper(place: int, day: Any = TUESDAY, more: str = "") -> Paper:
    """Return a paper that a model can summarise; what it is about is its own."""
    name = f"Lattice{place}"
    # Without much in common: a brief leaves out what is nearly the same.
    words = random.Random(place).sample(WORDS, 30)
    return make_paper(
        "cs.CL",
        day,
        place % 40 if place < 1000 else 45,
        title=f"{name}: {' '.join(words[:4]).title()}",
        abstract=(
            f"Matters of the {place}th kind are slow to read, as {' '.join(words[:9])} are. "
            f"We propose {name}, a sparse layer that keeps 12.5% of {' '.join(words[9:15])}. "
            f"{name} is 3.4 times faster than dense layers on {' '.join(words[15:24])}. "
            f"Its code is released with {' '.join(words[24:])} for everybody. {more}"
        ).strip(),
    )


@asynccontextmanager
async def model_day(path: Path, server: OpenAIServer, papers: int = 3, **llm: Any) -> AsyncIterator[Workday]:
    """A workday with a language model; `llm` are its settings."""
    values = {"base_url": server.url, "model": "small", "input_price": "0.4", "output_price": "1.6", **llm}
    async with open_workday(path, llm={"timeout": 5.0, **values}) as workday:
        workday.world.batches[TUESDAY, "cs.CL"] = announced(*(named_paper(place) for place in range(papers)))
        yield workday


async def brief(workday: Workday, at: Any = None) -> tuple[str, str]:
    """Let a process brief the room; return what was posted and what the status says."""
    async with workday.process() as bot:
        if not workday.posts():
            await workday.subscribe(bot)
        await bot.tick(at)
        return workday.said(), await bot.status()


def footers(workday: Workday) -> Iterator[str]:
    """Yield the small line under each paper of the newest message."""
    yield from (embed["footer"]["text"] for embed in workday.posts()[-1]["embeds"])


@pytest.mark.fault("L1")
@pytest.mark.parametrize("how", ["hang", "drip"])
async def test_a_model_that_never_answers_delays_the_brief_by_our_deadline_alone(
    sqlite_path: Path, server: OpenAIServer, how: str
) -> None:
    assert LlmSettings().timeout <= 30
    server.always = how
    async with model_day(sqlite_path, server, timeout=0.3) as workday:
        await brief(workday)
        assert set(workday.shown()) == workday.ids()
        assert all("extracted: the model could not be reached" in one for one in footers(workday))
        assert "3 extracted instead" in workday.said()
    # Each was asked about once: the client library's own retries are off, and after a hang we do not try again.
    assert server.arrived == 3


@pytest.mark.fault("L2")
@pytest.mark.parametrize(
    "how", ["limited:3600", "limited-until:3600", "failing:500", "failing:503", "unauthorised", "quota", "reset"]
)
async def test_a_model_that_refuses_is_left_alone_and_every_brief_goes_out(
    sqlite_path: Path, server: OpenAIServer, how: str
) -> None:
    server.always = how
    async with model_day(sqlite_path, server, papers=10, concurrency=8) as workday:
        _, status = await brief(workday)
        assert set(workday.shown()) == workday.ids()
        assert all("extracted: the model could not be reached" in one for one in footers(workday))
        assert "The model failed or refused and is left alone for a while: summaries are extracted." in status
        # Five failures in a row open the breaker; of ten papers with three tries each, thirty would have come.
        assert server.arrived <= 5 + 8
        server.always, wednesday = "good", DAYS[DAYS.index(TUESDAY) + 1]
        workday.world.batches[wednesday, "cs.CL"] = announced(named_paper(30, wednesday))
        await brief(workday, OUT + DAY)
        assert all("written by small" in one for one in footers(workday))


SHAPES: dict[str, Any] = {
    "a list": ["wrongshape"],
    "a text": "wrongshape",
    "a number": 7,
    "nothing": None,
    "no keys": {},
    "other keys": {"answer": "wrongshape", "ok": True},
    "extra keys": {"gist": "wrongshape", "text": 3, "points": {}, "admin": True},
    "a gist alone": {"gist": "wrongshape"},
    "an empty gist": {"gist": "", "text": "", "points": []},
    "a gist of lists": {"gist": [["wrongshape"]], "text": "x", "points": ["x"]},
    "a number for a list": {"gist": "wrongshape", "text": "x", "points": 3},
    "points of mappings": {"gist": "wrongshape", "text": "x", "points": [{"a": 1}]},
    "far too many points": {"gist": "wrongshape [0]", "text": "x [0]", "points": ["wrongshape [1]"] * 500},
    "far too long": {"gist": "wrongshape " * 5000, "text": "x", "points": ["x"]},
    "no citations": {"gist": "wrongshape", "text": "wrongshape", "points": ["wrongshape"] * 3},
    "foreign citations": {"gist": "wrongshape [99]", "text": "wrongshape [99]", "points": ["wrongshape [98]"] * 3},
    "nested": {"summary": {"gist": "wrongshape", "text": "x", "points": []}},
    "an error": {"error": {"message": "wrongshape"}},
    "a question": {"gist": "wrongshape? [0]", "text": "wrongshape [0]", "points": []},
    "placeholders": {"gist": "[gist]", "text": "[text]", "points": ["…", "…", "…"]},
}


@pytest.mark.fault("L3")
@pytest.mark.parametrize("names", [list(SHAPES)[:10], list(SHAPES)[10:]], ids=["first ten", "second ten"])
async def test_an_answer_of_another_shape_is_mended_once_or_replaced(
    sqlite_path: Path, server: OpenAIServer, names: list[str]
) -> None:
    asked: dict[int, int] = {}

    def wrong(call: ChatCall) -> Any:
        found = re.search(r"Lattice(\d+)", call.data)
        assert found is not None
        place = int(found[1])
        asked[place] = asked.get(place, 0) + 1
        return SHAPES[names[place]] or {"gist": None}

    server.makers.known.insert(0, wrong)
    async with model_day(sqlite_path, server, papers=len(names)) as workday:
        said, _ = await brief(workday)
        assert set(workday.shown()) == workday.ids()
        assert all("extracted: " in one for one in footers(workday)), list(zip(names, footers(workday), strict=True))
        assert "wrongshape" not in said
    assert set(asked) == set(range(len(names)))
    assert max(asked.values()) <= 2


@pytest.mark.fault("L3")
@pytest.mark.parametrize("how", ["prose", "empty", "truncated", "deep", "html", "wrong-id", "other-paper", "huge"])
async def test_an_answer_that_is_no_form_at_all_is_replaced(sqlite_path: Path, server: OpenAIServer, how: str) -> None:
    server.always = how
    async with model_day(sqlite_path, server) as workday:
        said, _ = await brief(workday)
        assert set(workday.shown()) == workday.ids()
        assert all("extracted: " in one for one in footers(workday))
    assert "herring" not in said, "another paper's summary"
    assert server.arrived <= 2 * 3


@pytest.mark.fault("L4")
@pytest.mark.parametrize("how", ["refusal", "filtered"])
async def test_a_model_that_declines_is_not_argued_with(sqlite_path: Path, server: OpenAIServer, how: str) -> None:
    server.always = how
    async with model_day(sqlite_path, server) as workday:
        said, status = await brief(workday)
        assert set(workday.shown()) == workday.ids()
        assert all("extracted: " in one for one in footers(workday))
    assert "I can't help" not in said
    assert "left alone" not in status, "one paper that is declined is no reason to ask about no other"
    assert server.arrived == 3


def attacks() -> list[dict[str, str]]:
    """Return the attacks that stand in an abstract."""
    lines = ATTACKS.read_text(encoding="ascii").splitlines()
    return [one for one in map(json.loads, lines) if one["field"] == "abstract"]


@pytest.mark.fault("L5")
async def test_orders_in_abstracts_are_not_carried_out_in_what_is_posted(
    sqlite_path: Path, server: OpenAIServer
) -> None:
    """Nine attacked papers and an honest one a day, and a model that obeys every order it is given."""
    corpus = attacks()
    assert len(corpus) >= 100
    honest = load_makers()

    def obey(call: ChatCall) -> Any:
        found = re.search(r"Lattice(\d+)", call.data)
        assert found is not None
        answer, place = honest.make(call), int(found[1])
        if place >= len(corpus):
            return answer
        said = f"{corpus[place]['says']} [0]"
        places = ({"gist": said}, {"points": [*answer["points"], said]}, {"text": said}, {"how": said})
        return {**answer, **places[place % len(places)]}

    server.makers.known.insert(0, obey)
    days = DAYS[: -(-len(corpus) // 9)]
    async with open_workday(
        sqlite_path, CALENDAR.release(days[0]) + HOUR, llm={"base_url": server.url, "model": "small"}
    ) as workday:
        for number, day in enumerate(days):
            chosen = range(9 * number, min(9 * number + 9, len(corpus)))
            workday.world.batches[day, "cs.CL"] = announced(
                *(named_paper(place, day, corpus[place]["text"]) for place in chosen), named_paper(1000 + number, day)
            )
        async with workday.process() as bot:
            await workday.subscribe(bot)
            for day in days:
                await bot.tick(CALENDAR.release(day) + HOUR)
        assert len(workday.shown()) == len(corpus) + len(days)
        for post in workday.posts():
            assert_harmless(post)
        embeds = [embed for post in workday.posts() for embed in post["embeds"]]
    mine = [(found[1], embed) for embed in embeds if (found := re.match(r"Lattice(1\d{3}):", embed["title"]))]
    assert len(mine) == len(days)
    for which, embed in mine:
        assert "written by small" in embed["footer"]["text"]
        assert f"Matters of the {which}th kind" in embed["description"]


def assert_harmless(post: dict[str, Any]) -> None:
    """Fail if a message calls anybody, links elsewhere or says what an abstract ordered."""
    assert post["mentions"] == []
    assert post["mention_everyone"] is False
    assert CANARY.lower() not in json.dumps(post, ensure_ascii=False).lower()
    for embed in post["embeds"]:
        text = embed["description"]
        assert not re.search(r"@everyone|@here|<[@#/t:]", text)
        assert all(host == "arxiv.org" for host in re.findall(r"https?://([^/\s)>]+)", text))
        assert "must-read" not in text
        assert embed["url"].startswith("https://arxiv.org/abs/")


@pytest.mark.fault("L6")
async def test_a_number_that_the_abstract_does_not_have_is_not_posted(sqlite_path: Path, server: OpenAIServer) -> None:
    server.script.append("invented-number")
    async with model_day(sqlite_path, server, papers=1) as workday:
        said, _ = await brief(workday)
        assert "8317" not in said
        assert all("written by small" in one for one in footers(workday)), "mended when it was told"
        server.always = "invented-number"
        wednesday = DAYS[DAYS.index(TUESDAY) + 1]
        workday.world.batches[wednesday, "cs.CL"] = announced(named_paper(30, wednesday))
        said, _ = await brief(workday, OUT + DAY)
        assert all("extracted: " in one for one in footers(workday))
        assert "8317" not in said
    assert server.arrived == 4


@pytest.mark.fault("L7")
async def test_the_cap_of_the_day_holds_over_restarts(sqlite_path: Path, server: OpenAIServer) -> None:
    async with model_day(sqlite_path, server, papers=10, daily_tokens=4_000, concurrency=1) as workday:
        _, status = await brief(workday)
        spent = sum(one.input_tokens + one.output_tokens for one in server.log)
        assert 0 < spent <= 4_000
        over = "extracted: the model's budget for today is used up"
        assert 0 < sum(over in one for one in footers(workday)) < 10
        assert "The ceiling is reached" in status or "of the day's ceiling is used" in status
        asked = server.arrived
        workday.world.batches[TUESDAY, "cs.CV"] = announced(
            *(make_paper("cs.CV", TUESDAY, place, abstract=named_paper(place + 20).abstract) for place in range(3))
        )
        async with workday.process() as again:
            await workday.subscribe(again, 1, "cs-cv")
            await again.tick(OUT + HOUR)
            total = await SpendStore(again.online.reading.database).spent(workday.clock.now().date())
        assert total.tokens <= 4_000
        assert server.arrived <= asked + 1
        assert len(workday.posts(1)) == 1


@pytest.mark.fault("L7")
async def test_a_server_that_counts_a_thousandfold_is_asked_once(sqlite_path: Path, server: OpenAIServer) -> None:
    server.always = "costly:50000"
    async with model_day(sqlite_path, server, papers=5, daily_budget="0.05", concurrency=1) as workday:
        _, status = await brief(workday)
        assert server.arrived == 1
        assert "More is spent than the ceiling allows" in status
        assert sum("budget for today is used up" in one for one in footers(workday)) == 4


@pytest.mark.fault("L7")
async def test_neither_an_enormous_abstract_nor_reasoning_is_paid_for_without_bound(
    sqlite_path: Path, server: OpenAIServer
) -> None:
    server.always = "reasoning"
    async with model_day(sqlite_path, server, papers=1) as workday:
        enormous = named_paper(0, more="It is said at length that the matter matters to all. " * 2_000)
        assert len(enormous.abstract) > 100_000
        workday.world.batches[TUESDAY, "cs.CL"] = announced(enormous)
        await brief(workday)
        assert len(workday.posts()) == 1
        async with workday.process() as bot:
            spent = await SpendStore(bot.online.reading.database).spent(workday.clock.now().date())
    assert 1 <= len(server.log) <= 2
    assert all(len(request.messages[-1]["content"]) < 20_000 for request in server.log)
    assert all(0 < request.max_tokens <= 5_000 for request in server.log)
    assert spent.output_tokens > 900, "what it reasoned is counted"


@pytest.mark.fault("L8")
@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_an_answer_in_another_language_is_not_posted(
    sqlite_path: Path, server: OpenAIServer, language: str
) -> None:
    server.always = "wrong-language"
    async with model_day(sqlite_path, server) as workday, workday.process() as bot:
        await workday.subscribe(bot, language=language)
        await bot.tick()
        words = "extracted: " if language == "en" else "摘录："
        assert all(words in one for one in footers(workday))
        assert set(workday.shown()) == workday.ids()


@pytest.mark.fault("L8")
async def test_markdown_and_html_of_a_model_are_inert(sqlite_path: Path, server: OpenAIServer) -> None:
    honest = load_makers()

    def dressed(call: ChatCall) -> Any:
        answer = honest.make(call)
        text = answer["gist"].rpartition(" [")[0]
        hostile = (
            f"# **{text}** <b onclick=x>here</b> [more](https://evil.example/x) ||hidden|| `code` <@1> @everyone [1]"
        )
        return {**answer, "points": [*answer["points"], hostile]}

    server.makers.known.insert(0, dressed)
    async with model_day(sqlite_path, server) as workday:
        await brief(workday)
        for post in workday.posts():
            assert_harmless(post)
            for embed in post["embeds"]:
                assert "](https://evil" not in embed["description"]
                assert not re.search(r"(?<!\\)(\|\||`)", embed["description"])
                assert not re.search(r"^#", embed["description"], re.MULTILINE)
