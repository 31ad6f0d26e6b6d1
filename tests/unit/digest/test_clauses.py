import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.clauses import Cut, forms_of, without_lead_in
from tests.unit.digest.gist_sample import is_run_of
from tests.unit.digest.samples import WORDS


def texts(sentence: str) -> list[str]:
    return [form.text for form in forms_of(sentence)]


@pytest.mark.parametrize(
    ("sentence", "form"),
    [
        ("We propose a filter for rewards, which removes noise.", "We propose a filter for rewards."),
        ("We present a fast parser of tables, allowing search in papers.", "We present a fast parser of tables."),
        ("We study rewards of language models by probing them.", "We study rewards of language models."),
        ("We study rewards of language models and show that they are noisy.", "We study rewards of language models."),
        ("We present three kinds of memory: short, long and none.", "We present three kinds of memory."),
        ("Motivated by the noise of rewards, we propose a filter of them.", "We propose a filter of them."),
        ("Rewards of models are very noisy, so we propose a filter of them.", "We propose a filter of them."),
        ("The method is faster than sampling, while using less memory.", "The method is faster than sampling."),
        ("We introduce the delayed gate (DG) of experts.", "We introduce the delayed gate of experts."),
    ],
)
def test_what_may_be_cut(sentence: str, form: str) -> None:
    assert form in texts(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        # Conditions, contrasts and negations are part of the claim.
        "We prove convergence of the method to a minimum, if the loss is convex.",
        "We prove convergence of the method to a minimum when using small steps only.",
        "The method is faster than all others, but it needs more memory.",
        "We show that the models are robust, although not under attack.",
        "Under a mild assumption on noise, we prove convergence.",
        "While not yet complete, we have evidence of convergence.",
        # No main clause would be left, or not the same one.
        "The filter, which removes noise, is fast and small.",
        "When trained on noise, using a filter helps a lot.",
        "We show that models trained on tables, which are noisy, learn well.",
        # Lists are shown whole.
        "We do three things: first, a filter based on rules, and second, a gate.",
        "We give (i) a filter for rewards, which is new, and (ii) a gate.",
        "We compare accuracy, speed, using one model.",
        # Borders inside brackets, math and quotations are none.
        "We study the sets $A, which$ are open in here.",
        "We study the effect “rewards, which are noisy, win” of models.",
        "We study brackets that (never, which is odd, close in texts.",
        "We introduce the gates (not for speed) of experts.",
    ],
)
def test_what_may_not_be_cut(sentence: str) -> None:
    assert texts(sentence) == [sentence]


def test_a_form_says_what_was_cut() -> None:
    (whole, *_, cut) = forms_of("Motivated by noise in rewards, we propose a filter for rewards, which is small.")
    assert (whole.front, whole.end, whole.without_asides) == (Cut.NONE, Cut.NONE, False)
    assert (cut.front, cut.end, cut.text) == (Cut.BEFORE_WE, Cut.WHICH, "We propose a filter for rewards.")


def test_several_lead_ins_go_at_once() -> None:
    assert (
        without_lead_in("Methods: However, in this paper, we try all of them at once.") == "We try all of them at once."
    )


_PIECES = st.sampled_from(
    [*WORDS, ", which", ", using", " (RL)", "In this paper,", "we show that", ":", "(i)", "$x, y$", "“", "”", "is"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=30).map(" ".join)))
def test_every_form_is_a_run_of_words(sentence: str) -> None:
    sentence = " ".join(sentence.split())
    forms = forms_of(sentence)
    assert forms[0].text == without_lead_in(sentence)
    assert all(is_run_of(form.text, sentence) for form in forms)
    assert len({form.text for form in forms}) == len(forms)
    assert all(form.text.count("(") == form.text.count(")") for form in forms[1:])
