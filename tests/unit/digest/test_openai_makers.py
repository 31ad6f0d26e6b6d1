"""The scripted server's good answers really are good: they pass the program's own checks."""

import json
from datetime import timedelta

import pytest

from bot.demo.sample import load_sample_world
from bot.digest import overview, rerank, summarise
from bot.digest.check import check_summary
from bot.digest.rerank import RankedPaper, RerankForm
from bot.digest.summarise import SummaryForm
from tests.unit.digest.model_samples import PAPER
from tests.unit.digest.test_overview import ITEMS
from tests.wire.openai_makers.summary import make


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_answers_about_the_sample_day_pass(language: str) -> None:
    world = load_sample_world()
    papers = {paper.arxiv_id: paper for paper in world.indexed(world.now + timedelta(days=2))}
    assert len(papers) > 20
    refused = {}
    for paper in papers.values():
        request = summarise.build_request(paper, language)
        answer = make(request.system, request.user, None)
        assert answer is not None
        problems = check_summary(SummaryForm.model_validate_json(answer), paper, language)
        if problems:
            refused[paper.arxiv_id] = problems
    assert refused == {}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_overviews_pass(language: str) -> None:
    request = overview.build_request(ITEMS, language)
    form = overview.OverviewForm.model_validate_json(make(request.system, request.user, None) or "")
    assert overview.check_overview(form, ITEMS, language) == ()


def test_scores_pass() -> None:
    papers = [RankedPaper(f"2605.{number:05}", "A title", "A gist.") for number in range(40)]
    request = rerank.build_request(papers, "graphs")
    form = RerankForm.model_validate_json(make(request.system, request.user, None) or "")
    assert rerank.check_scores(form, [one.arxiv_id for one in papers]) == ()
    assert {one.score for one in form.scores} == {1, 2, 3, 4, 5}


def test_other_requests_are_somebody_elses() -> None:
    assert make("Translate", "==0123456789==\nx\n==0123456789==", None) is None
    assert make("Summarise for researchers", "nothing marked", None) is None
    request = summarise.build_request(PAPER, "en")
    assert json.loads(make(request.system, request.user, {}) or "")["gist"]
