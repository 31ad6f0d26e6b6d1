"""Surveys by their own words: titles and abstracts as authors write them, and what only sounds like one."""

import pytest

from bot.digest.surveys import is_survey
from bot.model import Paper


def paper(title: str, abstract: str = "We study matter.") -> Paper:
    return Paper("2605.00001", title, abstract, ("A",), "cs.CL", ("cs.CL",))


@pytest.mark.parametrize(
    "title",
    [
        "A Survey of Reasoning in Driving Systems",
        "Agents: A Comprehensive Survey",
        "Towards safe systems: a survey and outlook",
        "Scoping Review of Fairness",
        "A Systematic Literature Review of Testing",
        "SoK: Agentic Retrieval",
        "Beamforming Codebooks: A Tutorial",
        "Video models: review of the field",
        "An Overview of Diffusion",
    ],
)
def test_titles_of_surveys(title: str) -> None:
    assert is_survey(paper(title))


@pytest.mark.parametrize(
    "abstract",
    [
        "This survey covers methods since 2020.",
        "This paper comprehensively reviews the field.",
        "We present the first comprehensive survey of it.",
        "We systematically review 120 papers.",
    ],
)
def test_abstracts_of_surveys(abstract: str) -> None:
    assert is_survey(paper("Matter", abstract))


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("When Can Personas Approximate Human Survey Findings?", "We ask 300 people."),
        ("Survey-Free Radio Maps", "No survey is needed."),
        ("Automated Survey Generation", "A system writes text."),
        ("Predicting Peer Review Scores", "Reviewers disagree about papers."),
        ("Automated code review", "Bugs are found."),
        ("", ""),
        ("\0", "😀"),
    ],
)
def test_what_only_speaks_of_surveys(title: str, abstract: str) -> None:
    assert not is_survey(paper(title, abstract))
