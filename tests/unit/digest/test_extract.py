import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.extract import MAX_TAKEAWAYS, MIN_TAKEAWAYS, summarise_extractive
from bot.digest.sentences import split_sentences
from bot.digest.suspicion import suspicious_sentences
from bot.model import Paper
from bot.texts import Summary
from tests.shared import shared
from tests.unit.digest.gist_sample import SAMPLE, is_run_of
from tests.unit.digest.samples import WORDS, make_paper

ABSTRACT = (
    "Language models are everywhere. However, their rewards are noisy and hard to trust in practice. "
    "In this paper, we propose Calm, a reward model for reasoning that filters noise. "
    "Specifically, it weighs every step by its own uncertainty estimate. "
    "Experiments show that Calm improves accuracy by 4.2 points on six benchmarks. "
    "Code is available at https://github.com/a/calm."
)


def assert_verbatim(paper: Paper, summary: Summary) -> None:
    """Every shown sentence is a run of words of the sentence it names, asides and the first capital aside."""
    sentences = split_sentences(paper.abstract)
    for text, provenance in [
        (summary.text, summary.provenance),
        *((s.text, s.provenance) for s in summary.key_takeaways),
    ]:
        if not provenance:
            assert text == " ".join(paper.title.split())
            assert suspicious_sentences(sentences) == set(range(len(sentences))), "nothing of the abstract can be shown"
            continue
        (index,) = provenance
        assert is_run_of(text, sentences[index])


def test_the_gist_is_the_contribution_without_its_lead_in() -> None:
    summary = summarise_extractive(make_paper(title="Calm: a reward model for reasoning", abstract=ABSTRACT))
    assert summary.text == "We propose Calm, a reward model for reasoning that filters noise."
    assert summary.provenance == (2,)
    assert (summary.producer, summary.prompt_version, summary.language) == ("extractive", "2", "en")


def test_takeaways_are_other_sentences_in_order_and_not_boilerplate() -> None:
    summary = summarise_extractive(make_paper(title="Calm: a reward model for reasoning", abstract=ABSTRACT))
    places = [takeaway.provenance[0] for takeaway in summary.key_takeaways]
    assert places == sorted(places)
    assert {3, 4} <= set(places)
    assert not {2, 5} & set(places)
    assert "It weighs every step by its own uncertainty estimate." in [t.text for t in summary.key_takeaways]


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("In this work, we present a thing of some use.", "We present a thing of some use."),
        ("To address this gap, we introduce a thing of use.", "We introduce a thing of use."),
        ("To address these two key challenges, we introduce a thing.", "We introduce a thing."),
        ("Methods: Here, we introduce a new thing of use.", "We introduce a new thing of use."),
        ("In this way of thinking, we introduce a new thing.", "In this way of thinking, we introduce a new thing."),
        ("nnU-Net is what we propose to use from now on.", "nnU-Net is what we propose to use from now on."),
        ("however small, it works for what we propose.", "However small, it works for what we propose."),
        ("$k$-means is what we propose to use in future.", "$k$-means is what we propose to use in future."),
        ("First, second.", "First, second."),
    ],
)
def test_only_discourse_is_trimmed(sentence: str, shown: str) -> None:
    assert summarise_extractive(make_paper(abstract=sentence)).text == shown


def test_a_short_sentence_is_preferred_to_an_endless_one() -> None:
    endless = "We propose " + ", ".join(["a method that does many things"] * 30) + "."
    summary = summarise_extractive(make_paper(abstract=f"{endless} We introduce a fast method for all of these cases."))
    assert summary.text == "We introduce a fast method for all of these cases."


@pytest.mark.parametrize(
    "piece", ["by ", "by a", "we ", "results ", "code a", "$", "(", "https://", "a.b", "In this paper, "]
)
def test_hostile_length_is_no_trouble(piece: str) -> None:
    assert summarise_extractive(make_paper(abstract=piece * (100_000 // len(piece)))).text


@pytest.mark.parametrize("abstract", ["", " \n "])
def test_without_an_abstract_the_title_stands_in(abstract: str) -> None:
    summary = summarise_extractive(make_paper(title="A  title", abstract=abstract))
    assert (summary.text, summary.provenance, summary.key_takeaways) == ("A title", (), ())


def test_one_sentence_gives_a_gist_and_no_takeaways() -> None:
    summary = summarise_extractive(make_paper(abstract="This paper has been withdrawn.", withdrawn=True))
    assert (summary.text, summary.key_takeaways) == ("This paper has been withdrawn.", ())


def test_the_same_sentence_twice_is_shown_once() -> None:
    summary = summarise_extractive(make_paper(abstract="We propose a method. We propose a method."))
    assert summary.key_takeaways == ()


_SENTENCES = st.lists(
    st.sampled_from([*WORDS, "In this paper, we", "However,", "results show", "e.g.", ". ", "? ", "\n"]), max_size=50
)


@given(st.one_of(st.text(max_size=300), _SENTENCES.map(" ".join)), st.text(max_size=40))
def test_everything_shown_is_in_the_abstract(abstract: str, title: str) -> None:
    paper = make_paper(title=title, abstract=abstract)
    summary = summarise_extractive(paper)
    assert_verbatim(paper, summary)
    assert summary == summarise_extractive(paper)
    shown = [summary.provenance, *(takeaway.provenance for takeaway in summary.key_takeaways)]
    assert len(set(shown)) == len(shown)
    assert len(summary.key_takeaways) <= MAX_TAKEAWAYS
    assert len({summary.text, *(takeaway.text for takeaway in summary.key_takeaways)}) == len(shown)


def test_the_rest_of_a_trimmed_gist_is_no_takeaway() -> None:
    for title, abstract, wanted in SAMPLE:
        summary = summarise_extractive(make_paper(title=title, abstract=abstract))
        assert wanted not in {takeaway.provenance[0] for takeaway in summary.key_takeaways}
        assert MIN_TAKEAWAYS <= len(summary.key_takeaways) <= MAX_TAKEAWAYS


def test_a_long_list_is_not_shown_in_a_gist() -> None:
    listed = " and ".join(
        f"({number}) a benchmark of the kind that has that number and many tasks" for number in range(1, 9)
    )
    abstract = f"To bridge this gap, we propose FileGram, a framework for agents with these parts: {listed}."
    summary = summarise_extractive(make_paper(title="FileGram", abstract=abstract))
    assert summary.text == "We propose FileGram, a framework for agents with these parts."


def test_a_gist_never_leans_on_the_sentence_before() -> None:
    abstract = "Robots rarely hear. This is due to a lack of data of action and sound. Data of sound is costly."
    summary = summarise_extractive(make_paper(title="Action and sound: a lack of data", abstract=abstract))
    assert not summary.text.startswith("This is")
    alone = summarise_extractive(make_paper(abstract="This is due to a lack of data."))
    assert alone.text == "This is due to a lack of data."


def test_an_endless_takeaway_is_trimmed_where_grammar_allows() -> None:
    tail = "using " + " and ".join(["a sampler that was made for the purpose"] * 8)
    abstract = f"We propose a gate for experts. The gate improves accuracy by 4% on ten benchmarks, {tail}."
    summary = summarise_extractive(make_paper(title="A gate for experts", abstract=abstract))
    assert [t.text for t in summary.key_takeaways] == ["The gate improves accuracy by 4% on ten benchmarks."]


def test_a_takeaway_that_says_the_gist_again_gives_way() -> None:
    abstract = (
        "We propose a gate for experts that delays routing. We propose the gate for experts that delays routing. "
        "It saves memory on ten benchmarks. Training takes half the time. Users prefer its answers in a study."
    )
    summary = summarise_extractive(make_paper(title="A gate for experts", abstract=abstract))
    assert [takeaway.provenance for takeaway in summary.key_takeaways] == [(2,), (3,), (4,)]


def test_real_abstracts_give_short_gists_and_three_to_five_takeaways() -> None:
    path = shared("data", "corpus", "papers_2026-01_to_2026-05.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in list(lines)[::20]]
    summaries = []
    for row in rows:
        paper = make_paper(row["id"], row["title"], row["abstract"])
        summary = summarise_extractive(paper)
        assert_verbatim(paper, summary)
        summaries.append(summary)
        least = min(MIN_TAKEAWAYS, max(0, len(set(split_sentences(paper.abstract))) - 1))
        assert least <= len(summary.key_takeaways) <= MAX_TAKEAWAYS
    assert sum(len(summary.text) <= 300 for summary in summaries) / len(summaries) > 0.98
    assert any(len(summary.key_takeaways) == MAX_TAKEAWAYS for summary in summaries)
