"""Tables for reading math: which macro is which character, which characters have raised and lowered forms.

What pylatexenc's own table already has right is not repeated here.
"""


def names(text: str) -> frozenset[str]:
    """Return the words of a table that is written as one string."""
    return frozenset(text.split())


SYMBOLS = {
    "!": "",
    "-": "",
    "/": "",
    "#": "#",
    "$": "$",
    "%": "%",
    "&": "&",
    "_": "_",
    "{": "{",
    "}": "}",
    "|": "‖",
    "ast": "*",
    "backslash": "\\",
    "cdots": "⋯",
    "circ": "∘",
    "colon": ":",
    "coloneqq": "≔",
    "degree": "°",
    "dotsb": "⋯",
    "dotsc": "…",
    "dotso": "…",
    "gets": "←",
    "iff": "⇔",
    "implies": "⇒",
    "land": "∧",
    "lor": "∨",
    "lVert": "‖",
    "rVert": "‖",
    "Vert": "‖",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "prime": "′",
    "varnothing": "∅",
    "neg": "¬",
    "ne": "≠",
    "bot": "⊥",
    "models": "⊨",
    "owns": "∋",
    "lll": "⋘",
    "ggg": "⋙",
    "dag": "†",
    "ddag": "‡",
    "ddagger": "‡",
    "Diamond": "◇",
    "Box": "□",
    "triangle": "△",
    "clubsuit": "♣",
    "diamondsuit": "♢",
    "heartsuit": "♡",
    "spadesuit": "♠",
    "imath": "ı",
    "jmath": "ȷ",
    "biguplus": "⨄",
    "leadsto": "⇝",
    "impliedby": "⇐",
    "lhd": "⊲",
    "rhd": "⊳",
    "unlhd": "⊴",
    "nsim": "≁",
    "ncong": "≇",
    "S": "§",
    "P": "¶",
    "copyright": "©",
    "pounds": "£",
    "lbrack": "[",
    "rbrack": "]",
    "lt": "<",
    "gt": ">",
    "micro": "µ",
    "ohm": "Ω",
    "celsius": "°C",
    "cdotp": "·",
    "ldotp": ".",
    "bigO": "O",
    "emptyset": "∅",
    "hbar": "ℏ",
    "triangleq": "≜",
    "checkmark": "✓",
    "xspace": "",
    "limits": "",
    "nolimits": "",
    "displaystyle": "",
    "textstyle": "",
    "scriptstyle": "",
    "boldmath": "",
    "unboldmath": "",
    "tiny": "",
    "small": "",
    "rm": "",
    "bf": "",
    "it": "",
    "sf": "",
    "tt": "",
    "sc": "",
    "cal": "",
    "nonumber": "",
    "notag": "",
}

# Sizes of delimiters; the delimiter itself follows.
SIZES = frozenset(
    f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
) | frozenset({"left", "right", "middle"})

SPACES = frozenset({",", ":", ";", ">", " ", "\n", "quad", "qquad", "enspace", "thinspace", "space", "hfill", "enskip"})

OPERATORS = names(
    "Re Im arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf"
    " limsup ln log max min mod bmod poly polylog Pr sec sin sinh sup tan tanh"
)

RELATIONS = frozenset("=<>≤≥≠≈∼≃≅≡∝∈∉∋⊂⊆⊃⊇⊊→←↦⇒⇐⇔↔⟶⟵⟹⟺≪≫≲≳≔≜⊢⊨⪯⪰≺≻⊥∥+-±∓×÷·∘⊕⊗⊙∪∩∧∨∖⋅⋆*/⩽⩾")
"""Relations and binary operators: spaced on both sides or on neither."""

OPENING = frozenset("([{⟨⌈⌊")
CLOSING = frozenset(")]}⟩⌉⌋")
PUNCTUATION = frozenset(",;")

# One argument that is shown as it is.
PLAIN_MATH = names(
    "boldsymbol bm mathbf mathit mathrm mathsf mathtt mathnormal mathop mathbin mathrel mathord mathopen mathclose"
    " mathpunct mathinner operatorname pmb smash ensuremath underbrace overbrace boxed cancel uline vcentcolon"
    " displaylimits substack bold Bbb"
)
PLAIN_TEXT = names(
    "text textbf textit textrm textsf texttt textsc textnormal textup textmd textsl emph mbox hbox underline uline"
    " unit mathtext"
)
ALPHABETS = {
    "mathbb": "double-struck",
    "mathbbm": "double-struck",
    "mathds": "double-struck",
    "mathcal": "script",
    "mathscr": "script",
    "mathfrak": "fraktur",
}
HIDDEN = frozenset({"phantom", "hphantom", "vphantom", "label", "tag", "color", "hspace", "vspace", "mspace"})

DECORATIONS = {
    "acute": "\u0301",
    "bar": "\u0304",
    "breve": "\u0306",
    "check": "\u030c",
    "ddot": "\u0308",
    "dot": "\u0307",
    "grave": "\u0300",
    "hat": "\u0302",
    "mathring": "\u030a",
    "overline": "\u0305",
    "overrightarrow": "\u20d7",
    "tilde": "\u0303",
    "vec": "\u20d7",
    "widehat": "\u0302",
    "widetilde": "\u0303",
}

# Letterlike symbols that stand in the gaps of the block Mathematical Alphanumeric Symbols.
_EXCEPTIONS = {
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "script": dict(zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True)) | {"O": "O"} | dict(zip("ego", "ℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
}
_STARTS = {"double-struck": (0x1D538, 0x1D552), "script": (0x1D49C, 0x1D4B6), "fraktur": (0x1D504, 0x1D51E)}


def letter(character: str, alphabet: str) -> str:
    """Return an ASCII letter or digit in that mathematical alphabet; big O stays O, as in “O(n²)”."""
    exception = _EXCEPTIONS[alphabet].get(character)
    if exception is not None:
        return exception
    upper, lower = _STARTS[alphabet]
    if "A" <= character <= "Z":
        return chr(upper + ord(character) - ord("A"))
    if "a" <= character <= "z":
        return chr(lower + ord(character) - ord("a"))
    if alphabet == "double-struck" and "0" <= character <= "9":
        return chr(0x1D7D8 + int(character))
    return character


SUPERSCRIPTS = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδθιφχ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᶿᶥᶲᵡ",
        strict=True,
    )
) | {"−": "⁻", "⊤": "ᵀ", "∘": "°", "°": "°", "′": "′", "*": "*", "∗": "*", "⋆": "⋆", "†": "†", "‡": "‡"}
SUBSCRIPTS = dict(
    zip(
        "0123456789+-=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
) | {"−": "₋"}


def raised(text: str) -> str:
    """Return `text` as a superscript: in raised characters where all have one, else as `^x` or `^(n/2)`."""
    return _script(text, SUPERSCRIPTS, "^")


def lowered(text: str) -> str:
    """Return `text` as a subscript: in lowered characters where all have one, else as `_x` or `_(a,b)`."""
    return _script(text, SUBSCRIPTS, "_")


def _script(text: str, table: dict[str, str], mark: str) -> str:
    text = text.strip()
    if not text:
        return ""
    word = len(text) > 3 and text.isascii() and text.isalpha()
    bare = text.replace(" ", "")
    if not word and all(character in table for character in bare):
        return "".join(table[character] for character in bare)
    if word or len(text) == 1 or (text.isascii() and text.isalpha() and text.isupper()):
        return mark + text
    enclosed = text[0] == "(" and text[-1] == ")" and ")" not in text[1:-1]
    return mark + (text if enclosed else f"({text})")
