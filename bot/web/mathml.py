r"""Titles and abstracts as HTML in which formulas are MathML, made when the page is: no script is needed to read them.

latex2mathml parses, this module decides what of its tree is written: allow-listed elements and attributes, every text
escaped. What it cannot read, or would show as a raw command, is written as `bot.latex` reads it: as a line of Unicode.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from xml.etree.ElementTree import Element

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

from bot.latex.math import MAX_DEPTH, math_to_unicode
from bot.latex.prose import latex_to_unicode
from bot.latex.symbols import letter
from bot.render.text import sanitise

MAX_ELEMENTS = 1500
"""Elements in one formula; the largest of 27,079 real abstracts has 160."""

MAX_FORMULAS = 500
"""Formulas in one text that become MathML; the longest real abstract has about 60."""

_FIRST_SEAT, _LAST_SEAT = 0xF0000, 0xF0000 + MAX_FORMULAS - 1
_SEATS = f"[{chr(_FIRST_SEAT)}-{chr(_LAST_SEAT)}]"
"""A character for private use holds a formula's place while the prose around it is read."""

_SEAT = re.compile(_SEATS)
_SEATED = re.compile(rf"([(\[“‘]*)({_SEATS})([.,;:!?)\]”’…]*)")

# A formula that is only figures or words reads best as text: `$95\%$`, `$1.5\times$`, `$\textbf{our method}$`.
_PLAIN = re.compile(
    r"\s*(?:[~+\-]?\d[\d.,\s]*(?:\\?%|\\times|[KMB])?"
    r"|\\(?:text(?:bf|it|tt|rm|sf|sc)?|emph|mbox)\s*\{[^{}\\$]*\})\s*"
)
_COMMENT = re.compile(r"(?<!\\)%")
_GLUED = re.compile(r"(\\[A-Za-z]+)(?=[^\W\d_])(?![A-Za-z])")
_DOLLAR = re.compile(r"(?<!\\)\$")
# They define commands, name addresses and styles, or number equations: no abstract needs them.
_REFUSED = re.compile(
    r"\\(?:(?:re|provide)?newcommand|(?:re)?newenvironment|def|let|DeclareMathOperator|href|url|class|style|cssId|require"
    r"|unicode|verb|input|include|tag|label|ref|eqref|cite[a-z]*)(?![A-Za-z])"
)
_NUMBERED = re.compile(r"\\(begin|end)\{(?:align|equation|gather|eqnarray|multline|split)\*?\}")
_ARGUMENT = re.compile(r"\\arg(?![A-Za-z])")
_ROWS = re.compile(r"(?<!\\)&|\\\\")

_BROKEN: tuple[type[Exception], ...] = (
    *(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    StopIteration,
    RuntimeError,
)
"""What latex2mathml raises on malformed input: its own errors, and plain Python ones from its walker."""

# Nothing is moved over its neighbours, or out of sight.
_LENGTH = re.compile(r"(?:-0?\.\d{1,4}|\d(?:\.\d{1,4})?|\.\d{1,4})(?:em|ex)|0(?:px)?")
_TAG = re.compile(r"<[^>]*>")
_ONE = re.compile(r"<math(?:(?!<math).)*", re.DOTALL)
_SPACES = {"negativethinmathspace": "-0.167em"}
_WORDS = {
    "display": {"inline", "block"},
    "stretchy": {"true", "false"},
    "fence": {"true", "false"},
    "separator": {"true", "false"},
    "largeop": {"true", "false"},
    "symmetric": {"true", "false"},
    "movablelimits": {"true", "false"},
    "accent": {"true", "false"},
    "accentunder": {"true", "false"},
    "displaystyle": {"true", "false"},
    "form": {"prefix", "infix", "postfix"},
    "scriptlevel": {"0", "1", "2"},
}
_LENGTHS = frozenset({"width", "height", "depth", "lspace", "rspace", "voffset", "minsize", "maxsize", "linethickness"})
ALLOWED = {
    "math": frozenset({"display"}),
    "mrow": frozenset[str](),
    "mi": frozenset[str](),
    "mn": frozenset[str](),
    "mo": frozenset(
        {"stretchy", "fence", "separator", "largeop", "symmetric", "movablelimits", "form", "lspace", "rspace"}
        | {"minsize", "maxsize"}
    ),
    "mtext": frozenset[str](),
    "mspace": frozenset({"width", "height", "depth"}),
    "mfrac": frozenset({"linethickness"}),
    "msqrt": frozenset[str](),
    "mroot": frozenset[str](),
    "mstyle": frozenset({"displaystyle", "scriptlevel"}),
    "mpadded": frozenset({"width", "height", "depth", "lspace", "voffset"}),
    "mphantom": frozenset[str](),
    "msub": frozenset[str](),
    "msup": frozenset[str](),
    "msubsup": frozenset[str](),
    "munder": frozenset({"accentunder"}),
    "mover": frozenset({"accent"}),
    "munderover": frozenset({"accent", "accentunder"}),
    "mmultiscripts": frozenset[str](),
    "mprescripts": frozenset[str](),
    "mtable": frozenset[str](),
    "mtr": frozenset[str](),
    "mtd": frozenset[str](),
}
"""The elements of MathML Core that pages may hold, and their attributes; `class` and `mathvariant` are ours to set."""

_ROW_LIKE = frozenset({"math", "mrow", "mstyle", "mpadded", "mphantom", "msqrt", "mtd"})
_LONG, _SHORT = 18, 8
"""Characters above which a formula is set in pieces, and that a piece has at least."""

_WIDE = 24
"""Characters above which a piece may not fit a screen of 320 pixels; fractions and tables are narrower than that."""

_BREAK_BEFORE = frozenset("=<>≤≥≈∼≃≅≡∝∈⊂⊆→↦⟶⇒⟹↔⇔+−")
_BREAK_AFTER = frozenset(",;")
_TOKENS = frozenset({"mi", "mn", "mo", "mtext"})
_CLASSES = {"bold": "mb", "italic": "mi", "sans-serif": "ms", "monospace": "mt"}
_SCRIPTS = frozenset({"double-struck", "script", "fraktur"})


class Outcome(StrEnum):
    """What became of a formula. The last two are written as Unicode, or as their source where that fails as well."""

    MATHML = "mathml"
    PLAIN = "plain text"
    UNKNOWN = "unknown command"
    ERROR = "error"


@dataclass(slots=True)
class Tally:
    """How many formulas came out how, while pages were made."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)


class _UnwantedError(ValueError):
    """The tree holds what a page must not."""


def rich_text(text: str, tally: Tally | None = None) -> Markup:
    """Return a stranger's text as HTML: sanitised and escaped, LaTeX of the prose as Unicode, formulas as MathML.

    Never raises; takes time linear in the text. Counts formulas in `tally`.
    """
    formulas: list[str] = []

    def hold(body: str) -> str | None:
        outcome, written = _convert(body) if len(formulas) < MAX_FORMULAS else (Outcome.ERROR, "")
        if tally is not None:
            tally.outcomes[outcome] += 1
        if outcome is not Outcome.MATHML:
            return math_to_unicode(body)
        formulas.append(written)
        return chr(_FIRST_SEAT + len(formulas) - 1)

    shown = sanitise(latex_to_unicode(_SEAT.sub("", text), hold))
    pieces: list[str] = []
    position = 0
    for seat in _SEATED.finditer(shown):
        formula = formulas[ord(seat[2]) - _FIRST_SEAT]
        pieces += [str(escape(shown[position : seat.start()])), _with_marks(seat[1], formula, seat[3])]
        position = seat.end()
    return Markup("".join([*pieces, str(escape(shown[position:]))]))  # noqa: S704  # every piece is escaped above


def _with_marks(before: str, formula: str, after: str) -> str:
    """Return a formula with the brackets and full stops that cling to it: browsers would break the line there."""
    clinging = f"{escape(before)}{formula}{escape(after)}"
    return f'<span class="mn">{clinging}</span>' if (before or after) and _ONE.fullmatch(formula) else clinging


def math_to_mathml(body: str) -> str | None:
    """Return the math between the delimiters as `<math>`, a long one as several; None where it stays text."""
    outcome, written = _convert(body)
    return written if outcome is Outcome.MATHML else None


def _convert(body: str) -> tuple[Outcome, str]:
    if _PLAIN.fullmatch(body):
        return Outcome.PLAIN, ""
    source = _GLUED.sub(r"\1 ", _DOLLAR.sub("", _COMMENT.sub(r"\\%", sanitise(body))))
    if not source or _REFUSED.search(source) or _depth(source) > MAX_DEPTH:
        return Outcome.UNKNOWN, ""
    source = _ARGUMENT.sub(r"\\operatorname{arg}", _NUMBERED.sub(r"\\\1{split}", source))
    if _ROWS.search(source) and "\\begin" not in source:
        source = rf"\begin{{split}}{source}\end{{split}}"
    try:
        root = convert_to_element(source)
        if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
            return Outcome.ERROR, ""
        written = "".join(map(_set, _pieces(root)))
    except _UnwantedError:
        return Outcome.UNKNOWN, ""
    except _BROKEN:
        return Outcome.ERROR, ""
    seen = _TAG.sub("", written).strip("\u00a0 ")
    return (Outcome.MATHML, written) if seen else (Outcome.UNKNOWN, "")


def _pieces(root: Element) -> Iterator[Element]:
    """Yield a formula as it is, or a long one in pieces that a narrow screen can set on lines of their own."""
    children = list(root)
    if len(children) == 1 and children[0].tag == "mrow":
        children = list(children[0])
    if _width(root) <= _LONG:
        yield root
        return
    piece = Element("math", root.attrib)
    for child in children:
        sign = html.unescape(child.text or "") if child.tag == "mo" else ""
        if sign in _BREAK_BEFORE and _width(piece) >= _SHORT:
            yield piece
            piece = Element("math", root.attrib)
            child.set("form", "infix")
        piece.append(child)
        if sign in _BREAK_AFTER and _width(piece) >= _SHORT:
            yield piece
            piece = Element("math", root.attrib)
    yield piece


def _set(piece: Element) -> str:
    """Return a piece as HTML; one that may be wider than a narrow screen can be scrolled by itself."""
    written = "".join(_written(piece))
    return f'<span class="wide" tabindex="0">{written}</span>' if _width(piece) > _WIDE else written


def _width(element: Element) -> int:
    """Return about how many characters wide something is; what stands in scripts counts as much as the rest."""
    return sum(len(html.unescape(one.text or "")) for one in element.iter() if one.tag in _TOKENS)


def _depth(body: str) -> int:
    """Return how deep groups nest; scripts and commands of one argument nest without braces as well."""
    deepest = depth = 0
    for piece in re.findall(r"[{}]|\\left(?![a-z])|\\right(?![a-z])|\\begin|\\end", body):
        depth += 1 if piece in ("{", "\\left", "\\begin") else -1
        deepest = max(deepest, depth)
    return deepest


def _written(element: Element) -> Iterator[str]:
    tag = element.tag
    if tag not in ALLOWED:
        raise _UnwantedError(tag)
    children = list(element)
    if tag == "math" and len(children) == 1 and children[0].tag == "mrow":
        children = list(children[0])
    if tag == "mrow" and len(children) == 1 and not element.text:
        # Half of what latex2mathml writes are rows of one.
        yield from _written(children[0])
        return
    text = html.unescape(element.text or "")
    if "\\" in text and text != "\\":
        raise _UnwantedError(text)
    variant = element.get("mathvariant", "")
    if tag in _TOKENS:
        yield f"<{tag}{_attributes(element)}{_variant(tag, variant)}>{escape(_styled(_clean(text), variant))}"
    else:
        yield f"<{tag}{_attributes(element)}>"
        if text.strip():
            # Only commands that nobody uses in an abstract leave text outside a token.
            raise _UnwantedError(text)
    for child in _whole_words(children) if tag in _ROW_LIKE else children:
        yield from _written(child)
    yield f"</{tag}>"


def _whole_words(children: Sequence[Element]) -> Iterator[Element]:
    r"""Yield the children with upright letters in a row as one word: `\mathrm{Var}` is one name, read aloud as well."""
    for upright, group in groupby(children, _is_upright_letter):
        run = list(group)
        if upright and len(run) > 1:
            word = Element("mi", {"mathvariant": "normal"})
            word.text = "".join(one.text or "" for one in run)
            yield word
        else:
            yield from run


def _is_upright_letter(element: Element) -> bool:
    plain = element.tag == "mi" and element.get("mathvariant") == "normal" and len(element.attrib) == 1
    return plain and len(element.text or "") == 1 and (element.text or "").isascii()


def _clean(text: str) -> str:
    """Return the text of a token, sanitised; blanks at its ends, which are part of a formula, stay one each."""
    inner = sanitise(text)
    if not inner:
        return "\u00a0" if text.strip("\u00a0 ") != text else ""
    return ("\u00a0" if text[0] in "\u00a0 " else "") + inner + ("\u00a0" if text[-1] in "\u00a0 " else "")


def _attributes(element: Element) -> str:
    """Return the attributes that are allowed and whose value is one of those known; the others are left out."""
    shown = []
    for name, value in element.attrib.items():
        if name not in ALLOWED[element.tag] or (element.tag == "math" and value == "inline"):
            continue
        kept = _SPACES.get(value, value)
        fits = kept in _WORDS[name] if name in _WORDS else name in _LENGTHS and _LENGTH.fullmatch(kept)
        if fits:
            shown.append(f' {name}="{kept}"')
    return "".join(shown)


def _variant(tag: str, variant: str) -> str:
    """Return what stands for `mathvariant`, of which MathML Core keeps "normal" alone: a class of our style sheet."""
    upright = ' mathvariant="normal"' if tag == "mi" else ""
    if variant == "normal":
        return upright
    for name, short in _CLASSES.items():
        if variant.startswith(name):
            return f' class="{short}"' + ("" if "italic" in variant else upright)
    return upright if variant in _SCRIPTS else ""


def _styled(text: str, variant: str) -> str:
    alphabet = variant.removeprefix("bold-")
    return "".join(letter(one, alphabet) for one in text) if alphabet in _SCRIPTS else text
