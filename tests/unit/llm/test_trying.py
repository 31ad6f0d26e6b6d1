"""Busy, failing and declining servers: what is tried again, when, how long, and on which model."""

import asyncio

import pytest

from bot.errors import ModelAnswerInvalid, ModelAnswerRejected, ModelError, ModelRefused, ModelUnavailable
from bot.llm.asking import Call
from bot.llm.breaker import FAILURES
from bot.llm.port import Meter
from bot.llm.replies import Completion, Lost, NoAnswer
from bot.spending import Spending
from tests.unit.llm.fakes import GOOD, REQUEST, Form, JumpClock, good, open_world, refusal

TIMEOUT, BROKEN = NoAnswer(Lost.TIMEOUT), NoAnswer(Lost.BROKEN)


async def test_a_good_answer_is_one_request_and_names_its_producer_and_cost() -> None:
    world = await open_world(good())
    meter = Meter()
    answer = await world.model.ask(REQUEST, Form, meter=meter)
    assert answer.value == Form(gist="We study matter.", points=["It matters."])
    assert (answer.producer, world.model.name) == ("small", "small")
    assert answer.spending == meter.total == world.spent == Spending(1, 100, 20, 0, 0)
    assert world.ledger.purposes == [("small", "summary")]


@pytest.mark.parametrize("trouble", [refusal(500), refusal(503), refusal(429), BROKEN, NoAnswer(Lost.UNREACHABLE)])
async def test_what_may_pass_is_tried_twice_more_with_growing_waits(trouble: Completion) -> None:
    world = await open_world(trouble, trouble, good())
    assert (await world.model.ask(REQUEST, Form)).producer == "small"
    assert len(world.clock.slept) == 2
    assert 0.5 <= world.clock.slept[0] <= 1.0 <= world.clock.slept[1] <= 2.0


async def test_after_three_tries_it_is_unavailable() -> None:
    world = await open_world(refusal(503))
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:1/v1 fails \(503\)") as caught:
        await world.model.ask(REQUEST, Form)
    assert caught.value.status == 503
    assert len(world.wire.calls) == 3


@pytest.mark.parametrize("lost", [Lost.TIMEOUT, Lost.TOO_LARGE, Lost.UNREADABLE])
async def test_what_comes_again_is_not_tried_again(lost: Lost) -> None:
    world = await open_world(NoAnswer(lost), good(), fallback_model="other")
    with pytest.raises(ModelUnavailable, match=lost.value):
        await world.model.ask(REQUEST, Form)
    assert len(world.wire.calls) == 1


async def test_retry_after_is_obeyed_by_everybody() -> None:
    world = await open_world(refusal(429, seconds=12), good())
    await asyncio.gather(*(world.model.ask(REQUEST, Form) for _ in range(3)))
    assert world.clock.seconds >= 12
    assert len(world.wire.calls) == 4


async def test_a_pause_beyond_our_patience_is_told_and_nobody_asks_meanwhile() -> None:
    world = await open_world(refusal(429, seconds=120), good())
    for _ in range(3):
        with pytest.raises(ModelUnavailable) as caught:
            await world.model.ask(REQUEST, Form)
        assert caught.value.retry_at is not None
        assert (caught.value.retry_at - world.clock.now()).total_seconds() == pytest.approx(120)
    assert len(world.wire.calls) == 1
    world.clock.seconds += 121
    await world.model.ask(REQUEST, Form)


async def test_waits_together_stay_within_the_patience() -> None:
    world = await open_world(refusal(429, seconds=20), refusal(429, seconds=20), good())
    with pytest.raises(ModelUnavailable):
        await world.model.ask(REQUEST, Form)
    assert sum(world.clock.slept) <= 30
    assert len(world.wire.calls) == 2


@pytest.mark.parametrize(
    ("status", "words", "advice"),
    [
        (401, "incorrect api key", "check LLM__API_KEY"),
        (429, "insufficient_quota", "check its billing"),
        (404, "the model `small` does not exist", "check LLM__MODEL"),
        (404, "404 page not found", "check LLM__BASE_URL"),
        (307, "", "check LLM__BASE_URL"),
    ],
)
async def test_what_only_the_owner_can_mend_is_said_once_and_then_left_alone(
    status: int, words: str, advice: str
) -> None:
    world = await open_world(refusal(status, words), good())
    for _ in range(4):
        with pytest.raises(ModelRefused, match=advice):
            await world.model.ask(REQUEST, Form)
    assert len(world.wire.calls) == 1
    world.clock.seconds += 301
    await world.model.ask(REQUEST, Form)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(404, "the model does not exist"),
        refusal(503),
        refusal(400, "maximum context length"),
        refusal(400, "content_filter"),
        good("", declined=True),
        refusal(429, seconds=600),
    ],
)
async def test_another_model_answers_where_the_first_cannot(trouble: Completion) -> None:
    world = await open_world(lambda call: trouble if call.model == "small" else good(), fallback_model="other")
    answer = await world.model.ask(REQUEST, Form)
    assert answer.producer == "other"
    assert world.model.name == "small", "the cache key stays the configured model's"
    assert answer.spending.requests == len(world.wire.calls)


@pytest.mark.parametrize("trouble", [refusal(401, "no"), refusal(429, "insufficient_quota"), good("prose"), TIMEOUT])
async def test_another_model_is_not_asked_where_it_would_not_help(trouble: Completion) -> None:
    world = await open_world(lambda call: trouble if call.model == "small" else good(), fallback_model="other")
    with pytest.raises(ModelError):
        await world.model.ask(REQUEST, Form)
    assert {call.model for call in world.wire.calls} == {"small"}


async def test_when_both_fail_the_first_ones_trouble_is_told() -> None:
    world = await open_world(
        lambda call: refusal(404, "model not found") if call.model == "small" else refusal(500), fallback_model="other"
    )
    with pytest.raises(ModelRefused, match="has no model small"):
        await world.model.ask(REQUEST, Form)


async def test_after_failures_in_a_row_the_model_rests_and_one_probe_asks() -> None:
    world = await open_world(TIMEOUT)
    for _ in range(FAILURES):
        with pytest.raises(ModelUnavailable, match="no answer in time"):
            await world.model.ask(REQUEST, Form)
    with pytest.raises(ModelUnavailable, match="rests for 30 s") as caught:
        await world.model.ask(REQUEST, Form)
    assert caught.value.retry_at is not None
    assert len(world.wire.calls) == FAILURES

    world.clock.seconds += 31
    world.wire.gate = asyncio.Event()
    asked = [asyncio.create_task(world.model.ask(REQUEST, Form)) for _ in range(8)]
    await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert world.wire.under_way == 1, "half open: a single probe"
    world.wire.gate.set()
    assert all(isinstance(one, ModelUnavailable) for one in await asyncio.gather(*asked, return_exceptions=True))

    world.clock.seconds += 31
    with pytest.raises(ModelUnavailable, match="rests"):
        await world.model.ask(REQUEST, Form)
    world.clock.seconds += 30
    world.wire.answers.append(good())
    world.wire.answers.popleft()
    await world.model.ask(REQUEST, Form)
    await asyncio.gather(*(world.model.ask(REQUEST, Form) for _ in range(8)))


async def test_an_answer_between_failures_begins_the_count_anew() -> None:
    world = await open_world(*[TIMEOUT] * (FAILURES - 1), good(), *[TIMEOUT] * (FAILURES - 1), good())
    results = [
        await asyncio.gather(world.model.ask(REQUEST, Form), return_exceptions=True) for _ in range(2 * FAILURES)
    ]
    assert len(world.wire.calls) == 2 * FAILURES
    assert not isinstance(results[-1][0], BaseException)


async def test_a_cancelled_probe_leaves_its_place_to_another() -> None:
    world = await open_world(TIMEOUT)
    for _ in range(FAILURES):
        with pytest.raises(ModelUnavailable):
            await world.model.ask(REQUEST, Form)
    world.clock.seconds += 31
    world.wire.gate, world.wire.entered = asyncio.Event(), asyncio.Event()
    probe = asyncio.create_task(world.model.ask(REQUEST, Form))
    await world.wire.entered.wait()
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    world.wire.gate = None
    world.wire.answers[0] = good()
    assert (await world.model.ask(REQUEST, Form)).producer == "small"


async def test_no_more_requests_are_under_way_than_allowed() -> None:
    world = await open_world(good(), concurrency=3)
    await world.model.ask(REQUEST, Form)
    await asyncio.gather(*(world.model.ask(REQUEST, Form) for _ in range(30)))
    assert world.wire.peak == 3
    assert len(world.wire.calls) == 31


async def test_an_answer_that_fails_a_check_is_repaired_once() -> None:
    world = await open_world(good(GOOD.replace("matter.", "nothing.", 1)), good())
    answer = await world.model.ask(REQUEST, Form, check=lambda form: None if "matter" in form.gist else "It is wrong.")
    assert answer.value.gist == "We study matter."
    assert "It is wrong." in world.wire.calls[1].messages[-1][1]
    assert world.wire.calls[1].messages[-2] == ("assistant", GOOD.replace("matter.", "nothing.", 1))
    assert answer.spending == Spending(2, 200, 40, 0, 0)


async def test_an_answer_that_never_passes_is_rejected_and_paid_for() -> None:
    world, meter = await open_world(good()), Meter()
    with pytest.raises(ModelAnswerRejected, match=r"small: It is wrong\."):
        await world.model.ask(REQUEST, Form, check=lambda form: "It is wrong.", meter=meter)
    assert meter.total.requests == 2
    assert world.spent == meter.total


@pytest.mark.parametrize("text", ["", "prose", '{"gist": 1}', GOOD[:20]])
async def test_an_answer_that_is_never_of_the_form_is_invalid(text: str) -> None:
    world = await open_world(good(text))
    with pytest.raises(ModelAnswerInvalid) as caught:
        await world.model.ask(REQUEST, Form)
    assert type(caught.value) is ModelAnswerInvalid
    assert len(world.wire.calls) == 2


async def test_no_repair_is_begun_when_the_patience_is_used_up() -> None:
    clock = JumpClock()

    def slowly(call: Call) -> Completion:
        clock.seconds += 31
        return good("prose")

    world = await open_world(slowly, clock=clock)
    with pytest.raises(ModelAnswerInvalid):
        await world.model.ask(REQUEST, Form)
    assert world.spent.requests == 1
