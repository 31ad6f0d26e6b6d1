"""LaTeX to Unicode: a table of what abstracts contain, money, code, and hostile input."""

import gzip
import json
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.latex import accents_to_unicode, latex_to_unicode, strip_math
from bot.latex.segments import MAX_MATH, segments
from tests.shared import shared

MATH = {
    "x^2": "x²",
    "x_i": "xᵢ",
    "x_{ij}": "xᵢⱼ",
    "10^{-3}": "10⁻³",
    "10^-3": "10⁻³",
    "x^{n+1}": "xⁿ⁺¹",
    "x^{n/2}": "x^(n/2)",
    "x_{i,j}": "x_(i,j)",
    "x^q": "x^q",
    "2^{2^n}": "2^(2ⁿ)",
    "a_1^2": "a₁²",
    r"\mathbb{R}": "ℝ",
    r"\mathbb{R}^d": "ℝᵈ",
    r"\mathbb{E}": "𝔼",
    r"\mathbb{1}": "𝟙",
    r"\mathcal{O}(n^2)": "O(n²)",
    r"\mathcal{L}_{\text{train}}": "ℒ_train",
    r"\mathcal{L}_{KL} x": "ℒ_KL x",
    r"\mathfrak{g}": "𝔤",
    r"\alpha\le\beta": "α≤β",
    r"\alpha \le \beta": "α ≤ β",
    r"\lambda x": "λx",
    r"\frac{a}{b}": "a/b",
    r"\frac12": "1/2",
    r"\frac{a+b}{c}": "(a+b)/c",
    r"\frac{1}{2}x": "(1/2)x",
    r"2\frac{a}{b}^2": "2(a/b)²",
    r"\frac{\log n}{n}": "(log n)/n",
    r"\sqrt{n}": "√n",
    r"\sqrt{n+1}": "√(n+1)",
    r"\sqrt[3]{x}": "∛x",
    r"1/\sqrt{n}": "1/√n",
    r"O(n \log n)": "O(n log n)",
    r"O(n\log n)": "O(n log n)",
    r"\log_2 n": "log₂ n",
    r"\sin^2\theta": "sin² θ",
    r"\sum_{i=1}^{n} x_i": "∑ᵢ₌₁ⁿ xᵢ",
    r"\int_0^1 f(x)\,dx": "∫₀¹ f(x) dx",
    r"\lim_{n\to\infty} a_n": "lim_(n→∞) aₙ",
    r"\underset{x}{\arg\min}": "arg minₓ",
    r"\operatorname*{argmax}_x": "argmaxₓ",
    r"f'(x)": "f′(x)",
    r"x \in \mathbb{R}^{d \times k}": "x ∈ ℝ^(d × k)",
    r"x\in X": "x∈X",
    r"a \not= b": "a ≠ b",
    r"x \not\in y": "x ∉ y",
    r"p(x \mid y)": "p(x | y)",
    r"\{1, 2, \ldots, n\}": "{1, 2, …, n}",
    r"\|x\|_2": "‖x‖₂",
    r"\left( \frac{a}{b} \right)": "(a/b)",
    r"\left. x\right|_0": "x|₀",
    r"\hat{x}": "x̂",
    r"\bar y": "ȳ",
    r"\hatβ": "β̂",
    r"\boldsymbolθ^*": "θ*",
    r"\widetilde{\mathcal{O}}(n)": "Õ(n)",
    r"A^\top": "Aᵀ",
    r"90^\circ": "90°",
    r"^\circ": "°",
    r"_2": "₂",
    r"+3.2\%": "+3.2%",
    "p<50%, q": "p<50%, q",
    r"10\times": "10×",
    r"3\times": "3×",
    r"\sim 5": "∼5",
    r"3 \pm 0.1": "3 ± 0.1",
    r"-5": "-5",
    r"(-\infty, 0)": "(-∞, 0)",
    r"10\,000": "10 000",
    r"5\,\text{ms}": "5 ms",
    r"k\text{-NN}": "k-NN",
    r"\text{if } x > 0": "if x > 0",
    r"\text{if $x$} = 1": "if x = 1",
    r"\textbf{73.1}": "73.1",
    r"{\bf x}": "x",
    r"K{=}4": "K=4",
    r"n \equiv 1 \pmod{4}": "n ≡ 1 (mod 4)",
    r"\binom{n}{k}": "C(n, k)",
    r"a \xrightarrow{f} b": "a →ᶠ b",
    r"\begin{cases} a & b \\ c & d\end{cases}": "{a b; c d}",
    r"\mathsf{P} \neq \mathsf{NP}": "P ≠ NP",
    r"\unicode{x2014}": "—",
    r"\model": r"\model",
    r"\foo{bar}^2": r"\foo{bar}²",
    r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}": "[1 0; 0 1]",
}

PROSE = {
    r"\textbf{bold} and \emph{it \textbf{nested}}": "bold and it nested",
    r"{\em x y} and {\bf Z}": "x y and Z",
    r"{\color{red} warm} \textcolor{blue}{cold}": "warm cold",
    r"50\% of 100% A\&B x\_y \#1 \{a\}": "50% of 100% A&B x_y #1 {a}",
    r"see~Fig.~3 and Smith et~al.~\cite{a,b} say": "see Fig. 3 and Smith et al. say",
    r"As shown \citep[see][p. 3]{x}.": "As shown.",
    "``quoted'' and `single' it's": "“quoted” and ‘single’ it's",
    "x--y 1--5 a---b -- c": "x–y 1–5 a—b – c",
    "use --flag or <!-- x --> -----": "use --flag or <!-- x --> -----",
    r"\url{https://x.y/~u\_v%20}": "https://x.y/~u_v%20",
    r"\href{https://x.y/a}{\textbf{link}}": "link (https://x.y/a)",
    r"\href{https://x.y}{https://x.y}": "https://x.y",
    r"\alpha 3\times faster\ldots \LaTeX{} ok": "α 3× faster… LaTeX ok",
    r"\foo{bar \textit{x}} \unknown": r"\foo{bar x} \unknown",
    r"{DNA} and \textit{unclosed": r"{DNA} and \textit{unclosed",
    r"CO$_2$ 1\textsuperscript{st} H\textsubscript{2}O": "CO₂ 1ˢᵗ H₂O",
    r"work\footnote{Code: \url{a.b}}.": "work (Code: a.b).",
    r"\( x^2 \) and \[ y_i \] and $$z$$": "x² and yᵢ and z",
    r"\begin{equation} a = b \end{equation}": "a = b",
    r"it\'s G\"odel at C:\users\alpha": r"it's Gödel at C:\users\alpha",
    r"rate \b{eta} and \r{ho}": "rate β and ρ",
    "50% of $n$ papers % no comment $\\alpha$": "50% of n papers % no comment α",
    r"\begin{itemize}\item one \item two\end{itemize}": "• one • two",
    "$unbalanced and \\( open": "$unbalanced and \\( open",
    r"emphasis \emph{with $x_i$ inside}": "emphasis with xᵢ inside",
    "~5% and 5~10": "~5% and 5~10",
    "plain text, nothing to do.": "plain text, nothing to do.",
}

# What is not math: each stays as it is.
LITERAL = [
    "costs $5 and $10",
    "costs $3.50 per task",
    "$5, $10, and $15",
    "between $1,000 and $2,000",
    "$100k to $200k a year",
    "($5)-($10)",
    "$5/$10",
    "$.50 or $.75",
    "$5-$10",
    "US$5 or US$ 6 and A$7",
    "saves $ 5 or $ 10",
    "$HOME and $PATH",
    "a $ sign and another $ sign",
    "`$x$ and $y$`",
    "``code $x$``",
    "```\n$x$ \\alpha\n```",
    "`x = '$a$'`",
    "$ $ and $$$$",
    "$a\n\nb$",
]


@pytest.mark.parametrize(("body", "text"), MATH.items())
def test_math(body: str, text: str) -> None:
    assert latex_to_unicode(f"${body}$") == text
    assert latex_to_unicode(f"so \\({body}\\).") == f"so {text}."


@pytest.mark.parametrize(("text", "expected"), PROSE.items())
def test_prose(text: str, expected: str) -> None:
    assert latex_to_unicode(text) == expected


@pytest.mark.parametrize("text", LITERAL)
def test_money_and_code_stay(text: str) -> None:
    assert latex_to_unicode(text) == text
    assert accents_to_unicode(text) == text
    assert strip_math(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\$5 and \$10", "$5 and $10"),
        (r"$\$5$ and $\$10$", "$5 and $10"),
        ("$2$D in $3$ steps for $5 and $x$", "2D in 3 steps for $5 and x"),
        ("pays $5 for $n=3$ of $k$", "pays $5 for n=3 of k"),
        ("from $1$ to $5$ dollars", "from 1 to 5 dollars"),
        ("$5 \\times 10^3$ and $10^6$", "5 × 10³ and 10⁶"),
        ("$10\\times$-$20\\times$", "10×-20×"),
        ("$ x $ and $ \\alpha $", "x and α"),
        ("$5M$ of $1.5$", "5M of 1.5"),
        ("mixed `$a$` and $a_1$", "mixed `$a$` and a₁"),
    ],
)
def test_money_beside_math(text: str, expected: str) -> None:
    assert latex_to_unicode(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"G\"odel", "Gödel"),
        (r"na\"{\i}ve", "naïve"),
        (r"na\"\i{}ve", "naïve"),
        (r"caf\'e", "café"),
        (r"caf\'{e}", "café"),
        (r"caf{\'e}", "café"),
        (r"caf{\'{e}}", "café"),
        (r"Erd\H{o}s", "Erdős"),
        (r"Erd{\H o}s", "Erdős"),
        (r"M{\"u}ller", "Müller"),
        (r"Stra{\ss}e", "Straße"),
        (r"\v{C}ern\'y", "Černý"),
        (r"Dvo\v r\'ak", "Dvořák"),
        (r"\L{}ukasz \L ukasz", "Łukasz Łukasz"),
        (r"S\o ren {\O}rsted \AA ngstr\"om", "Søren Ørsted Ångström"),
        (r"\c{S}ahin Ho\`ang Nguy\~{\^e}n", "Şahin Hoàng Nguyễn"),
        (r"\k{a} \d{t} \b{h} \u{g} \.z \=a \^o \~n \r{u}", "ą ṭ ẖ ğ ż ā ô ñ ů"),
        (r"line\\\'e {\\\'e}", r"line\\\'e {\\\'e}"),
        (r"\emph{caf\'e}", r"\emph{café}"),
    ],
)
def test_accents(text: str, expected: str) -> None:
    assert accents_to_unicode(text) == expected


@pytest.mark.parametrize(
    "text",
    [r"$\hat{o}$ \alpha 50\% {x}", r"it\'s and don\'t", r"C:\users\output", r"\omega \loss", "`\\'e`", r"\'q", r"\\"],
)
def test_what_is_no_accent_stays(text: str) -> None:
    assert accents_to_unicode(text) == text


def test_strip_math_leaves_the_rest() -> None:
    assert strip_math(r"For $x_i$ and \(y\), $5 and `$z$` \textbf{b}") == r"For   and  , $5 and `$z$` \textbf{b}"


@pytest.mark.parametrize(
    "body", ["x" * (MAX_MATH + 1), "{" * 30 + "x" + "}" * 30, r"\frac{a", "a}{b", r"\begin{x}", "}"]
)
def test_math_that_cannot_be_read_stays(body: str) -> None:
    assert latex_to_unicode(f"${body}$ and $x^2$") == f"${body}$ and x²"


def test_a_text_of_formulas_stops_being_converted() -> None:
    converted = latex_to_unicode("$x^2$ " * 40_000)
    assert converted.startswith("x² x² ")
    assert converted.endswith("$x^2$ $x^2$ ")


TEX = st.lists(
    st.sampled_from(
        [*MATH, *PROSE, *LITERAL, "$", "$$", "\\(", "\\)", "{", "}", "\\", "^", "_", "`", "'", "~", "-", "%"]
    )
    | st.text(max_size=8)
    | st.text(alphabet="$\\{}_^~`'\"&[]() ab1\ud800\x00", max_size=12),
    max_size=20,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEX)
def test_never_raises_and_segments_lose_nothing(text: str) -> None:
    assert "".join(segment.raw for segment in segments(text)) == text
    latex_to_unicode(text)
    accents_to_unicode(text)
    strip_math(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="$\\`'{~-")))
def test_plain_text_is_unchanged(text: str) -> None:
    assert latex_to_unicode(text) == text
    assert accents_to_unicode(text) == text


@pytest.mark.parametrize("text", [*PROSE.values(), *(f"so {text}." for text in MATH.values())])
def test_what_was_converted_stays(text: str) -> None:
    assert latex_to_unicode(text) == text


def count_calls(function: Callable[[str], object], text: str) -> int:
    """Return how many Python and C functions are called: a measure of work that no machine's load disturbs."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        function(text)
    finally:
        sys.setprofile(None)
    return calls


PIECES = ["``a ", "`a ", "''", "\\(", "\\emph{", "\\href{", "\\href{a}{", "${", "$a { b ", "$5 and ", "a~", "-- "]
PIECES += ["\\begin{equation}", "\\cite[a]", "\\'", "$\\frac", "$x_{", "\\textsuperscript{", "```", "$$a", *"${}\\`"]


@pytest.mark.parametrize("piece", PIECES)
def test_work_grows_with_the_length_only(piece: str) -> None:
    small, large = piece * 2_000, piece * 8_000
    for function in (latex_to_unicode, accents_to_unicode, strip_math):
        assert count_calls(function, large) <= 5 * count_calls(function, small) + 500


@pytest.mark.parametrize(
    "text", ["$" * 100_000, "{" * 10_000, "{" * 10_000 + "}" * 10_000, "\\emph{" * 10_000 + "}" * 10_000]
)
def test_floods_come_back(text: str) -> None:
    assert latex_to_unicode(text) == (text if not text.startswith("\\") else "")


@pytest.mark.parametrize("macro", [r"\frac", r"\sqrt", r"\hat", r"\left(", r"\begin{cases}", "x^", "_", r"\text"])
def test_floods_inside_math_come_back(macro: str) -> None:
    assert isinstance(latex_to_unicode(f"${macro * (MAX_MATH // len(macro))}$"), str)


def test_real_abstracts_become_readable() -> None:
    archive = shared("data", "corpus", "papers_2026-01_to_2026-05.jsonl.gz")
    with gzip.open(archive, "rt", encoding="utf-8") as lines:
        abstracts = [json.loads(line)["abstract"] for line in lines]
    left = [latex_to_unicode(abstract) for abstract in abstracts]
    # What remains is money and macros that the authors forgot to define.
    assert sum(text.count("$") for text in left) * 1000 / len(left) < 5
    assert sum(text.count("\\") for text in left) * 1000 / len(left) < 16
