r"""One piece of LaTeX math as a line of Unicode: `\mathcal{O}(n^2)` becomes “O(n²)”.

pylatexenc parses, this module writes. It never sees prose: on whole abstracts a bare `%` would eat the rest.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from pylatexenc import latex2text, latexwalker, macrospec

from bot.latex import symbols
from bot.latex.symbols import lowered, raised

MAX_DEPTH = 24
"""Deepest nesting of braces that is read; pylatexenc and this module recurse."""

_PLAIN = re.compile(r"[A-Za-z0-9.,:;!?()\[\]+=<>/ -]*")
_COMMENT = re.compile(r"(?<!\\)%")
# Formulas come half converted: `\\hatβ` is `\\hat` of `β`, while pylatexenc takes any letter into the name.
_GLUED = re.compile(r"(\\[A-Za-z]+)(?=[^\W\d_])(?![A-Za-z])")
# `\\text{if $x$}`: inside a formula only the delimiters are left to remove.
_DOLLAR = re.compile(r"(?<!\\)\$")
_BROKEN = (latexwalker.LatexWalkerError, RecursionError, ValueError, LookupError, TypeError, AttributeError)
"""What pylatexenc 2.x raises on malformed input: its own errors, and plain Python ones from its argument parsers."""

_COMPOUND = re.compile(r"[\s+\-−/=<>±×·,;∕|≤≥∼≈]")
_GAPS = ("authored", "explicit", "macro")
_SIGNS = frozenset("+-±∓×∼≈")
_ROOTS = {"3": "∛", "4": "∜"}
_HEX = re.compile(r"x([0-9A-Fa-f]{2,5})")


@dataclass(slots=True)
class _Atom:
    """A piece of output. Kinds: ord, text, op, rel, open, close, punct, frac, gap (authored, explicit, macro)."""

    text: str
    kind: str = "ord"


def math_to_unicode(body: str) -> str | None:
    """Return the math between the delimiters as readable text, or None where it cannot be read and must stay."""
    body = _GLUED.sub(r"\1 ", _DOLLAR.sub("", _COMMENT.sub(r"\\%", body)))
    if _depth(body) > MAX_DEPTH:
        return None
    try:
        if _PLAIN.fullmatch(body):
            return _join(list(_characters(body)))
        walker = latexwalker.LatexWalker(body, latex_context=_context(), tolerant_parsing=False)
        nodes, _, _ = walker.get_latex_nodes(
            parsing_state=walker.make_parsing_state(in_math_mode=True, math_mode_delimiter="$")
        )
        return unicodedata.normalize("NFC", _render(nodes))
    except _BROKEN:
        return None


@cache
def symbol(name: str) -> str | None:
    """Return the characters that a macro without arguments stands for, or None if it is not known."""
    own = symbols.SYMBOLS.get(name)
    if own is not None:
        return own
    if name in symbols.OPERATORS:
        return name.removeprefix("b") if name == "bmod" else name
    spec = _text_context().get_macro_spec(name)
    replacement = getattr(spec, "simplify_repl", None)
    # Longer ones are stand-ins such as "<cit.>".
    return replacement if isinstance(replacement, str) and len(replacement) == 1 and replacement != "%" else None


@cache
def _text_context() -> macrospec.LatexContextDb:
    return latex2text.get_default_latex_context_db()


@cache
def _context() -> macrospec.LatexContextDb:
    one = symbols.PLAIN_MATH | symbols.PLAIN_TEXT | symbols.HIDDEN | set(symbols.ALPHABETS) | set(symbols.DECORATIONS)
    arguments = dict.fromkeys(one - {"operatorname", "smash"}, "{") | {"operatorname": "*{", "smash": "[{"}
    arguments |= dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"), "{{")
    arguments |= dict.fromkeys(("binom", "dbinom", "tbinom", "overset", "underset", "stackrel", "href"), "{{")
    arguments |= dict.fromkeys(("pmod", "unicode", "textsuperscript", "textsubscript", "not"), "{")
    arguments |= {"sqrt": "[{", "textcolor": "[{{", "xrightarrow": "[{", "xleftarrow": "[{"}
    arguments |= dict.fromkeys(symbols.SIZES, "")
    context = latexwalker.get_default_latex_context_db()
    specs = [macrospec.MacroSpec(name, form) for name, form in sorted(arguments.items())]
    context.add_context_category("own", macros=specs, prepend=True)
    return context


def _depth(body: str) -> int:
    deepest = depth = 0
    for character in body:
        if character == "{":
            depth += 1
            deepest = max(deepest, depth)
        elif character == "}":
            depth -= 1
    return deepest


def _render(nodes: Sequence[latexwalker.LatexNode]) -> str:
    return _join(list(_attach_scripts(list(_atoms(nodes)))))


def _atoms(nodes: Sequence[latexwalker.LatexNode]) -> Iterator[_Atom]:
    """Yield the atoms of parsed math; `^` and `_` come out as atoms of kind "script"."""
    after_unknown = False
    for node in nodes:
        unknown = False
        if node is None:
            continue
        if node.isNodeType(latexwalker.LatexCharsNode):
            yield from _characters(node.chars)
        elif node.isNodeType(latexwalker.LatexGroupNode):
            inner = _render(node.nodelist)
            yield _Atom(f"{{{inner}}}" if after_unknown else inner, "group")
            unknown = after_unknown
        elif node.isNodeType(latexwalker.LatexMacroNode):
            known = _macro(node)
            unknown = known is None
            yield from known if known is not None else _verbatim(node)
        elif node.isNodeType(latexwalker.LatexSpecialsNode):
            yield from _characters(node.specials_chars.replace("~", " ").replace("&", " "))
        elif node.isNodeType(latexwalker.LatexEnvironmentNode):
            yield from _environment(node)
        elif node.isNodeType(latexwalker.LatexMathNode):
            yield _Atom(_render(node.nodelist))
        after_unknown = unknown


def _characters(text: str) -> Iterator[_Atom]:
    for character in text:
        if character.isspace():
            yield _Atom(" ", "authored")
        elif character in "^_":
            yield _Atom(character, "script")
        elif character == "'":
            yield _Atom("′", "prime")
        else:
            yield _Atom(character, _kind(character))


def _kind(text: str) -> str:
    if text in symbols.RELATIONS:
        return "rel"
    if text in symbols.OPENING:
        return "open"
    if text in symbols.CLOSING:
        return "close"
    return "punct" if text in symbols.PUNCTUATION else "ord"


def _verbatim(node: latexwalker.LatexMacroNode) -> Iterator[_Atom]:
    yield _Atom(node.latex_verbatim().strip(), "ord")
    if node.macro_post_space:
        yield _Atom(" ", "authored")


def _macro(node: latexwalker.LatexMacroNode) -> list[_Atom] | None:
    """Return what a macro becomes, or None if nobody knows it."""
    name: str = node.macroname
    if name in symbols.SIZES:
        return [_Atom("", "delimiter")]
    if name in symbols.SPACES:
        return [_Atom(" ", "explicit")]
    if name == "\\":
        return [_Atom(";", "punct"), _Atom(" ", "explicit")]
    # Arguments as groups: a missing optional one is None.
    given = [one for one in (node.nodeargd.argnlist if node.nodeargd else ()) or () if one is not None]
    if given:
        return _with_arguments(name, given, [one is not None for one in node.nodeargd.argnlist])
    found = symbol(name)
    if found is None:
        return None
    gap = [_Atom(" ", "macro")] if node.macro_post_space else []
    if name == "mid":
        return [_Atom("|", "rel"), *gap]
    if name in symbols.OPERATORS:
        return [_Atom(found, "op"), *gap]
    # Spaces after a font or size switch are syntax.
    return [_Atom(found, _kind(found)), *gap] if found else [_Atom("", "size")]


def _with_arguments(name: str, given: Sequence[latexwalker.LatexNode], present: Sequence[bool]) -> list[_Atom] | None:
    last = given[-1]
    if name in symbols.HIDDEN:
        return [_Atom("", "size")]
    if name in symbols.PLAIN_TEXT:
        return _text_atoms(_text(last))
    if name == "operatorname":
        return [_Atom(_inner(last), "op")]
    if name in symbols.PLAIN_MATH or name == "textcolor":
        inner = _inner(last)
        return [_Atom(inner, "text" if len(inner) > 1 and inner.isalpha() else _kind(inner))]
    if name in symbols.ALPHABETS:
        inner = _inner(last)
        return [_Atom(symbols.letter(inner, symbols.ALPHABETS[name]) if len(inner) == 1 else inner)]
    if name in symbols.DECORATIONS:
        inner = _inner(last)
        return [_Atom(inner[:1] + symbols.DECORATIONS[name] + inner[1:])] if inner else []
    if name == "sqrt":
        return [_Atom(_root(_inner(last), _inner(given[0]) if present[0] else ""))]
    if len(given) == 2:
        return _with_two(name, _inner(given[0]), _inner(last))
    return _with_one(name, _inner(last))


def _with_two(name: str, first: str, second: str) -> list[_Atom] | None:
    if name.endswith("frac"):
        return [_Atom(f"{_operand(first)}/{_operand(second)}", "frac")]
    if name.endswith("binom"):
        return [_Atom(f"C({first}, {second})")]
    if name in ("overset", "stackrel"):
        return [_Atom(second + raised(first), _kind(second))]
    if name == "underset":
        return [_Atom(second + lowered(first), "op" if second.isalpha() else _kind(second))]
    return [_Atom(second)] if name == "href" else None


def _with_one(name: str, inner: str) -> list[_Atom] | None:
    if name == "pmod":
        return [_Atom(" ", "explicit"), _Atom(f"(mod {inner})")]
    if name == "not":
        negated = unicodedata.normalize("NFC", inner + "\u0338")
        return [_Atom(negated, "rel")]
    if name == "unicode":
        code = _HEX.fullmatch(inner.replace(" ", ""))
        character = chr(int(code[1], 16)) if code else ""
        return [_Atom(character)] if character.isprintable() else None
    if name in ("xrightarrow", "xleftarrow"):
        return [_Atom({"xrightarrow": "→", "xleftarrow": "←"}[name] + raised(inner), "rel")]
    if name == "textsuperscript":
        return [_Atom(raised(inner))]
    return [_Atom(lowered(inner))] if name == "textsubscript" else None


def _inner(node: latexwalker.LatexNode) -> str:
    return _render(node.nodelist if node.isNodeType(latexwalker.LatexGroupNode) else [node])


def _text(node: latexwalker.LatexNode) -> str:
    r"""Return the argument of `\text` and its like, where spaces count and letters are words."""
    nodes = node.nodelist if node.isNodeType(latexwalker.LatexGroupNode) else [node]
    parts = [
        one.chars if one.isNodeType(latexwalker.LatexCharsNode) else _render([one]) for one in nodes if one is not None
    ]
    return " ".join("".join(parts).split(" "))


def _text_atoms(text: str) -> list[_Atom]:
    inner = " ".join(text.split())
    before = [_Atom(" ", "explicit")] if text[:1].isspace() else []
    after = [_Atom(" ", "explicit")] if text[-1:].isspace() else []
    return [*before, _Atom(inner, "text"), *after] if inner else before


def _environment(node: latexwalker.LatexEnvironmentNode) -> list[_Atom]:
    inner = _render(node.nodelist).strip("; ")
    if node.environmentname.rstrip("*") in ("cases", "dcases"):
        return [_Atom(f"{{{inner}}}")]
    if "matrix" in node.environmentname or node.environmentname == "array":
        return [_Atom(f"[{inner}]")]
    return [_Atom(inner)]


def _root(inner: str, degree: str) -> str:
    sign = _ROOTS.get(degree, (raised(degree) if degree else "") + "√")
    return sign + (inner if len(inner) == 1 or inner.isdigit() else f"({inner})")


def _operand(text: str) -> str:
    enclosed = text.startswith("(") and text.endswith(")") and ")" not in text[1:-1]
    return text if enclosed or not _COMPOUND.search(text) else f"({text})"


def _attach_scripts(atoms: list[_Atom]) -> Iterator[_Atom]:
    """Yield atoms with each `^x` and `_x` written onto the atom before it, and primes as well."""
    base: _Atom | None = None
    index = 0
    while index < len(atoms):
        atom = atoms[index]
        index += 1
        if atom.kind in ("script", "prime"):
            text = "′"
            if atom.kind == "script":
                argument, index = _argument(atoms, index)
                text = (raised if atom.text == "^" else lowered)(argument)
            if base is None or base.kind in _GAPS:
                if base is not None:
                    yield base
                base = _Atom("")
            _write_script(base, text)
            continue
        if atom.kind == "delimiter" and index < len(atoms) and atoms[index].text == ".":
            index += 1  # `\left.` and `\right.` draw nothing
        if atom.kind not in ("size", "delimiter"):
            if base is not None:
                yield base
            base = atom
    if base is not None:
        yield base


def _write_script(base: _Atom, text: str) -> None:
    if base.kind == "frac":
        base.text, base.kind = f"({base.text})", "ord"
    base.text += text
    if text[:1] in ("^", "_"):
        base.kind = "scripted"
    elif base.kind == "rel" and base.text[0] not in "→←=∼":
        base.kind = "ord"


def _argument(atoms: list[_Atom], index: int) -> tuple[str, int]:
    """Return what a script mark takes: the next atom, or a sign with the digits after it, as in `10^-3`."""
    while index < len(atoms) and atoms[index].kind in ("authored", "macro", "size", "delimiter"):
        index += 1
    if index == len(atoms):
        return "", index
    text = atoms[index].text
    index += 1
    if text in ("-", "+"):
        while index < len(atoms) and atoms[index].text.isdigit():
            text += atoms[index].text
            index += 1
    return text, index


def _join(atoms: list[_Atom]) -> str:
    """Return the line: authors' spaces around operators are evened out, those that only end a macro are dropped."""
    out: list[str] = []
    before: _Atom | None = None
    gap = ""
    spaced = unary = False
    solid = [atom for atom in atoms if atom.kind not in _GAPS]
    following = iter([*solid[1:], _Atom("", "end")])
    for atom in atoms:
        if atom.kind in _GAPS:
            gap = gap if gap == "explicit" or (gap == "authored" and atom.kind == "macro") else atom.kind
            continue
        after = next(following)
        if atom.kind == "frac" and _crowded(before, gap, after):
            atom.text = f"({atom.text})"
        if before is not None and _has_gap(before, gap, atom, spaced=spaced, unary=unary):
            out.append(" ")
        if atom.kind == "rel":
            unary = before is None or before.kind in ("rel", "open", "punct")
            spaced = not unary and gap != ""
        out.append(atom.text)
        before, gap = atom, ""
    return "".join(out)


def _crowded(before: _Atom | None, gap: str, after: _Atom) -> bool:
    """Return whether a fraction needs parentheses because something stands right beside it."""
    left = before is not None and before.kind in ("ord", "close", "frac", "group") and gap in ("", "macro")
    return left or after.kind in ("ord", "open", "frac", "group")


def _has_gap(before: _Atom, gap: str, atom: _Atom, *, spaced: bool, unary: bool) -> bool:
    if gap == "explicit":
        return before.kind != "open" and atom.kind not in ("close", "punct")
    if before.kind == "open" or atom.kind in ("close", "punct"):
        return False
    if before.kind == "rel":
        return spaced or (unary and gap == "authored" and before.text not in _SIGNS)
    if atom.kind == "rel":
        return gap != ""
    if before.kind == "op":
        return atom.kind != "open"
    if atom.kind == "op":
        return before.kind != "punct" or gap != ""
    if before.kind == "scripted" and atom.text[:1].isalnum():
        return True
    return gap == "authored" or (gap == "macro" and (before.kind == "punct" or atom.kind == "text"))
