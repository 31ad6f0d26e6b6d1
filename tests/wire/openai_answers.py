"""What the loopback model says: answers made from the request's own text, and the same answers gone wrong.

`Makers` holds a maker for each kind of question, one module each in `tests/wire/openai_makers/`. Without one, an
answer is made from the schema alone: sentences of the delimited text, in the asked language, with their line numbers.
"""

import importlib
import itertools
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from bot.digest.stems import common_stems, stem
from bot.digest.text import fold

_BLOCK = re.compile(r"^(==[0-9a-f]+==)\n(.*?)\n\1$", re.DOTALL | re.MULTILINE)
_LABELLED = re.compile(r"^\[(\d+)\] (.*)$")
_SENTENCE = re.compile(r"(?<=[.!?。])\s+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*\s*%?")
_MASK = re.compile(r"⟦[^⟧]*⟧|\{\{[^}]*\}\}|\[\[[^\]]*\]\]|\$[^$]+\$")
_ARXIV_ID = re.compile(r"\b\d{4}\.\d{4,5}\b")
_CITATION = re.compile(r"\[(\d+(?:,\d+)*)\]")
_WITH_ANCHORS = "rare word copied from each line"
_PROSE = re.compile(r"\w+\s+\w+\s+\w+|[\u3040-\u9fff\uac00-\ud7af]{6}")
_SCHEMA_IN_WORDS = "JSON schema:\n"

OTHER_PAPER = (
    "[0] Coastal lagoons shelter juvenile herring from predation during the first autumn.\n"
    "[1] We tagged wild fish in 14 estuaries and followed their migration with acoustic receivers.\n"
    "[2] Survival doubled where seagrass meadows had been replanted.\n"
    "[3] Harbour dredging removed most of that benefit within two seasons."
)

# (words in the language's English name, a sentence with a place for names and one for numbers)
_LANGUAGES = {
    "chinese": (
        "这项工作研究了 {names}，给出了方法与结果{numbers}。",
        "作者在实验中比较了 {names}，并说明了其意义{numbers}。",
    ),
    "japanese": (
        "本研究は {names} を調べ、方法と結果を示す{numbers}。",
        "著者らは {names} を比較し、その意義を述べる{numbers}。",
    ),
    "korean": (
        "이 연구는 {names} 에 관한 방법과 결과를 제시한다{numbers}.",
        "저자들은 {names} 의 의미를 설명한다{numbers}.",
    ),
    "german": (
        "Die Arbeit untersucht {names} und beschreibt Verfahren und Ergebnisse{numbers}.",
        "Die Autoren vergleichen {names} und erklären die Bedeutung{numbers}.",
    ),
    "french": (
        "Cette étude examine {names} et décrit la méthode ainsi que les résultats{numbers}.",
        "Les auteurs comparent {names} et expliquent leur portée{numbers}.",
    ),
    "spanish": (
        "Este trabajo estudia {names} y describe el método y los resultados{numbers}.",
        "Los autores comparan {names} y explican su importancia{numbers}.",
    ),
    "russian": (
        "В работе исследуется {names}, описаны метод и результаты{numbers}.",
        "Авторы сравнивают {names} и объясняют значение{numbers}.",
    ),
}
_ENGLISH = "english"


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A request as a maker sees it. `schema` comes from the wire or, where it was told in words, from the prompt."""

    system: str
    user: str
    schema: dict[str, Any] | None
    model: str = ""

    @property
    def data(self) -> str:
        """Return what stands between the two equal marks, else the whole of the user's text."""
        match = _BLOCK.search(self.user)
        return match[2] if match else self.user

    @property
    def lines(self) -> dict[int, str]:
        """Return the data's numbered lines; sentences numbered by us where there are none."""
        found = {int(match[1]): match[2] for line in self.data.splitlines() if (match := _LABELLED.match(line))}
        if not found:
            found = dict(enumerate(one for one in _SENTENCE.split(self.data.replace("\n", " ")) if one.strip()))
        return found or {0: "Nothing was given."}

    @property
    def language(self) -> str:
        """Return which of our languages is asked for, by the words outside the data."""
        asked = (
            f"{self.system} {_BLOCK.sub('', self.user)}".lower() if _BLOCK.search(self.user) else self.system.lower()
        )
        return next((name for name in _LANGUAGES if name in asked), _ENGLISH)

    def about(self, data: str) -> "ChatCall":
        """Return the same question about another text."""
        return replace(self, user=self.user.replace(self.data, data))


Detector = Callable[[ChatCall], bool]
Maker = Callable[[ChatCall], Any]
"""Returns the answer as JSON can hold it, or None for a question that it does not know."""


@dataclass(slots=True)
class Makers:
    """Who answers which question; the first that knows it, else `make_from_schema`."""

    known: list[Maker] = field(default_factory=list)

    def register(self, detector: Detector, maker: Maker) -> None:
        """Let `maker` answer what `detector` recognises."""
        self.known.append(lambda call: maker(call) if detector(call) else None)

    def make(self, call: ChatCall) -> Any:
        """Return the answer to `call`, as JSON can hold it."""
        answers = (maker(call) for maker in self.known)
        return next((one for one in answers if one is not None), None) or make_from_schema(call)


def load_makers() -> Makers:
    """Return the makers of every module in `tests/wire/openai_makers/`, in the order of their names.

    Each module has `make(system, user, schema)`, which returns an answer's JSON text, or None.
    """
    package, makers = importlib.import_module("tests.wire.openai_makers"), Makers()
    for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        makers.known.append(_from_text(importlib.import_module(f"{package.__name__}.{name}").make))
    return makers


def _from_text(make: Callable[[str, str, dict[str, Any] | None], str | None]) -> Maker:
    def maker(call: ChatCall) -> Any:
        text = make(call.system, call.user, call.schema)
        return None if text is None else json.loads(text)

    return maker


def schema_in(system: str) -> dict[str, Any] | None:
    """Return the schema that a prompt tells in words, or None."""
    _, found, rest = system.partition(_SCHEMA_IN_WORDS)
    if not found:
        return None
    value, _ = json.JSONDecoder().raw_decode(rest)
    return dict(value)


def in_language(text: str, language: str, variant: int = 0) -> str:
    """Return a sentence in `language` with the names, masks and numbers of `text`; English stays as it is."""
    if language not in _LANGUAGES:
        return text
    bare = _MASK.sub(" ", text)
    names = [*_MASK.findall(text), *re.findall(r"\b(?:[A-Z]{2,}\w*|[A-Z][a-z]+[A-Z]\w*)\b", bare)]
    names = names or re.findall(r"\b[a-z]{7,}\b", bare)[:2] or ["X"]
    numbers = [one.strip() for one in _NUMBER.findall(bare)]
    templates = _LANGUAGES[language]
    told = f" ({', '.join(numbers)})" if numbers else ""
    return templates[variant % len(templates)].format(names=", ".join(dict.fromkeys(names)), numbers=told)


def make_from_schema(call: ChatCall) -> Any:
    """Return a value of the call's schema; its texts are the data's sentences, each with its number as [n]."""
    if call.schema is None:
        return {"text": in_language(call.lines[min(call.lines)], call.language)}
    numbered = bool(_LABELLED.search(call.data) or re.search(r"^\[\d+\] ", call.data, re.MULTILINE))
    turn = itertools.count()

    def sentences() -> Iterator[tuple[int, str]]:
        for number, text in itertools.cycle(sorted(call.lines.items())):
            said = in_language(text, call.language, next(turn))
            yield number, f"{said} [{number}]" if numbered else said

    return _fill(call.schema, sentences())


def _fill(schema: dict[str, Any], sentences: Iterator[tuple[int, str]]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _fill(schema["anyOf"][0], sentences)
    kind = schema.get("type")
    if kind == "object":
        return {name: _fill(one, sentences) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        count = min(max(schema.get("minItems", 0), 3), schema.get("maxItems", 3))
        return [_fill(schema.get("items", {"type": "string"}), sentences) for _ in range(count)]
    if kind in ("integer", "number"):
        return next(sentences)[0]
    return {"boolean": True, "null": None}.get(str(kind), next(sentences)[1])


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return `value` with every text of it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_texts(one, change) for one in value]
    if isinstance(value, dict):
        return {key: map_texts(one, change) for key, one in value.items()}
    return value


def with_anchors(value: Any, call: ChatCall) -> Any:
    """Return the answer with a rare word of the line after each number in its citations, if the call asks for that."""
    if _WITH_ANCHORS not in call.user.rpartition("\n")[2]:
        return value

    def anchored(match: re.Match[str]) -> str:
        numbers = map(int, match[1].split(","))
        return f"[{', '.join(f'{number} {rare_word(call.lines[number])}' for number in numbers)}]"

    return map_texts(value, lambda text: _CITATION.sub(anchored, text))


def rare_word(line: str) -> str:
    """Return the longest word of a line that few abstracts have, else its longest word."""
    words: list[str] = re.findall(r"(?<![\w\\$])[^\W\d_]{3,}(?![\w$])", line) or ["paper"]
    rare = [word for word in words if len(word) > 3 and stem(fold(word)) not in common_stems()]
    return max(rare or words, key=len)


def with_wrong_ids(value: Any) -> Any:
    """Return the answer with every identifier and every line number pointing at nothing."""
    changed = map_texts(value, lambda text: re.sub(r"\[\d[^\[\]]*\]", "[97]", _ARXIV_ID.sub("9999.99999", text)))
    return _numbers_to(changed, 97)


def _numbers_to(value: Any, number: int) -> Any:
    if type(value) is int:
        return number
    if isinstance(value, list):
        return [_numbers_to(one, number) for one in value]
    if isinstance(value, dict):
        return {key: _numbers_to(one, number) for key, one in value.items()}
    return value


def in_wrong_language(value: Any, asked: str) -> Any:
    """Return the answer with its prose in a language that nobody asked for."""
    wrong = "german" if asked != "german" else "chinese"
    turn = itertools.count()
    return map_texts(value, lambda text: in_language(text, wrong, next(turn)) if _PROSE.search(text) else text)


def with_invented_number(value: Any) -> Any:
    """Return the answer with a figure in its first prose that the text does not have."""
    places = itertools.count()

    def change(text: str) -> str:
        if not _PROSE.search(text) or next(places):
            return text
        body, stop, rest = text.partition(".") if "." in text else text.partition("。")
        return f"{body} (by 8317.5 %){stop}{rest}"

    return map_texts(value, change)
