"""Sentences of an abstract, numbered from 0: what provenance counts in.

Written for scientific English as arXiv prints it, with math as LaTeX; full stops of Chinese and Japanese count too. It
cuts and never changes: joined again, the sentences are the abstract, white space aside.
"""

import re
from functools import lru_cache
from itertools import pairwise

# The last alternative is a blank that was forgotten before a word that begins sentences.
_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’)\]}]*+(?=\s|$)|[。！？]+[”’」』）]*"
    r"|(?<=[a-z)])\.(?=(?:Our|We|The|This|These|In|To|However|Moreover|Furthermore|Specifically|Experiments)\s)"
)
_PARAGRAPH = re.compile(r"\n[ \t\r]*+\n|\n[ \t\r]*+(?=[-•*]\s)")
# Headings of structured abstracts (CONSORT and the journals that follow it), at the start of a line.
_HEADING_WORDS = (
    "abstract|aims?|approach|background|conclusions?|context|contributions?|design|discussion|findings|importance"
    "|interpretation|introduction|limitations|main results|materials? and methods?|methodology|methods?|motivation"
    "|objectives?|problem|purpose|questions?|research questions?|results?|setting|significance"
)
HEADING = re.compile(rf"(?:{_HEADING_WORDS})\s?[:.—–](?=\s)\s*", re.IGNORECASE)
_HEADING_LINE = re.compile(rf"\n[ \t\r]*+(?=(?:{_HEADING_WORDS})\s?:\s)", re.IGNORECASE)
# Opening `$` before and closing `$` after something that is not a space; no digit after the closing one: not money.
_MATH = re.compile(
    r"(?<!\\)\$\$.{1,2000}?(?<!\\)\$\$|(?<![\\$])\$(?=[^\s$])[^$]{0,499}?(?<=[^\s\\])\$(?!\d)", re.DOTALL
)
_BRACKET = re.compile(r"[()\[\]]")
_ENUMERATOR = re.compile(r"\(?(?:[ivx]{1,4}|[a-h1-9])\)")
_WORD_BEFORE = re.compile(r"[^\s(\[{“\"']+$")
_LONGEST_ASIDE = 300
# Never the end of a sentence.
_OPEN_TEXT = """
    e.g i.e eg ie cf vs v.s fig figs eq eqs eqn eqns sec sect secs ref refs tab thm prop def lem cor alg ch chap app
    incl excl no nos vol pp viz resp approx ca c.f w.r.t wrt a.k.a aka s.t dr prof mr mrs ms st jr sr dept univ gen gov
"""
_OPEN = frozenset(_OPEN_TEXT.split())
# The end of a sentence only where the next word usually begins one.
_CLOSING_TEXT = """
    al etc i.i.d inc corp ltd co u.s u.k e.u ph.d m.sc a.m p.m
"""
_CLOSING = frozenset(_CLOSING_TEXT.split())
_STARTERS_TEXT = """
    a additionally all also although an and as at based because besides beyond both building but by code compared
    consequently current despite due each empirically even existing experiments extensive finally first for from
    further furthermore given hence here how however if in instead it its many moreover most motivated next no
    notably on one our overall previous prior recent recently results second several since some specifically such
    that the their then there therefore these they this though through thus to together two unlike using we what
    when where whereas while why with without yet
"""
_STARTERS = frozenset(_STARTERS_TEXT.split())


def split_sentences(abstract: str) -> list[str]:
    """Return the sentences in order, white space inside collapsed; an empty list for blank text.

    Kept for a while: an abstract is split for its request, its checks and its extracted text.
    """
    return list(_split(abstract))


@lru_cache(maxsize=256)
def _split(abstract: str) -> tuple[str, ...]:
    cuts = {0, len(abstract)}
    for pattern in (_PARAGRAPH, _HEADING_LINE):
        cuts.update(match.end() for match in pattern.finditer(abstract))
    protected = _protected(abstract)
    start = 0
    for match in _END.finditer(abstract):
        end = match.end()
        if not protected[match.start()] and _is_boundary(abstract, start, match):
            cuts.add(end)
            start = end
    pieces = (" ".join(abstract[a:b].split()) for a, b in pairwise(sorted(cuts)))
    return tuple(piece for piece in pieces if piece)


def _protected(text: str) -> bytearray:
    """Return a flag per character: inside math or inside brackets that close again soon."""
    flags = bytearray(len(text))
    for match in _MATH.finditer(text):
        flags[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
    opened: list[int] = []
    for match in _BRACKET.finditer(text):
        position = match.start()
        if flags[position]:
            continue
        if match[0] in "([":
            opened.append(position)
        elif opened:
            start = opened.pop()
            inside = position - start - 1
            # The stop right before the bracket may end a sentence that stands in brackets as a whole.
            if inside > 1 and inside <= _LONGEST_ASIDE:
                flags[start + 1 : position - 1] = b"\x01" * (inside - 1)
    return flags


def _is_boundary(text: str, start: int, match: re.Match[str]) -> bool:
    end = match.end()
    if match[0][0] in "。！？":
        return True
    following = text[end : end + 80].split(maxsplit=1)
    if not following:
        return True
    next_word = following[0].lstrip("“\"'‘([{")
    if not next_word:
        return True
    # "nnU-Net" and "(i)" begin sentences in lower case; other such words go on with the one before.
    written_so = any(c.isupper() or c.isdigit() for c in next_word) or _ENUMERATOR.fullmatch(following[0])
    if next_word[0].islower() and not written_so:
        return False
    if match[0][0] != "." or match[0].startswith(".."):
        return True
    before = _WORD_BEFORE.search(text, max(start, match.start() - 40), match.start())
    word = before[0] if before else ""
    return _full_stop_ends(word, text[max(start, match.start() - 60) : match.start()], _starts_sentence(next_word))


def _full_stop_ends(word: str, tail: str, starter: bool) -> bool:
    lowered = word.lower().rsplit("-", 1)[-1]
    if lowered in _OPEN:
        return False
    if lowered in _CLOSING or (len(word) == 1 and word.isupper()):
        return starter
    if word.isdigit() and len(word) <= 2:
        # "1. First" numbers a list; "an accuracy of 95. We" ends a sentence.
        ahead = tail[: -len(word)].rstrip()
        return bool(ahead) and ahead[-1] not in ":;,.—"
    return True


def _starts_sentence(word: str) -> bool:
    return word[0].isupper() and word.rstrip(",.;:").lower() in _STARTERS
