"""How a stranger's text goes into a prompt: visible, on numbered lines, between marks that it cannot contain.

Whatever asks a model about papers builds its `user` text here, and nowhere else puts a paper's words into a request.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any

from pydantic import ConfigDict

from bot.digest.visible import sanitise

LONGEST_LINE = 4000
"""Characters of one line: longer sentences are cut. Whole abstracts on arXiv have at most 1,920."""

LONGEST_DATA = 12_000
"""Characters between the marks: what is beyond is left out, so that no paper costs more than it may."""

LEFT_OUT = "(left out)"


def _undescribed(schema: dict[str, Any]) -> None:
    schema.pop("description", None)


FORM_CONFIG = ConfigDict(extra="ignore", json_schema_extra=_undescribed)
"""For the forms of answers. The prompt says what they mean: a description would be sent, and paid for, once more."""


# What chat templates take for their own tokens: servers parse them wherever they stand. A blank keeps them readable.
_TEMPLATE_TOKEN = re.compile(r"<(?=[|｜/\w!])|\[(?=/?[A-Z_]{3,}\])|\|(?=>)")
_FENCE = re.compile(r"`{3,}")


@cache
def load_prompt(name: str) -> str:
    """Return the text of `bot/digest/prompts/<name>.txt`, without the line break at its end."""
    return resources.files("bot.digest").joinpath("prompts", f"{name}.txt").read_text(encoding="utf-8").strip()


def data_line(text: str) -> str:
    """Return `text` as one line: without hidden characters, without what a chat template would take for its own."""
    line = _FENCE.sub("'''", sanitise(text))[:LONGEST_LINE]
    return _TEMPLATE_TOKEN.sub(lambda match: f"{match[0]} ", line)


def data_block(lines: Iterable[str]) -> str:
    """Return `lines` (each of them made by `data_line`, and labelled) between two equal marks.

    The mark is a hash of the lines that none of them contains, so that no text can end the block early. It is the same
    for the same lines, which lets servers reuse what they computed.
    """
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > LONGEST_DATA and kept:
            break
        kept.append(" ".join(line.split("\n")))
    text = "\n".join(kept)
    mark = _mark(text)
    return f"{mark}\n{text}\n{mark}"


def numbered(sentences: Sequence[str], first: int = 0) -> list[str]:
    """Return labelled lines: "[0] …", "[1] …"."""
    return [f"[{number}] {data_line(sentence)}" for number, sentence in enumerate(sentences, first)]


def _mark(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    while (mark := f"=={digest[:10]}==") in text or digest[:10] in text.lower():
        digest = hashlib.sha256(digest.encode("ascii")).hexdigest()
    return mark
