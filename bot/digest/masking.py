"""What a translation may not touch, taken out and put back: math, code, addresses, citations, commands, identifiers.

Each piece is replaced by a mark such as ⟦3⟧, which models copy as they copy a word. Brackets of that kind that the text
itself has are taken out as well, so that nothing in a paper can forge a mark. Putting back after taking out gives the
very same text. Pure; knows no model.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from bot.digest.cleaning import ADDRESS
from bot.latex import latex_to_unicode
from bot.latex.segments import Kind, segments

_MARK = re.compile(r"⟦(\d{1,4})⟧")
# Ways in which models write a mark that they were shown as ⟦3⟧.
_LOOSE_MARK = re.compile(r"(?:⟦|〚|\[\[)\s{0,3}(\d{1,4})\s{0,3}(?:⟧|〛|\]\])")

_EXTENSIONS = (
    "py|ipynb|js|ts|c|cpp|cu|h|hpp|rs|go|java|jl|m|r|sh|sql|json|jsonl|ya?ml|toml|xml|html?|css|csv|tsv|txt|md|tex|bib"
    "|pdf|png|jpe?g|svg|gif|zip|tar|gz|parquet|pt|pth|ckpt|safetensors|onnx|gguf|h5|npy|npz|wav|mp3|mp4|ply|obj|stl"
)
# Commands with what they name: \cite[p. 3]{key}, \url{…}, \href{…}{…}; and the end of a link in markdown.
_NAMING = (
    r"\\(?:url|href|path|nolinkurl|[A-Za-z]*cite[A-Za-z]*|[A-Za-z]*ref|label|footnote|includegraphics)\*?"
    r"(?:\[[^\[\]{}]{0,120}\]){0,2}(?:\{[^{}]{0,500}\}){1,2}|\]\([^()\s]{0,500}\)"
)
_OTHERS = (
    r"(?i:\barxiv:\s?(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?)|\b10\.\d{4,9}/[^\s<>\"”’]*[\w/]"
    r"|\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3}){0,20}\]"
    r"|\\[A-Za-z]+\*?(?:\s?\{[^{}]{0,200}\})?|\\.?"
    # Identifiers: snake_case, pass@1, apply(), .txt.
    r"|\b\w+(?:_+\w+)+\b|(?:\b\w+)?@\w[\w.]*\b|\b[\w.]{1,60}\(\)|(?<!\S)\.\d*[A-Za-z]\w*"
    # What would be read as markup, or for a mark of ours, where it comes back.
    r"|\b\w?\*+|\*+|\|{2,}|~{2,}|<(?=[A-Za-z!|｜/@#:&?])|[⟦⟧〚〛]+|\[{2,}|\]{2,}|\]\[|\$"
)
_KEPT = regex.compile(f"{_NAMING}|{_OTHERS}")
_DOTTED = (
    rf"(?i:{ADDRESS.pattern})|(?<![\w.+-])[\w.+-]{{1,80}}@[\w-]{{1,80}}(?:\.[\w-]{{1,60}}){{0,6}}\.[A-Za-z]{{2,}}"
    rf"|(?<![\w/])(?:[\w-]{{1,80}}/){{0,9}}[\w-]{{1,80}}(?:\.[\w-]{{1,40}}){{0,5}}\.(?:{_EXTENSIONS})(?!\w)"
)
# Addresses and names of files are tried at every letter: only where there may be one.
_KEPT_WITH_ADDRESSES = regex.compile(f"{_NAMING}|{_DOTTED}|{_OTHERS}")
_MAY_BE_ADDRESS = re.compile(
    r"(?:https?|ftp|mailto|tel|sms|file|script|discord|tg|wss?|data)\s?:|\w\.(?:[a-z]{2}|[chmr]\b)", re.IGNORECASE
)
_STOP = ".,;:"
_FORMATTING = re.compile(
    r"\\(?:emph|text(?:bf|it|sc|tt|rm|sf|sl|up|md|normal)?|underline|uline|mbox|textquote|enquote)\s?\{([^{}]*)\}"
)
_ACCENT = re.compile(
    r"\\(?:[\"'`^~=.][ ]?(?:\{\\?[A-Za-z]\}|\\?[A-Za-z])|[cvuHkrbdt]\s?\{\\?[A-Za-z]{1,2}\}"
    r"|(?:ss|ae|AE|oe|OE|aa|AA|[oOlLij])(?:\{\}|(?![A-Za-z])))"
)
_PLAIN_ESCAPE = re.compile(r"\\([%&#_])")
_QUOTED = re.compile(r"``([^`'\x00]{1,300})''")
_MONEY = re.compile(r"(?<!\\)\$")
_HELD = re.compile("\x00(\\d+)\x00")
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with marks numbered from `first`; `pieces` is what they stand for, in order."""

    text: str
    pieces: tuple[str, ...]
    first: int = 0

    @property
    def numbers(self) -> range:
        """Return the numbers of the marks."""
        return range(self.first, self.first + len(self.pieces))


def simplify(text: str) -> str:
    r"""Return arXiv text with less LaTeX to get wrong: formatting and accents of prose as plain text, money escaped.

    `\emph{x}` gives `x`, `\'e` gives `é`, `\%` gives `%`, and a dollar sign that opens no math gives `\$`, so that
    words may change places without making math of it. Math and code stay as they are.
    """
    held: list[str] = []

    def hold(raw: str) -> str:
        held.append(raw)
        return f"\x00{len(held) - 1}\x00"

    pieces = segments(text.replace("\x00", ""))
    prose = "".join(one.raw if one.kind is Kind.PROSE else hold(one.raw) for one in pieces)
    prose = _MONEY.sub(r"\\$", _ACCENT.sub(lambda match: latex_to_unicode(match[0]), _PLAIN_ESCAPE.sub(r"\1", prose)))
    prose = _QUOTED.sub(r"“\1”", prose)
    for _ in range(_ROUNDS):
        simpler = _FORMATTING.sub(r"\1", prose)
        if simpler == prose:
            break
        prose = simpler
    return _HELD.sub(lambda match: held[int(match[1])], prose)


def mask(text: str, first: int = 0) -> Masked:
    """Return `text` with marks, numbered from `first`, for all that must come back as it is."""
    return mask_pieces([(text, False)], first)


def mask_pieces(parts: list[tuple[str, bool]], first: int = 0) -> Masked:
    """Return the joined texts of `parts` with marks; a part whose flag is true becomes one mark as a whole."""
    shown: list[str] = []
    pieces: list[str] = []
    for raw, kept in _cut(parts):
        if not raw:
            continue
        if not kept:
            shown.append(raw)
        elif shown and pieces and shown[-1] == "":
            # Right after another one: one mark is easier to keep than two.
            pieces[-1] += raw
        else:
            shown += [f"⟦{first + len(pieces)}⟧", ""]
            pieces.append(raw)
    return Masked("".join(shown), tuple(pieces), first)


def unmask(text: str, masked: Masked) -> str:
    """Return `text` with the pieces of `masked` in the place of its marks; a mark of another text stays.

    A blank is put between math and what would make other math of it.
    """
    out: list[str] = []
    position = 0
    for match in _MARK.finditer(text):
        number = int(match[1]) - masked.first
        if not 0 <= number < len(masked.pieces):
            continue
        piece = masked.pieces[number]
        out += [text[position : match.start()], piece]
        position = match.end()
        following = text[position : position + 1]
        if (
            piece.endswith("$")
            and (following.isdigit() or following == "⟦")
            and match[0] + following not in masked.text
        ):
            out.append(" ")
    out.append(text[position:])
    return "".join(out)


def marks_in(text: str) -> list[int]:
    """Return the numbers of the marks in a text, in order, repeats included."""
    return [int(match[1]) for match in _MARK.finditer(text)]


def tidy_marks(text: str) -> str:
    """Return an answer with its marks written as they were shown."""
    return _LOOSE_MARK.sub(lambda match: f"⟦{int(match[1])}⟧", text)


def without_marks(text: str) -> str:
    """Return `text` with a blank in the place of each mark."""
    return _MARK.sub(" ", text)


def math_of(text: str) -> list[str]:
    """Return the math of a text as written, in order."""
    return [one.raw for one in segments(text) if one.kind is Kind.MATH]


def _cut(parts: list[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    for text, whole in parts:
        if whole:
            yield text, True
            continue
        for one in segments(text):
            if one.kind is not Kind.PROSE:
                yield one.raw, True
                continue
            yield from _cut_prose(one.raw)


def _cut_prose(text: str) -> Iterator[tuple[str, bool]]:
    position = 0
    pattern = _KEPT_WITH_ADDRESSES if _MAY_BE_ADDRESS.search(text) else _KEPT
    for match in pattern.finditer(text):
        start, end = match.span()
        # The full stop behind an address ends the sentence.
        while end - start > 1 and text[end - 1] in _STOP and text[start] != "\\":
            end -= 1
        yield text[position:start], False
        yield text[start:end], True
        position = end
    yield text[position:], False
