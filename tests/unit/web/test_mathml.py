"""Formulas as MathML: what is converted, how the rest reads, and that nothing but the allow-list comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from bot.web.mathml import ALLOWED, MAX_FORMULAS, Outcome, Tally, math_to_mathml, rich_text
from tests.unit.render.samples import hostile

COMMANDS = (
    r"\frac", r"\sqrt", r"\text", r"\left", r"\right", r"\begin{matrix}", r"\end{matrix}", r"\mathbb", r"\hat", r"\sum",
    r"\href", r"\style", r"\color", r"\operatorname", r"\limits", r"\not", r"\binom", r"\overset", r"\xrightarrow",
    r"\middle", r"\genfrac", r"\mathchoice", r"\big", r"\rule", r"\hspace", r"\substack", r"\displaystyle", r"\bf",
    r"\verb", r"\newcommand", r"\\", "&", "^", "_", "{", "}", "[", "]", "(", ")", "'", "%", "$", "<", "x", "1", "αβ",
    "\u202e", "\x00", " ", "~", "|", ".",
)  # fmt: skip
latex = st.lists(st.sampled_from(COMMANDS) | st.text(max_size=4), max_size=25).map("".join)


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (r"x_i", "<math><msub><mi>x</mi><mi>i</mi></msub></math>"),
        (r"x<y", "<math><mi>x</mi><mo>&lt;</mo><mi>y</mi></math>"),
        (r"\frac{1}{2}", "<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>"),
        (r"\mathbb{R}^d", "<math><msup><mi>ℝ</mi><mi>d</mi></msup></math>"),
        (r"\mathbf{x}", "<math><mi>𝐱</mi></math>"),
        (r"\bm{x}", '<math><mi class="mb">x</mi></math>'),
        (r"\text{if } x", "<math><mtext>if\u00a0</mtext><mi>x</mi></math>"),
        (r"\mathrm{Var}", '<math><mrow><mi mathvariant="normal">Var</mi></mrow></math>'),
        (r"\text{<b>}x", "<math><mtext>&lt;b&gt;</mtext><mi>x</mi></math>"),
        (r"p < 5%x", "<math><mi>p</mi><mo>&lt;</mo><mn>5</mn><mi>%</mi><mi>x</mi></math>"),
    ],
)
def test_formulas_become_mathml(body: str, written: str) -> None:
    assert math_to_mathml(body) == written


def test_several_lines_become_a_table() -> None:
    written = math_to_mathml(r"a &= b \\ c &= d") or ""
    assert written.count("<mtr>") == 2
    assert written == math_to_mathml(r"\begin{align}a &= b \\ c &= d\end{align}")


@pytest.mark.parametrize(
    "body",
    [r"\foo{x}", r"\href{https://a.example}{x}", r"\style{color:red}{x}", r"\def\a{b}\a", "", "  ", r"\rule{9em}{9em}"],
)
def test_unknown_and_unwanted_commands_are_not_converted(body: str) -> None:
    assert math_to_mathml(body) is None


@pytest.mark.parametrize(
    "body", [r"\frac{1", r"\left( x", "x^^y", r"\begin{matrix} a", "{" * 400, r"\sqrt" * 600, "_" * 900]
)
def test_broken_formulas_cost_nothing_but_themselves(body: str) -> None:
    shown = rich_text(f"Before ${body}$ after.")
    assert shown.startswith("Before ")
    assert shown.endswith(" after.")


def test_figures_and_words_stay_text() -> None:
    tally = Tally()
    shown = rich_text(r"By $95\%$, $10$ and $1.5\times$ with $\textbf{our method}$.", tally)
    assert shown == "By 95%, 10 and 1.5× with our method."
    assert tally.outcomes == {Outcome.PLAIN: 4}


def test_what_cannot_be_converted_reads_as_unicode() -> None:
    tally = Tally()
    assert rich_text(r"Our $\method_{\alpha}$ is $x$", tally) == r"Our \method_α is <math><mi>x</mi></math>"
    assert tally.outcomes == {Outcome.UNKNOWN: 1, Outcome.MATHML: 1}


def test_prose_around_formulas_is_read_and_escaped() -> None:
    shown = rich_text(r"\emph{We} <b>prove</b> $x$ \& cost \$5; \textbf{$y$ too}")
    assert shown == ("We &lt;b&gt;prove&lt;/b&gt; <math><mi>x</mi></math> &amp; cost $5; <math><mi>y</mi></math> too")


def test_a_strangers_placeholder_takes_no_formulas_place() -> None:
    assert rich_text(chr(0xF0000) + "a $x$" + chr(0xF0001)) == "a <math><mi>x</mi></math>"


def test_a_text_of_formulas_has_an_end() -> None:
    tally = Tally()
    rich_text("$x$ " * (MAX_FORMULAS + 5), tally)
    assert tally.outcomes == {Outcome.MATHML: MAX_FORMULAS, Outcome.ERROR: 5}


@given(latex)
def test_nothing_but_the_allow_list_comes_out(body: str) -> None:
    check(math_to_mathml(body) or "<math></math>")


@given(hostile)
def test_hostile_texts_stay_text(text: str) -> None:
    check(str(rich_text(text)) or "x")


def test_marks_cling_to_their_formula() -> None:
    assert rich_text("So ($x$), and $y$ is") == (
        'So <span class="mn">(<math><mi>x</mi></math>),</span> and <math><mi>y</mi></math> is'
    )


def test_a_long_formula_comes_in_pieces() -> None:
    written = math_to_mathml(r"a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 = b_1 + b_2 + b_3, c_1, c_2, c_3, c_4") or ""
    assert written.count("<math>") == 5
    assert '<math><mo form="infix">+</mo><msub><mi>a</mi><mn>4</mn>' in written


def test_a_wide_formula_scrolls_by_itself() -> None:
    written = math_to_mathml(r"\frac{a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 + a_9}{b}") or ""
    assert written.startswith('<span class="wide" tabindex="0"><math><mfrac>')
    assert written.count("<math>") == 1


def check(written: str) -> None:
    root = html.fragment_fromstring(written, create_parent="div")
    for element in root.iterdescendants():
        if element.tag == "span":
            assert dict(element.attrib) in ({"class": "mn"}, {"class": "wide", "tabindex": "0"})
            continue
        assert element.tag in ALLOWED
        assert set(element.attrib) <= ALLOWED[element.tag] | {"class", "mathvariant"}
        assert element.get("class", "mb") in {"mb", "mi", "ms", "mt"}
