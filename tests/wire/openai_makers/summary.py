"""Good answers for the summarising, overview and reranking requests, made from the request's own text.

Each maker module has `make(system, user, schema)`: the JSON text of a good answer, or None if the request is not its
kind. They read the prompt the way a model would: numbered lines between two equal marks.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from bot.digest.grounding import names_in
from tests.wire.openai_answers import ChatCall, with_anchors

_MARKED = re.compile(r"^(==[0-9a-f]+==)\n(.*)\n\1$", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
_RANKED = re.compile(r"^(\S+): (.*)$", re.MULTILINE)
_LANGUAGE = re.compile(r"Write in (.+?)\. JSON only\.")
_LEFT_OUT = "(left out)"
_OPENINGS = (
    "这项工作针对现有方法的不足提出了新的思路",
    "作者分析了问题产生的原因",
    "所提方法的核心设计在文中有详细说明",
    "实验在多个任务上评估了该方法",
    "与已有工作相比，该方法有明显的优势",
    "最后，论文讨论了结果的意义",
)


def make(system: str, user: str, schema: dict[str, Any] | None) -> str | None:
    """Return the JSON text of a good answer to a request of these kinds, else None."""
    del schema
    found = _MARKED.search(user)
    if found is None:
        return None
    if system.startswith("Summarise for researchers"):
        answer = _summary(found[2], _language(user))
        return json.dumps(with_anchors(answer, ChatCall(system, user, None)), ensure_ascii=False)
    if system.startswith("Write an overview"):
        return json.dumps(_overview(found[2], _language(user)), ensure_ascii=False)
    if system.startswith("Score papers"):
        return json.dumps(_scores(found[2]))
    return None


def _language(user: str) -> str:
    match = _LANGUAGE.search(user)
    return match[1] if match else "English"


def _summary(data: str, language: str) -> dict[str, Any]:
    """Return the paper's own sentences, cited; in Chinese, sentences that keep its names."""
    lines = [(int(number), text) for number, text in _LINE.findall(data) if text != _LEFT_OUT]
    texts = [(number, _short(text)) for number, text in lines if "http" not in text and len(text) > 30]
    texts = texts or [(number, _short(text)) for number, text in lines] or [(0, "Nothing is stated about the paper.")]
    if "Chinese" in language:
        texts = [(number, _in_chinese(place, text)) for place, (number, text) in enumerate(_filled(texts))]
    else:
        texts = _filled(texts)
    cited = [f"{text} [{number}]" for number, text in texts]
    return {
        "gist": cited[0],
        "text": " ".join(cited[:3]),
        "points": cited[:6] if len(cited) < 4 else cited[1:7],
        "why": "",
        "how": cited[min(1, len(cited) - 1)],
        "result": cited[-1],
    }


def _filled(texts: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    return list(texts[:7])


def _in_chinese(place: int, text: str) -> str:
    names = [name for name in names_in(text) if name.isascii()][:2]
    opening = _OPENINGS[place % len(_OPENINGS)]
    return f"{opening}，涉及 {'、'.join(names)}。" if names else f"{opening}。"


def _short(text: str) -> str:
    return text if len(text) < 400 else text[:380].rpartition(" ")[0] + "."


def _overview(data: str, language: str) -> dict[str, Any]:
    lines = [(int(number), text.partition(" — ")[0]) for number, text in _LINE.findall(data)]
    if "Chinese" in language:
        sentences = [
            {"text": f"论文 {title} 是这一天值得关注的工作之一。", "papers": [number]} for number, title in lines[:3]
        ]
    else:
        sentences = [{"text": f"One paper is about this: {title}.", "papers": [number]} for number, title in lines[:3]]
    return {"sentences": sentences}


def _scores(data: str) -> dict[str, Any]:
    ids = [name for name, _ in _RANKED.findall(data) if name != "Interest"]
    return {"scores": [{"id": name, "score": 1 + (len(ids) - place) * 4 // len(ids)} for place, name in enumerate(ids)]}
