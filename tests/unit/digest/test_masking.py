"""What a translation may not touch comes back as it was, whatever the text."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.cleaning import clean_text
from bot.digest.masking import marks_in, mask, math_of, simplify, tidy_marks, unmask, without_marks
from bot.digest.visible import sanitise
from tests.shared import shared

_PIECES = st.sampled_from(
    [
        "$x$", "$$y^2$$", r"\(a\)", r"\begin{equation}e\end{equation}", "`code`", "```", "$", r"\$", "⟦0⟧", "⟦", "⟧",
        "[[1]]", "[12]", "[3, 4-7]", r"\cite{a,b}", r"\emph{x}", r"\%", "https://a.io/b_c.", "a@b.org", "pass@1",
        "snake_case", "config.yaml", "C*-algebra", "||v||", "<b>", "5", " ", ". ", "word", "中文", "\\", "{", "}",
    ]
)  # fmt: skip
_TEXTS = st.lists(st.one_of(_PIECES, st.text(max_size=8)), max_size=30).map("".join)


@given(_TEXTS, st.integers(0, 50))
def test_putting_back_gives_the_same_text(text: str, first: int) -> None:
    masked = mask(text, first)
    assert unmask(masked.text, masked) == text
    assert marks_in(masked.text) == list(masked.numbers)


@given(_TEXTS)
def test_the_marked_text_has_no_mark_but_ours_and_no_math(text: str) -> None:
    masked = mask(text)
    assert not set("⟦⟧〚〛$\\") & set(without_marks(masked.text))
    assert tidy_marks(masked.text) == masked.text


@given(_TEXTS)
def test_simplifying_leaves_math_alone_and_makes_none(text: str) -> None:
    shown = sanitise(text)
    assert set(math_of(simplify(shown))) <= set(math_of(shown))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("We prove $a<b$ in \\(O(n)\\) time.", ["$a<b$", "\\(O(n)\\)"]),
        ("See https://github.com/a/b_c. Mail x.y@z.org.", ["https://github.com/a/b_c", "x.y@z.org"]),
        ("As in [12] and [3, 4-7] and \\citep[p.~3]{key}.", ["[12]", "[3, 4-7]", "\\citep[p.~3]{key}"]),
        ("Run `make` on train_set with config.yaml, pass@1.", ["`make`", "train_set", "config.yaml", "pass@1"]),
        ("It costs \\$5, see arXiv:2605.00847v2.", ["\\$", "arXiv:2605.00847v2"]),
        ("A C*-algebra, GPT-4o and 3D scenes in 95% of cases.", ["C*"]),
        ("A mark ⟦0⟧ of its own.", ["⟦", "⟧"]),
        ("Call apply() on [this](https://a.io) or .safetensors files.", ["apply()", "](https://a.io)", ".safetensors"]),
    ],
)
def test_what_is_taken_out(text: str, pieces: list[str]) -> None:
    assert list(mask(text).pieces) == pieces


@pytest.mark.parametrize(
    ("text", "simple"),
    [
        (r"\emph{Deep} \textbf{nets \textit{win}} by 5\%", "Deep nets win by 5%"),
        (r"Poincar\'e and Erd\H{o}s", "Poincaré and Erdős"),
        (r"costs $5 and $\emph{x}$ stays", r"costs \$5 and $\emph{x}$ stays"),
        (r"`\emph{x}`", r"`\emph{x}`"),
        ("so-called ``soft'' ones", "so-called “soft” ones"),
    ],
)
def test_simpler_text(text: str, simple: str) -> None:
    assert simplify(text) == simple


def test_marks_may_change_places() -> None:
    masked = mask("First $a$, then https://x.org, then \\cite{k}.")
    assert unmask("⟦2⟧ vor ⟦0⟧ und ⟦1⟧", masked) == "\\cite{k} vor $a$ und https://x.org"


def test_math_is_kept_apart_from_what_would_change_it() -> None:
    masked = mask("Both $a$ and $b$ hold.")
    assert math_of(unmask("⟦0⟧⟦1⟧5", masked)) == ["$a$", "$b$"]


@pytest.mark.parametrize("written", ["⟦ 1 ⟧", "[[1]]", "〚1〛", "⟦01⟧"])
def test_marks_that_models_write_differently_are_known(written: str) -> None:
    assert tidy_marks(f"a {written} b") == "a ⟦1⟧ b"


def test_real_titles_and_abstracts_come_back() -> None:
    path = shared("data", "corpus", "papers_2026-01_to_2026-05.jsonl.gz")
    count = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            paper = json.loads(line)
            for raw in (paper["title"], paper["abstract"]):
                masked = mask(raw)
                if unmask(masked.text, masked) != raw:
                    pytest.fail(f"{paper}: not the same text")
            count += 1
            if count % 25:
                continue
            text = simplify(sanitise(paper["abstract"]))
            masked = mask(text)
            # What a model is sent and sends back unchanged passes the cleaning with all its marks.
            if marks_in(clean_text(masked.text)) != list(masked.numbers):
                pytest.fail(f"{paper}: marks were lost")
    assert count > 20_000
