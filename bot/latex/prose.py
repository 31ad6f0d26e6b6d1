r"""Titles and abstracts as readable Unicode: math segments through `bot.latex.math`, the rest by a small table.

Text-mode macros are read here, never by pylatexenc. What nobody knows stays as it was written.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.latex.accents import replace_accents
from bot.latex.math import math_to_unicode, symbol
from bot.latex.segments import Kind, segments
from bot.latex.symbols import lowered, names, raised

MATH_BUDGET = 20_000
"""Characters of math converted in one text, ten times what an abstract can hold; the rest stays verbatim."""

_WORTHWHILE = re.compile(r"[\\$`~{]|--|''")
_TOKEN = re.compile(
    r"(?P<link>\\(?:href|hyperlink|hyperref)\s{0,9}[\[{](?P<to>[^{}\[\]]*)[\]}]\s{0,9}\{)"
    r"|(?P<address>\\(?:url|path|nolinkurl|href)\s{0,9}\{(?P<target>[^{}]*)\})"
    r"|(?P<dropped>\\(?:[Cc]ite[a-z]*|label|ref|eqref|autoref|[cC]ref|vspace|hspace|index)\*?"
    r"(?:\s{0,9}\[[^\[\]{}]*\]){0,2}\s{0,9}\{[^{}]*\}|\\color\s{0,9}\{[^{}]*\}\s?)"
    r"|(?P<coloured>\\(?:textcolor|colorbox|fontsize)\s{0,9}(?:\[[^\[\]{}]*\])?\{[^{}]*\}\s{0,9}\{)"
    r"|(?P<block>\\(?:begin|end)\{(?:itemize|enumerate|description|quote|center|abstract|sloppypar|flushleft)\}\s?)"
    r"|(?P<greek>\\[A-Za-z]\{(?:lpha|eta|amma|elta|ho|appa|hi|au|heta|ambda|igma|mega|silon|u|i)\})"
    r"|(?P<macro>\\(?P<name>[A-Za-z]+)(?P<star>\*?)(?P<gap>\s{0,9})(?P<brace>\{)?)"
    r"|(?P<escaped>\\.)"
    r"|(?P<dashes>-{2,})"
    r"|(?P<quotes>``|''|`)"
    r"|(?P<other>[{}~])"
    r"|(?P<plain>[^\\{}~`'-]+|.)",
    re.DOTALL,
)
_STYLES = names(
    "emph textbf textit texttt textsc textsf textrm textmd textup textsl textnormal text mbox hbox underline uline"
    " underbar ul sout st hl enquote ensuremath mathrm mathbf mathit mathsf mathtt mathcal boldsymbol bm uppercase"
    " ac acp acs acl acf gls glspl Gls Glspl acrshort acrlong acrfull num textinit textquote title keywords revise rev"
    " add new todo"
)
_SWITCHES = names(
    "em it bf sc tt rm sf sl tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge bfseries itshape"
    " scshape ttfamily sffamily rmfamily normalfont noindent centering raggedright protect footnotemark xspace"
    " boldmath unboldmath displaystyle textstyle bigskip medskip smallskip newpage maketitle relax"
)
_WORDS = {
    "ldots": "…",
    "dots": "…",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "item": "•",
    "newline": " ",
    "linebreak": " ",
    "par": " ",
    "and": "and",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textbackslash": "\\",
    "textbar": "|",
    "textless": "<",
    "textgreater": ">",
    "textunderscore": "_",
    "textdegree": "°",
    "textdollar": "$",
    "textpercent": "%",
    "textquotesingle": "'",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "textendash": "–",
    "textemdash": "—",
    "textellipsis": "…",
    "texttimes": "×",
    "textregistered": "®",
    "texttrademark": "™",
    "textcopyright": "©",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "S": "§",
    "P": "¶",
    "quad": " ",
    "qquad": " ",
    "eg": "e.g.",
    "ie": "i.e.",
    "etal": "et al.",
    "etc": "etc.",
    "iid": "i.i.d.",
}
_SCRIPT_PIECES = 40
# What may follow a letter directly and is no part of a path.
_BETWEEN = names("times pm le leq ge geq approx sim to rightarrow leftrightarrow cdot circ degree")
_ESCAPES = {character: character for character in "%&$_#{}"} | {",": " ", ";": " ", ":": " ", " ": " ", "\n": " "}
_ESCAPES |= {"\\": " ", "-": "", "/": "", "@": "", "!": "", "'": "'"}


@dataclass(slots=True)
class _Frame:
    """An open brace: where its opening stands in the output, how it closes, and the character before it."""

    start: int
    mode: str
    before: str
    target: str = ""


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    match: re.Match[str] | None = None


def latex_to_unicode(text: str, convert_math: Callable[[str], str | None] = math_to_unicode) -> str:
    r"""Return `text` with math and text macros as readable Unicode.

    Money, code in backticks and unknown macros stay as they are, and so does math that cannot be read. Never raises;
    takes time linear in the text. `convert_math` makes text of what is between the delimiters of a formula, None where
    it cannot be read.
    """
    if not _WORTHWHILE.search(text):
        return text
    return _Writer(list(_tokens(text, convert_math))).write()


def _tokens(text: str, convert_math: Callable[[str], str | None]) -> Iterator[_Token]:
    budget = MATH_BUDGET
    for segment in segments(text):
        if segment.kind is Kind.PROSE:
            yield from _prose_tokens(replace_accents(segment.raw))
            continue
        converted: str | None = None
        if segment.kind is Kind.MATH and len(segment.body) <= budget:
            budget -= len(segment.body)
            converted = convert_math(segment.body)
        yield _Token("opaque", segment.raw if converted is None else converted)


def _prose_tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise AssertionError
        position = match.end()
        kind = match.lastgroup or "plain"
        for outer in ("greek", "address", "link", "dropped", "coloured", "block", "macro"):
            if match[outer] is not None:
                kind = outer
        yield _Token(kind, match[0], match)


class _Writer:
    """Turns tokens into text with an explicit stack, so that no nesting is too deep.

    The opening of a frame stands in the output as written until its brace closes; then it becomes what it means.
    """

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._out: list[str] = []
        self._before = ""
        self._stack: list[_Frame] = []
        self._index = 0
        self._quotations = 0
        # How many closing marks are still to come: an opening mark without one stays as it is.
        self._closing = sum(token.text == "''" for token in tokens)

    def write(self) -> str:
        handlers = {
            "greek": self._greek,
            "address": self._address,
            "link": self._link,
            "dropped": self._dropped,
            "coloured": self._coloured,
            "macro": self._macro,
            "escaped": self._escaped,
            "dashes": self._dashes,
            "quotes": self._quotes,
            "other": self._other,
        }
        while self._index < len(self._tokens):
            token = self._tokens[self._index]
            self._index += 1
            handler = handlers.get(token.kind)
            if handler is not None and token.match is not None:
                handler(token.match)
            elif token.kind != "block":
                self._emit(token.text)
        return "".join(self._out)

    def _emit(self, text: str) -> None:
        if text:
            self._out.append(text)
            self._before = text[-1]

    def _after(self) -> str:
        return self._tokens[self._index].text[:1] if self._index < len(self._tokens) else ""

    def _push(self, opener: str, mode: str, target: str = "") -> None:
        self._stack.append(_Frame(len(self._out), mode, self._before, target))
        self._out.append(opener)
        if mode == "brace":
            self._before = "{"

    def _at_start_of_braces(self) -> _Frame | None:
        """Return the frame of plain braces in which nothing stands yet, if that is where we are."""
        frame = self._stack[-1] if self._stack else None
        return frame if frame and frame.mode == "brace" and len(self._out) == frame.start + 1 else None

    def _hide_braces(self, frame: _Frame, command: str) -> None:
        frame.mode = "keep"
        self._out[frame.start] += command
        self._before = frame.before

    def _greek(self, match: re.Match[str]) -> None:
        # A known slip of submission tools: `\\b{eta}` for `\\beta`.
        self._emit(symbol(match[0][1] + match[0][3:-1]) or match[0])

    def _address(self, match: re.Match[str]) -> None:
        self._emit(_address(match["target"]))

    def _link(self, match: re.Match[str]) -> None:
        self._push(match[0], "link" if match[0].startswith("\\href") else "keep", _address(match["to"]))

    def _coloured(self, match: re.Match[str]) -> None:
        self._push(match[0], "keep")

    def _dropped(self, match: re.Match[str]) -> None:
        braces = self._at_start_of_braces()
        if match[0].startswith("\\color") and braces:
            self._hide_braces(braces, match[0])
        elif self._before.isspace():
            self._out[-1] = self._out[-1].rstrip()
            self._before = self._out[-1][-1:] or "."
            if self._after().isalnum():
                self._emit(" ")

    def _macro(self, match: re.Match[str]) -> None:
        name, gap, brace = match["name"], match["gap"], match["brace"]
        if brace and name in _STYLES:
            self._push(match[0], "quote" if name in ("enquote", "textquote") else "keep")
        elif brace and name in ("footnote", "thanks"):
            self._push(match[0], "note")
        elif brace and name in ("textsuperscript", "textsubscript", "sbp"):
            self._push(match[0], "raise" if name == "textsuperscript" else "lower")
        elif name in _SWITCHES:
            if braces := self._at_start_of_braces():
                self._hide_braces(braces, match[0].removesuffix("{"))
            self._brace_after(brace)
        elif (found := self._word(name)) is not None:
            self._emit(found)
            # `\LaTeX{}` and `\LaTeX\ ` end the macro; a plain space was meant as one more often than not.
            if brace and self._after() == "}":
                self._index += 1
            else:
                self._emit(gap)
                self._brace_after(brace)
        else:
            self._emit(match[0].removesuffix("{"))
            self._brace_after(brace)

    def _word(self, name: str) -> str | None:
        if name in _WORDS:
            return _WORDS[name]
        # `C:\times` and `\foo\alpha` are not prose.
        before = self._before
        if before in (":", "\\") or (before.isascii() and before.isalpha() and name not in _BETWEEN):
            return None
        found = symbol(name)
        return found if found and not found.isspace() else None

    def _brace_after(self, brace: str | None) -> None:
        if brace:
            self._push("{", "brace")

    def _escaped(self, match: re.Match[str]) -> None:
        character = match[0][1]
        if character in "^~" and self._tokens_ahead("{", "}"):
            self._index += 2
            self._emit(character)
        elif character in " \n\\,;:" and self._before.isspace():
            return
        else:
            self._emit(_ESCAPES.get(character, match[0]))

    def _tokens_ahead(self, *texts: str) -> bool:
        ahead = self._tokens[self._index : self._index + len(texts)]
        return [token.text for token in ahead] == list(texts)

    def _dashes(self, match: re.Match[str]) -> None:
        before, after = self._before, self._after()
        option = (not before or before.isspace() or before in "([") and not (not after or after.isspace())
        if len(match[0]) > 3 or option or before in ("-", "<", "!") or after == ">":
            self._emit(match[0])
        else:
            self._emit("–" if len(match[0]) == 2 else "—")

    def _quotes(self, match: re.Match[str]) -> None:
        if match[0] == "''":
            self._closing -= 1
            if self._quotations:
                self._quotations -= 1
                self._emit("”")
                return
        elif match[0] == "``" and self._closing > self._quotations:
            self._quotations += 1
            self._emit("“")
            return
        elif match[0] == "`" and self._single_quotation():
            self._emit("‘")
            return
        self._emit(match[0])

    def _single_quotation(self) -> bool:
        """Return whether TeX's `word' begins here, and turn its closing mark."""
        before = self._before
        if before.isalnum():
            return False
        for ahead in range(self._index, min(self._index + 40, len(self._tokens))):
            token = self._tokens[ahead]
            if token.kind in ("quotes", "opaque") and "`" in token.text:
                return False
            if token.kind == "plain" and token.text == "'":
                following = self._tokens[ahead + 1].text[:1] if ahead + 1 < len(self._tokens) else ""
                if following.isalnum() or self._tokens[ahead - 1].text[-1:].isspace():
                    continue
                self._tokens[ahead] = _Token("opaque", "’")
                return True
        return False

    def _other(self, match: re.Match[str]) -> None:
        if match[0] == "{":
            self._push("{", "brace")
        elif match[0] == "}":
            self._close_brace()
        else:
            before, after = self._before, self._after()
            tie = bool(before) and (before.isalnum() or before in ".,;:)]’”'") and bool(after) and not after.isspace()
            self._emit(" " if tie and not (before.isdigit() and after.isdigit()) else "~")

    def _close_brace(self) -> None:
        if not self._stack:
            self._emit("}")
            return
        frame = self._stack.pop()
        start = frame.start
        if frame.mode == "brace":
            self._emit("}")
            return
        if frame.mode in ("raise", "lower"):
            inner = "".join(self._out[start + 1 : start + 1 + _SCRIPT_PIECES])
            if len(self._out) - start - 1 <= _SCRIPT_PIECES:
                self._out[start:] = [raised(inner) if frame.mode == "raise" else lowered(inner)]
                return
        opening, closing = {"quote": ("“", "”"), "note": (" (", ")")}.get(frame.mode, ("", ""))
        if frame.target and self._out[start + 1 : start + 3] != [frame.target]:
            closing = f" ({frame.target})"
        self._out[start] = opening
        self._emit(closing)


def _address(target: str) -> str:
    """Return a URL as a browser takes it: `\\%`, `\\_` and the like are TeX's."""
    return re.sub(r"\\([%_#&~{}])", r"\1", target).strip()
