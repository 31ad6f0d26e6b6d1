"""Numerals in Chinese characters, as Chinese and Japanese write them: “三十五”, “两万”, “百分之九十”, “三成”."""

import re
from collections.abc import Iterator

from bot.digest import number_words as words

_HAN_NUMERAL = "〇零一二三四五六七八九两兩十百千万萬亿億"
_PART_OF = re.compile(rf"([{_HAN_NUMERAL}]+|[\d.]+)分之([{_HAN_NUMERAL}]+(?:[点點][〇零一二三四五六七八九]+)?|[\d.]+)")
_HAN = re.compile(
    rf"(?P<vague>[数數几幾上成])?(?P<ordinal>第)?"
    rf"(?P<number>[{_HAN_NUMERAL}]+(?:[点點][〇零一二三四五六七八九]+)?)\s?(?P<after>.?)"
)
_BEFORE_UNIT = re.compile(r"\d\s?$")


def han_values(text: str, *, strict: bool) -> Iterator[tuple[float, str, int]]:
    """Yield (value, as written, start) of a text's numerals; where `strict`, only of those that count something."""
    for match in _HAN.finditer(text) if not text.isascii() else ():
        numeral, after = match["number"], match["after"]
        if _BEFORE_UNIT.search(text, max(0, match.start("number") - 2), match.start("number")):
            continue
        value = _han_value(numeral)
        if value is None:
            continue
        if after in "成割" and after:
            value *= 10
        if strict:
            counted = bool(after) and after in words.HAN_COUNTED
            if value < 2 or match["vague"] or match["ordinal"] or not (counted or len(numeral) > 1):
                continue
            if not counted and not any(c in words.HAN_UNITS or c in words.HAN_MYRIADS for c in numeral):
                continue
            if numeral in ("万一", "千万", "十分", "万千", "百", "千万千万"):
                continue
        yield value, numeral + (after if after in words.HAN_COUNTED else ""), match.start("number")


def _han_value(numeral: str) -> float | None:
    whole, point, decimals = numeral.replace("點", "点").partition("点")
    if point:
        value = _han_value(whole)
        digits = "".join(str(words.HAN_DIGITS[character]) for character in decimals)
        return None if value is None else value + float(f"0.{digits}")
    total, section, digit = 0, 0, -1
    for character in numeral:
        if character in words.HAN_DIGITS:
            if digit > 0:
                return None
            digit = words.HAN_DIGITS[character]
        elif character in words.HAN_UNITS:
            section += (digit if digit > 0 else 1) * words.HAN_UNITS[character]
            digit = -1
        else:
            section += max(digit, 0)
            if character in "亿億":
                total = (total + section or 1) * words.HAN_MYRIADS[character]
            else:
                total += (section or 1) * words.HAN_MYRIADS[character]
            section, digit = 0, -1
    return float(total + section + max(digit, 0))


def parts_of(text: str) -> Iterator[tuple[float, tuple[int, int]]]:
    """Yield (share, place) of “三分之二” and “百分之九十五”."""
    for match in _PART_OF.finditer(text) if "分之" in text else ():
        whole, part = _plain_or_han(match[1]), _plain_or_han(match[2])
        if whole and part is not None:
            yield part / whole, match.span()


def _plain_or_han(text: str) -> float | None:
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    return _han_value(text) if text[0] in _HAN_NUMERAL else None
