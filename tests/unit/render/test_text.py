"""Cleaning, cutting and escaping of strangers' texts."""

import re
import unicodedata

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.text import (
    authors_line,
    clip,
    discord_length,
    escape_discord,
    escape_markdown,
    inert,
    is_web_address,
    readable,
    sanitise,
)
from tests.unit.render.samples import BAIT, hostile

# What Discord turns into a mention, a time, an emoji or a link.
MARKUP = re.compile(
    r"@everyone|@here|<@[!&]?\d+>|<#\d+>|</[^>\n]{1,40}:\d+>|<t:-?\d+|<id:|<a?:\w+:\d+>|://|discord\.gg|discord\.com/invite",
    re.IGNORECASE,
)
FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("  a \t b\n\nc\u00a0d\u2028e ", "a b c d e"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2066a\u2069\u200e\u200f\u061c", "a"),
        ("a\u200bb\ufeffc\u2060d\u00ad", "abcd"),
        ("nul\x00nul\x85x", "nulnul x"),
        ("\ud83d lone \udc00", "lone"),
        ("tag\U000e0041\U000e0062\U000e007f", "tag"),
        ("hid\U000e0100\U000e01efden", "hidden"),
        ("v\ufe00\ufe0fs", "vs"),
        ("Go\u0308del", "Gödel"),
        ("e" + "\u0323" * 300, "ẹ" + "\u0323" * 3),
        ("\u0301lead", "lead"),
        (f"{FAMILY} 👩🏽‍🔬 ❤️ 1️⃣ 🇫🇷", f"{FAMILY} 👩🏽‍🔬 ❤️ 1️⃣ 🇫🇷"),
        ("zero\u200djoin\u200cer", "zerojoiner"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("深度学习", "深度学习"),
        ("שלום עולם", "שלום עולם"),
        ("\ufdd0\ufffe\U0001ffff", ""),
        ("\u3164\u115f\u2800x", "x"),
    ],
)
def test_sanitise(dirty: str, clean: str) -> None:
    assert sanitise(dirty) == clean


@settings(deadline=None)
@given(hostile)
def test_sanitised_text_is_clean_and_stays(text: str) -> None:
    clean = sanitise(text)
    assert sanitise(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert not regex.search(r"[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u200b\ufeff]|\p{Mn}{5}", clean)
    clean.encode("utf-8")


def test_readable_turns_math_and_strips() -> None:
    assert readable(' $\\alpha_i$\u200b of G\\"odel\n ') == "αᵢ of Gödel"


@settings(deadline=None)
@given(hostile, st.integers(0, 300))
def test_clip_keeps_both_lengths_and_whole_graphemes(text: str, limit: int) -> None:
    text = sanitise(text)
    cut = clip(text, limit)
    assert len(cut) <= discord_length(cut) <= max(limit, 0)
    assert discord_length(cut) == len(cut.encode("utf-16-le")) // 2
    if cut != text and cut:
        assert cut.endswith("…")
        ends = {0} | {match.end() for match in regex.finditer(r"\X", text)}
        assert text.startswith(cut[:-1])
        assert len(cut) - 1 in ends


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 5, "short"),
        ("several words that go on", 15, "several words…"),
        ("several words, that go on", 15, "several words…"),
        ("unbreakablelongword", 8, "unbreak…"),
        (FAMILY * 3, 12, FAMILY + "…"),
        (FAMILY * 3, 5, "…"),
        ("abc", 0, ""),
        ("深度学习的注意力", 5, "深度学习…"),
        ("𝔸𝔸𝔸𝔸", 5, "𝔸𝔸…"),
    ],
)
def test_clip(text: str, limit: int, cut: str) -> None:
    assert clip(text, limit) == cut


@settings(deadline=None)
@given(hostile, st.integers(1, 400))
def test_clip_can_measure_what_an_escaped_text_takes(text: str, limit: int) -> None:
    cut = clip(sanitise(text), limit, measure=lambda part: discord_length(escape_discord(part)))
    assert discord_length(escape_discord(cut)) <= limit


@settings(deadline=None)
@given(hostile)
def test_no_markup_of_discord_survives(text: str) -> None:
    for escape in (inert, escape_discord, escape_markdown):
        assert not MARKUP.search(escape(sanitise(text)).replace("\\", ""))


@settings(deadline=None)
@given(hostile)
def test_escaped_text_has_no_live_marks(text: str) -> None:
    escaped = escape_discord(sanitise(text))
    bare = re.sub(r"\\.", "", escaped)
    assert not re.search(r"[*_`\[\]\\]|~~|\|\|", bare)
    assert not re.match(r"\s*(?:[>#\-+]|\d+\. )", escaped)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("snake_case *x*", r"snake\_case \*x\*"),
        ("[a](https://evil.example/b_c)", r"\[a\](evil.example/b\_c)"),
        ("see https://github.com/a/b.", "see github.com/a/b."),
        ("ftp://x.y and steam://run", "ftp: //x.y and steam: //run"),
        ("join discord.gg/evil", r"join discord\[.\]gg/evil"),
        ("@everyone and @here, a@b.c", "＠everyone and ＠here, a@b.c"),
        ("<@1> <@&2> <#3> </a:4> <t:0:R> <:x:5>", "‹@1> ‹@&2> ‹#3> ‹/a:4> ‹t:0:R> ‹:x:5>"),
        ("a < b and c <d", "a < b and c <d"),
        ("# big", r"\# big"),
        ("-# small", r"\-# small"),
        ("> quote", r"\> quote"),
        ("1. item", r"1\. item"),
        ("2608.1 is an id", "2608.1 is an id"),
        ("||s|| a|b ~~x~~ ~5%", r"\|\|s\|\| a|b \~\~x\~\~ ~5%"),
        (r"\method", r"\\method"),
        ("javascript:alert(1)", "javascript: alert(1)"),
    ],
)
def test_escape_discord(text: str, escaped: str) -> None:
    assert escape_discord(text) == escaped


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<script>x</script>", r"\<script\>x‹/script\>"),
        ("&lt;b&gt; R&D", r"\&lt;b\&gt; R&D"),
        ("$x$ | ![i](http://e.vil/x.png)", r"\$x\$ \| !\[i\](e.vil/x.png)"),
        ("www.evil.example", r"www\.evil.example"),
        ("- item", r"\- item"),
    ],
)
def test_escape_markdown(text: str, escaped: str) -> None:
    assert escape_markdown(text).replace("\\!", "!") == escaped


def test_authors_of_a_large_collaboration() -> None:
    authors = [f"A. Author{number}" for number in range(5154)]
    assert authors_line(authors) == "A. Author0, A. Author1, A. Author2 +5,151"
    assert authors_line(authors[:100], complete=False) == "A. Author0, A. Author1, A. Author2 and 97+ more"
    assert authors_line(authors[:3]) == "A. Author0, A. Author1, A. Author2"
    assert authors_line(authors[:2], complete=False) == "A. Author0, A. Author1 and others"
    assert authors_line([]) == ""


@settings(deadline=None)
@given(st.lists(hostile, max_size=8), st.booleans(), st.integers(0, 200))
def test_authors_line_keeps_its_limit(authors: list[str], complete: bool, limit: int) -> None:
    assert discord_length(authors_line(authors, complete=complete, limit=limit)) <= limit


@pytest.mark.parametrize("bait", BAIT)
def test_bait_is_no_web_address(bait: str) -> None:
    assert not is_web_address(bait) or bait == "https://evil.example/x" or "discord.com" in bait


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://",
        "https://a@b.c",
        "https://a.b/\n",
        'https://a.b/"x',
        "https://ä.b",
        "//a.b",
        "data:x",
    ],
)
def test_odd_addresses_are_refused(url: str) -> None:
    assert not is_web_address(url)
