"""Which paragraphs fit a question, and whether words really stand in a text."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.passages import LONGEST_PIECE, Searchable, choose_passages, cut_passages, without_repeats
from bot.texts import Passage

TEXT = (
    "We train “TurnipNet” on 3.5 million rows. The non-linear layer — with $\\alpha = 0.5$ — is state-of-the-art. "
    "It costs $12. Résumé: it works."
)


def find(quote: str, text: str = TEXT) -> str | None:
    return Searchable.of(text).find(quote)


@pytest.mark.parametrize(
    ("copied", "found"),
    [
        ("We train “TurnipNet” on 3.5 million rows.", "We train “TurnipNet” on 3.5 million rows."),
        ('we train "turnipnet" on 3.5 million rows', "We train “TurnipNet” on 3.5 million rows."),
        ("**We train** TurnipNet  on\n3.5 million", "We train “TurnipNet” on 3.5 million"),
        ("nonlinear layer with", "non-linear layer — with"),
        ("The non‑linear layer - with $\\alpha=0.5$", "The non-linear layer — with $\\alpha = 0.5$"),
        ("is state of the art", "is state-of-the-art."),
        ("Résumé: it works", "Résumé: it works."),
    ],
)
def test_a_copy_is_found_whatever_became_of_its_signs(copied: str, found: str) -> None:
    assert find(copied) == found
    assert found in TEXT


@pytest.mark.parametrize(
    "copied",
    [
        "We train TurnipNet on 35 million rows",
        "train TurnipNet on 3",
        "5 million rows",
        "e train “TurnipNet” on 3.5 millio",
        "TurnipNet",
        "It is",
        "",
        "   ",
        "We trained TurnipNet on 3.5 million rows",
        "works it Résumé",
    ],
)
def test_what_is_not_there_or_cuts_a_word_or_number_is_not_found(copied: str) -> None:
    assert find(copied) is None


def test_a_word_cut_in_one_place_may_stand_whole_in_another() -> None:
    assert find("form a layer", "Reform a layer, or form a layer here.") == "form a layer"


def test_text_without_blanks_needs_no_words() -> None:
    text = "我们在三百万行数据上训练模型，效果很好。"
    assert find("三百万行数据", text) == "三百万行数据"
    assert find("效果很好", text) == "效果很好。"
    assert find("三百", text) is None
    assert find("我们没有训练模型", text) is None


@given(st.text(max_size=300), st.data())
def test_every_piece_that_is_found_stands_in_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    found = find(text[start : data.draw(st.integers(start, len(text)))], text)
    assert found is None or found in text


@given(st.text(max_size=100), st.text(max_size=300))
def test_whatever_is_found_is_of_the_text(quote: str, text: str) -> None:
    found = find(quote, text)
    assert found is None or found in text


def passages(*texts: str, headings: tuple[str, ...] = ()) -> list[Passage]:
    named = [*headings, *[""] * (len(texts) - len(headings))]
    return [Passage(text, f"section {place}", named[place]) for place, text in enumerate(texts)]


FILLER = [f"Paragraph {word} speaks of entirely other matters at some length." for word in string.ascii_lowercase]


def test_the_paragraph_about_the_question_is_chosen_and_the_order_kept() -> None:
    given_ = passages(*FILLER[:10], "Training took 300 GPU hours.", *FILLER[10:], "The GPU was trained hard.")
    chosen = choose_passages(given_, "How many GPU hours did training take?", 400)
    assert "Training took 300 GPU hours." in [one.text for one in chosen]
    assert [given_.index(one) for one in chosen] == sorted(given_.index(one) for one in chosen)
    assert sum(len(one.text) for one in chosen) <= 400


def test_a_heading_counts() -> None:
    given_ = passages("It is slow on old machines.", *FILLER, headings=("Limitations",))
    assert choose_passages(given_, "What are the limits?", 100)[0].heading == "Limitations"


def test_a_chinese_question_finds_english_words() -> None:
    given_ = passages(*FILLER, "The dataset has 40 languages.")
    assert choose_passages(given_, "数据集里有多少种语言？", 100)[-1].text == "The dataset has 40 languages."


def test_a_question_that_shares_no_word_gets_the_beginning_and_the_end() -> None:
    given_ = passages(*FILLER, "In the end it works.", headings=(*[""] * len(FILLER), "Conclusion"))
    chosen = [one.text for one in choose_passages(given_, "¿Qué?", 600)]
    assert chosen[0] == FILLER[0]
    assert chosen[-1] == "In the end it works."
    assert sum(map(len, chosen)) <= 300


@given(st.lists(st.text(max_size=80), max_size=20), st.text(max_size=60), st.integers(-50, 500))
def test_the_room_is_kept_whatever_the_text(texts: list[str], question: str, room: int) -> None:
    chosen = choose_passages(passages(*texts), question, room)
    assert sum(len(one.text) for one in chosen) <= max(0, room)


def test_long_paragraphs_are_cut_between_sentences() -> None:
    sentence = "This sentence is one of very many in its paragraph."
    pieces = cut_passages([Passage(" ".join([sentence] * 100), "page 1", "Data")])
    assert len(pieces) > 3
    assert {(one.place, one.heading) for one in pieces} == {("page 1", "Data")}
    assert all(len(one.text) <= LONGEST_PIECE and one.text.endswith(sentence) for one in pieces)
    endless = cut_passages([Passage("x" * 50_000, "page 1")])
    assert sum(len(one.text) for one in endless) <= 2000


def test_what_the_abstract_says_already_is_left_out() -> None:
    kept = without_repeats(passages("We grow tur-\nnips.", "We eat them."), "Here we grow turnips. Well.")
    assert [one.text for one in kept] == ["We eat them."]
