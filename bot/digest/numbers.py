"""Numbers of a text in one form, so that those of a summary can be looked for in its source, whatever the language.

“1.2 million”, “120万” and “1,200,000” are one number; so are “95 %” and “百分之九十五”, “three” and “三种”.
A number inside a name (“GPT-4”) vouches for that name and not for a count of four. What is read from a source is
generous, what a summary claims is read strictly: a claim passes if one reading of it is in the source.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.digest import number_words as words
from bot.digest.han_numbers import han_values, parts_of

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_DIGIT = re.compile(r"\d")
_OTHER_DIGITS = re.compile(r"[^\x00-\x7f]")
_LATEX = (
    (re.compile(r"\\[td]?frac\s*\{(\d+)\}\s*\{(\d+)\}"), r" \1/\2 "),
    (re.compile(r"\^\s*\{\s*([-+]?\d+)\s*\}"), r"^\1"),
    (re.compile(r"\{,\}|\\,(?=\d{3})"), ","),
    (re.compile(r"\\times|\\cdot"), "×"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\(?:sim|approx|simeq|[lg]eq?)(?![a-z])|\\[,;:! ]"), " "),
    (re.compile(r"[${}]"), ""),
)
_NUMBERING = re.compile(
    r"[①-⑳⑴-⒇❶-❿]|[(（]\s?\d{1,2}\s?[)）]|(?:^|(?<=[\n;；。]))\s*\d{1,2}[.)、](?=[\s\u4e00-\u9fff])|\[\d{1,3}(?:\s?,\s?\d{1,3})*\]"
)
_NUMBER = re.compile(
    r"(?P<before>(?<![A-Za-z\u00c0-\u024f])[A-Za-z\u00c0-\u024f][\w+]{0,40}?[-–_@=./]{0,2})?(?<![\d.,])"
    r"(?P<number>\d{1,3}(?:[ '’]\d{3})+(?!\d)|\d+(?:[.,]\d+)*)"
    r"(?:[eE](?P<exponent>[-+]?\d{1,3})(?!\w))?"
    r"(?:\s?[×x*]\s?(?P<base>10)\^(?P<power>[-+]?\d{1,3})|\^(?P<raised>[-+]?\d{1,3}))?"
)
_LETTER = re.compile(r"([KkMBbGT])(?![A-Za-z0-9])")
_MULTIPLIER = re.compile(
    r"[\s-]?(?:"
    + "|".join(f"(?P<m{place}>{pattern})" for place, (pattern, _) in enumerate(words.MULTIPLIERS))
    + ")(?![a-z])",
    re.IGNORECASE,
)
_PERCENT = re.compile(rf"[\s-]?(?:{words.PERCENT})", re.IGNORECASE)
_TENTHS = re.compile(r"\s?[成割]")
_SUFFIX = re.compile(r"-?[A-Za-z]{1,4}(?![a-z])")
_SLASH = re.compile(r"(?<![\w.])(\d{1,4})\s?[/⁄]\s?(\d{1,4})(?![\w.])")
_WORD = re.compile(r"[^\W\d_]+")
_FRACTION_WORDS = re.compile(
    r"\b(a|one|two|three|four)[\s-](thirds?|quarters?|fourths?|fifths?|sixths?|eighths?|tenths?)\b", re.IGNORECASE
)
_HEDGE = re.compile(
    r"(?:about|around|nearly|almost|over|more than|roughly|approximately|approx\.?|some|up to|close to|under|[~≈]"
    r"|约|約|近|超过|超過|逾|大约|接近|将近|达|高达|около|более|почти|rund|etwa|über|fast|environ|près de|plus de"
    r"|más de|casi|cerca de|mais de|circa|oltre|약)\s*$",
    re.IGNORECASE,
)
_HEDGE_REACH = 14
_NAME_BEFORE = re.compile(r"[A-Z][A-Za-z]*[ -]$")
_EVERYBODYS = frozenset(("f1", "l1", "l2", "2d", "3d", "4d"))
"""Labels that anybody may use for what an abstract writes out."""

_PLACES_TEXT = "top pass recall precision hits step figure table section stage phase level best"
_PLACES = frozenset(_PLACES_TEXT.split())
"""Words before a number that make no name of it, even with a capital."""

_LEAST_DIGITS = 2
"""Significant digits a rounded number must show."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A number that a text states: `shown` as written, `readings` what it may mean, `label` where it is in a name."""

    shown: str
    readings: frozenset[str]
    label: str = ""
    hedged: float | None = None
    digits: int = 0


@dataclass(slots=True)
class Numbers:
    """The numbers of a source: `values` as keys (see `key`), `labels` the parts of names that have digits."""

    values: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    floats: list[float] = field(default_factory=list)

    def add(self, *values: float) -> None:
        """Add values."""
        for value in values:
            self.values.add(key(value))
            self.floats.append(value)

    def supports(self, claim: Claim) -> bool:
        """Return whether the source has that number, or one that rounds to it where the claim says “about”."""
        if claim.readings & self.values or claim.label in self.labels or claim.label in _EVERYBODYS:
            return True
        if claim.hedged is None or claim.digits < _LEAST_DIGITS:
            return False
        wanted = float(f"{claim.hedged:.{claim.digits - 1}e}")
        return any(value and float(f"{value:.{claim.digits - 1}e}") == wanted for value in self.floats)


def key(value: float) -> str:
    """Return a number to six significant digits, as text; the sign does not count."""
    return f"{abs(value):.6g}"


def numbers_of(text: str) -> Numbers:
    """Return the numbers of a source, which may hold LaTeX."""
    prepared = _prepared(text)
    found = Numbers()
    for match in _NUMBER.finditer(prepared):
        _add_digits(found, prepared, match)
    for match in _SLASH.finditer(prepared):
        if int(match[2]):
            found.add(int(match[1]) / int(match[2]), 100 * int(match[1]) / int(match[2]))
    for value, _, _ in han_values(prepared, strict=False):
        found.add(value)
    for value, _ in parts_of(prepared):
        found.add(value, value * 100)
    for match in _FRACTION_WORDS.finditer(prepared):
        share = _share(match)
        found.add(share, share * 100)
    for value, _ in _spelled(prepared, "en"):
        found.add(value)
    for word in _WORD.findall(prepared.lower()):
        found.add(*words.EQUAL.get(word, ()))
        scale = words.SCALES.get(word.removesuffix("s"))
        if scale:
            found.add(scale)
    return found


def claims_of(text: str, language: str = "en") -> list[Claim]:
    """Return the numbers that a summary in `language` states, list numbering left out."""
    prepared = _prepared(_NUMBERING.sub(" ", text))
    main = language.partition("-")[0].lower()
    claims: list[Claim] = []
    digits = _DIGIT.search(prepared) is not None
    shares = list(_SLASH.finditer(prepared)) if digits else []
    taken = [match.span() for match in shares]
    for match in shares:
        share = int(match[1]) / int(match[2]) if int(match[2]) else 0.0
        claims.append(Claim(match[0], frozenset({key(share), key(share * 100)})))
    for value, span in parts_of(prepared):
        taken.append(span)
        claims.append(Claim(prepared[slice(*span)], frozenset({key(value), key(value * 100)})))
    for match in _NUMBER.finditer(prepared) if digits else ():
        if not _inside(match.start("number"), taken):
            claims.extend(_digit_claims(prepared, match, main))
    for value, shown, start in han_values(prepared, strict=True):
        if not _inside(start, taken):
            claims.append(Claim(shown, frozenset({key(value)})))
    for match in _FRACTION_WORDS.finditer(prepared):
        taken.append(match.span())
        claims.append(Claim(match[0], frozenset({key(_share(match)), key(_share(match) * 100)})))
    for value, span in _spelled(prepared, main):
        if not _inside(span[0], taken):
            claims.append(Claim(prepared[slice(*span)], frozenset({key(value)})))
    factors = (match[0] for match in words.CLAIMING.finditer(prepared.lower()) if match[0] in words.EQUAL)
    return claims + [Claim(factor, frozenset(map(key, words.EQUAL[factor]))) for factor in factors]


def unsupported(text: str, source: Numbers, language: str = "en") -> list[str]:
    """Return the numbers that `text` states and `source` does not have, as written, each once."""
    return list(dict.fromkeys(one.shown for one in claims_of(text, language) if not source.supports(one)))


def _prepared(text: str) -> str:
    text = _SUPERSCRIPT_RUN.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text).replace("٫", ".").replace("٬", ",")
    for pattern, replacement in _LATEX:
        text = pattern.sub(replacement, text)
    return _OTHER_DIGITS.sub(_ascii_digit, text).replace("−", "-")


def _ascii_digit(match: re.Match[str]) -> str:
    return str(unicodedata.decimal(match[0])) if match[0].isdecimal() else match[0]


def _readings(raw: str, *, strict: str | None) -> list[float]:
    """Return what the digits may mean. `strict`: the language whose way of writing counts; None: any."""
    plain = re.sub(r"[ '’]", "", raw)
    if plain.count(".") > 1 and not re.fullmatch(r"\d{1,3}(?:\.\d{3})+", plain):
        return []
    found: list[float] = []
    if "," in plain and "." in plain:
        decimal = max(plain.rfind(","), plain.rfind("."))
        whole = re.sub(r"[.,]", "", plain[:decimal])
        found.append(float(f"{whole}.{plain[decimal + 1 :]}"))
    elif re.fullmatch(r"\d{1,3}(?:,\d{3})+", plain):
        found.append(float(plain.replace(",", "")))
    elif plain.count(",") == 1:
        found.append(float(plain.replace(",", ".")))
    elif "," in plain:
        found.extend(float(part) for part in plain.split(",") if part)
    elif plain.count(".") > 1:
        found.append(float(plain.replace(".", "")))
    else:
        found.append(float(plain))
    if strict not in (None, "en", "zh", "ja", "ko") and re.fullmatch(r"\d{1,3}[.,]\d{3}", plain):
        found.append(float(plain.replace(".", "").replace(",", ".")))
        found.append(float(plain.replace(",", "").replace(".", "")))
    return found


def _scaled(text: str, end: int) -> tuple[int, int]:
    """Return (multiplier, where it ends) of what follows a number at `end`."""
    letter = _LETTER.match(text, end)
    if letter:
        return words.LETTERS[letter[1]], letter.end()
    match = _MULTIPLIER.match(text, end)
    if match:
        place = next(place for place in range(len(words.MULTIPLIERS)) if match[f"m{place}"])
        return words.MULTIPLIERS[place][1], match.end()
    return 1, end


def _powers(match: re.Match[str], values: list[float]) -> list[float]:
    if match["exponent"]:
        return [value * 10.0 ** int(match["exponent"]) for value in values]
    if match["power"]:
        return [value * 10.0 ** int(match["power"]) for value in values]
    if match["raised"]:
        power = int(match["raised"])
        return [value**power for value in values if value and abs(power) <= 30 and value < 10**6]
    return values


def _add_digits(found: Numbers, text: str, match: re.Match[str]) -> None:
    end = match.end()
    scale, scaled_end = _scaled(text, end)
    before = match["before"] or ""
    suffix = _SUFFIX.match(text, match.end("number"))
    found.labels.add(_label(before + match["number"] + (suffix[0] if suffix else "")))
    plain = _readings(match["number"], strict=None)
    values = _powers(match, plain)
    if " " in match["number"]:
        values += [float(part) for part in re.findall(r"\d+", match["number"])]
    if scale != 1:
        found.add(*(value * scale for value in values))
    if _is_name(before):
        return
    if scale == 1:
        found.add(*values, *(plain if match["power"] else ()))
    if _PERCENT.match(text, scaled_end):
        found.add(*values, *(value / 100 for value in values))
    if _TENTHS.match(text, end):
        found.add(*(value * 10 for value in values), *(value / 10 for value in values))


def _digit_claims(text: str, match: re.Match[str], language: str) -> Iterator[Claim]:
    raw, before = match["number"], match["before"] or ""
    scale, end = _scaled(text, match.end())
    suffix = _SUFFIX.match(text, match.end("number"))
    apart = _NAME_BEFORE.search(text, max(0, match.start("number") - 30), match.start("number"))
    name = before or (apart[0] if apart else "")
    label = _label(name + raw + (suffix[0] if suffix else "")) if name or suffix else ""
    parts = [raw] if "," not in raw or raw.count(",") == 1 else [raw, *raw.split(",")]
    values = _powers(match, [value for part in parts[:1] for value in _readings(part, strict=language)])
    if not values:
        # A version, a date or a time: each part of it on its own.
        for part in re.findall(r"\d+", raw):
            yield Claim(raw, frozenset({key(float(part))}), label or _label(raw))
        return
    if " " in raw and scale == 1:
        joined = frozenset(map(key, values))
        for part in raw.split(" "):
            yield Claim(part, joined | {key(float(part))})
        return
    readings = {value * scale for value in values}
    if _PERCENT.match(text, end):
        # 95 % may stand there as 0.95; 600 % must not pass for some 6.
        readings |= {value / 100 for value in readings if value % 100}
    elif _TENTHS.match(text, match.end()):
        readings = {value * 10 for value in values} | {value / 10 for value in values}
    elif re.match(r"\s?倍", text[end : end + 2]) and values == [1.0]:
        readings |= {2.0}
    # "GPT-5" is no five of anything: only the name itself vouches for it.
    keys = set() if _is_name(before) and label not in _EVERYBODYS else {key(value) for value in readings}
    hedge = _HEDGE.search(text, max(0, match.start() - _HEDGE_REACH), match.start())
    hedged = next(iter(values)) * scale if hedge or (text[end : end + 1] in "多余餘+" and end < len(text)) else None
    shown = text[match.start("number") : end]
    yield Claim(shown.strip(), frozenset(keys), label, hedged, len(re.sub(r"\D|^0+", "", raw).rstrip("0") or "0"))


def _is_name(before: str) -> bool:
    """Return whether letters right before a number make a name of both: "GPT-", but not "top-" or "k="."""
    return (
        bool(before) and before[0].isupper() and before[-1] not in "@=" and before.rstrip("-–").lower() not in _PLACES
    )


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", text.lower())


def _spelled(text: str, language: str) -> Iterator[tuple[float, tuple[int, int]]]:
    """Yield (value, place) of number words, those that belong together as one: “two hundred”, “twenty-five”."""
    if words.COUNTING.isdisjoint(_WORD.findall(text.lower())):
        return
    found = list(_WORD.finditer(text))
    place = 0
    while place < len(found):
        start, value, last = found[place].start(), 0.0, -1
        if found[place - 1].end() == start and place:
            place += 1
            continue
        while place < len(found) and (
            last < 0 or text[found[last].end() : found[place].start()].strip() in ("", "-", "and")
        ):
            step = _step(found[place][0].lower(), value, language, first=last < 0)
            if step is None:
                break
            value, last = step, place
            place += 1
        if last >= 0 and value > 1:
            yield value, (start, found[last].end())
        if last < 0:
            place += 1


def _step(word: str, value: float, language: str, *, first: bool) -> float | None:
    """Return the value with `word` added, or None where it does not go on."""
    scale = words.SCALES.get(word)
    if scale:
        return None if first else value * scale
    if word in ("a", "one") and language == "en":
        return 1.0 if first else None
    small = words.TENS.get(word) or words.SMALL.get(word)
    own = words.LANGUAGE_OF.get(word)
    if small is None or (own is not None and own != language):
        return None
    return value + small if first or value % 100 in range(20, 100, 10) or value % 100 == 0 else None


def _share(match: re.Match[str]) -> float:
    part = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4}[match[1].lower()]
    return part / words.FRACTIONS[match[2].lower().removesuffix("s")]


def _inside(position: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= position < end for start, end in spans)
