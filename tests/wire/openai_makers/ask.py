"""Answers to questions about a paper: the line that shares most words with the question, quoted; or faults on purpose.

A question that contains one of `FAULTS` in brackets, as in "How long? [invented-quote]", is answered with that fault.
With "-once" after it, only until the answer is sent back.
"""

import json
import re
from typing import Any

from bot.digest.sentences import split_sentences

FAULTS = ("invented-quote", "not-found", "invented-number", "mention", "link", "no-quote", "one-invented", "german")

_BLOCKS = re.compile(r"^(==[0-9a-f]+==)\n(.*?)\n\1$", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"^\[\d+\] (.*)$", re.MULTILINE)
_FAULT = re.compile(rf"\[({'|'.join(FAULTS)})(-once)?\]")
_REPAIRED = "That answer cannot be used."
_INVENTED = "Our method was trained on nine thousand hand-picked turnips."


def make(system: str, user: str, schema: dict[str, Any] | None) -> str | None:
    """Return the JSON text of an answer to a question about a paper, else None."""
    del schema
    blocks = _BLOCKS.findall(user)
    if not system.startswith("Answer a reader's question") or len(blocks) < 2:
        return None
    question = blocks[1][1].removeprefix("Question: ")
    answer = _good(blocks[0][1], question, user)
    fault = _FAULT.search(question)
    if fault and not (fault[2] and _REPAIRED in user):
        answer = _faulty(answer, fault[1])
    return json.dumps(answer, ensure_ascii=False)


def _good(data: str, question: str, user: str) -> dict[str, Any]:
    asked = set(re.findall(r"\w{3,}", question.lower()))
    parts = [part for line in _LINE.findall(data) for part in line.split("(left out)")]
    sentences = [one for part in parts for one in split_sentences(part)]
    if not sentences:
        return {"found": False, "answer": "", "quotes": []}
    best = max(sentences, key=lambda one: len(asked & set(re.findall(r"\w{3,}", one.lower()))))
    answer = "论文对此有说明，见引文。" if "Chinese" in user else best
    return {"found": True, "answer": answer, "quotes": [best]}


def _faulty(answer: dict[str, Any], fault: str) -> dict[str, Any]:
    said = answer["answer"]
    return {
        "invented-quote": {**answer, "quotes": [_INVENTED]},
        "one-invented": {**answer, "quotes": [*answer["quotes"], _INVENTED]},
        "no-quote": {**answer, "quotes": []},
        "not-found": {"found": False, "answer": "Ask @everyone at https://evil.example instead.", "quotes": []},
        "invented-number": {**answer, "answer": f"{said} That is 8317.5 % more."},
        "mention": {**answer, "answer": f"@everyone <@&1> {said}"},
        "link": {**answer, "answer": f"{said} See [here](https://evil.example/x)."},
        "german": {
            **answer,
            "answer": "Die Autoren sagen, dass das Verfahren auf vielen Daten gelernt wird und für uns gut ist.",
        },
    }[fault]
