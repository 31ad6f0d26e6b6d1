"""What /why says, in both languages: the stage in words, and numbers that agree with each other."""

from datetime import date

import pytest

from bot.digest.select import DROP_REASONS
from bot.fates import Fate, Placement, Stage
from bot.i18n import LOCALES, load_texts
from bot.model import Edition, Reason, Topic
from bot.render.explanations import STAGES, fate_as_json, say_numbers, say_stage
from bot.statement import Statement, StatementCode

TOPIC = Topic("llm", {"en": "LLM"}, ("cs.CL",))
REASONS = (
    Reason(Statement.of(StatementCode.MATCHES, term="reward model", field="ti"), 2.5),
    Reason(Statement.of(StatementCode.GENERAL_INTEREST, signs=("release", "authors")), 0.4),
    Reason(Statement.of(StatementCode.NEAR_DISLIKED, n=2), -0.75),
)
PLACEMENT = Placement(
    13, 38, 2.15, 2.5, 0.4, -0.75, REASONS, last_shown=3.4, bar=1.2, alike=("2605.00007", 0.62), reordered=True
)


def fate(stage: str = "below_cut", placement: Placement | None = PLACEMENT) -> Fate:
    return Fate(TOPIC, stage, date(2026, 5, 12), 10, placement, Edition(7, 8))


def test_every_number_is_said() -> None:
    assert say_numbers(fate(), load_texts("en")) == [
        "Place 14 of 38, score 2.15: relevance 2.50, general interest 0.40, feedback -0.75",
        (
            "matches “reward model” in the title (+2.50); "
            "general interest: released code, data or models, the number of its authors (+0.40); "
            "close to 2 papers you marked as not relevant (-0.75)"
        ),
        "The last paper shown has 3.40. At least 1.20 is asked for.",
        "Of the papers shown before it, 2605.00007 is the most like it: 62%.",
        "A language model puts the best papers in order: the score only says which those are.",
        "This channel has a brief of its own, because of its readers' feedback.",
    ]


def test_in_chinese_no_english_is_left_but_the_papers() -> None:
    lines = say_numbers(fate(), load_texts("zh-CN"))
    assert len(lines) == 6
    assert lines[0] == "38 篇中排第 14，得分 2.15：相关性 2.50，普遍关注度 0.40，反馈 -0.75"
    assert "公开了代码、数据或模型" in lines[1]


def test_what_was_never_ranked_has_no_numbers() -> None:
    assert say_numbers(fate("no_match", None), load_texts("en")) == []
    assert fate_as_json(fate("no_match", None))["placement"] is None


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("stage", [*DROP_REASONS, *map(str, Stage)])
def test_every_stage_has_words(stage: str, locale: str) -> None:
    assert stage in STAGES
    said = say_stage(fate(stage), load_texts(locale))
    assert said.endswith((".", "。"))
    assert "{" not in said


def test_json_counts_places_from_one_and_keeps_all_numbers() -> None:
    told = fate_as_json(fate("too_similar"))
    assert told["stage"] == "too_similar"
    assert told["channel_id"] == "8"
    placement = told["placement"]
    assert (placement["position"], placement["of"], placement["score"]) == (14, 38, 2.15)
    assert placement["alike"] == {"arxiv_id": "2605.00007", "likeness": 0.62}
    assert sum(one["score"] for one in placement["reasons"]) == pytest.approx(placement["score"])
    assert placement["reordered_by_model"] is True
