import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.sentences import split_sentences
from tests.shared import shared


@pytest.mark.parametrize(
    "sentences",
    [
        ["We propose A.", "It works."],
        ["Smith et al. (2020) show this.", "We differ."],
        ["It was shown by Smith et al.", "We differ."],
        ["Tasks (e.g. parsing, i.e. trees) vs. others matter.", "See Fig. 3 and Sec. 4.2."],
        ["An accuracy of 95.2% in 2024.", "We gain 3.5 points."],
        ["J. R. Smith wrote it.", "A. Turing read it."],
        ["This needs vitamin C.", "The rest follows."],
        ["The loss $L = 0.5. x$ is used.", "It is $O(n)$.", "Good."],
        ["It costs $5.", "We pay $10 more."],
        ["Code is at https://github.com/a/b.", "Data is at arXiv:2605.00001v1."],
        ["Is it so?", "Yes!", "Indeed…", "We wait... and see."],
        ["We use nnU-Net.", "nnU-Net wins."],
        ["我们提出一种方法。", "它很好！", "真的吗？"],
        ["“It works.”", "They said (and meant it. Really.) so."],
        ["Three findings emerge.", "(i) A holds.", "(ii) B holds."],
        ["It is fast (see below).", "[Abridged.]"],
        ["Contributions: 1. We do A; 2. We do B."],
        ["No full stop at all"],
        ["Approx. ten, w.r.t. cost, incl. U.S. data.", "We end."],
        ["The U.S.", "In 2024 it grew."],
    ],
)
def test_sentences_are_found(sentences: list[str]) -> None:
    assert split_sentences(" ".join(sentences)) == sentences


def test_line_wraps_are_not_boundaries_but_paragraphs_and_headings_are() -> None:
    abstract = (
        "Question: Does it\nwork? Yes\nFindings: It works\n  well.\n\nno stop here\n\n- first point\n- second point"
    )
    assert split_sentences(abstract) == [
        "Question: Does it work?",
        "Yes",
        "Findings: It works well.",
        "no stop here",
        "- first point",
        "- second point",
    ]


def test_a_forgotten_blank_is_seen() -> None:
    assert split_sentences("It holds in theory.Our core is new. See v1.Beta here.") == [
        "It holds in theory.",
        "Our core is new.",
        "See v1.Beta here.",
    ]


@pytest.mark.parametrize("blank", ["", "  \n ", "\t"])
def test_blank_text_has_no_sentences(blank: str) -> None:
    assert split_sentences(blank) == []


_PIECES = st.sampled_from(
    [
        ". ",
        "$",
        "$$",
        "(",
        ")",
        "\n",
        "\n\n",
        "e.g.",
        "et al.",
        "We",
        "word",
        "。",
        "?",
        "…",
        "Results:",
        "1.",
        "J.",
        " ",
        "\\$",
    ]
)


@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=60).map("".join)))
def test_nothing_is_lost_or_changed(abstract: str) -> None:
    sentences = split_sentences(abstract)
    assert "".join("".join(sentences).split()) == "".join(abstract.split())
    assert all(sentence == " ".join(sentence.split()) and sentence for sentence in sentences)


def test_real_abstracts_come_back_whole() -> None:
    path = shared("data", "corpus", "papers_2026-01_to_2026-05.jsonl.gz")
    lengths = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in list(lines)[::9]:
            abstract = json.loads(line)["abstract"]
            sentences = split_sentences(abstract)
            assert " ".join(sentences).replace(" ", "") == "".join(abstract.split())
            lengths.append(len(sentences))
    assert 6 <= sum(lengths) / len(lengths) <= 11


def test_hostile_length_is_no_trouble() -> None:
    assert len(split_sentences("A b. " * 20_000)) == 20_000
    assert split_sentences("$" * 20_000 + "(" * 20_000)
    assert split_sentences("." * 50_000 + "x") == ["." * 50_000 + "x"]
    assert split_sentences("\n" * 50_000 + " \n" * 50_000) == []
    assert split_sentences("e.g. " * 20_000) == [("e.g. " * 20_000).strip()]
