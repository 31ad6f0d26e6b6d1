"""Good answers to the request for a translation, made from the request's own text; and the same answers gone wrong.

Not a translation: words of the asked language about as long as the original, with its marks, names and numbers.
"""

import json
import re
from collections.abc import Callable
from typing import Any

_MARKED = re.compile(r"^(==[0-9a-f]+==)\n(.*)\n\1$", re.DOTALL | re.MULTILINE)
_PARTS = re.compile(r"\ATitle: (?P<title>.*)\nAbstract: (?P<abstract>.*)\Z")
_LANGUAGE = re.compile(r"\nTranslate into (.+?)\. JSON only")
_MARK = re.compile(r"⟦\d+⟧")
_SENTENCE = re.compile(r"(?<=[.!?。])\s+")
_KEPT = re.compile(
    r"⟦\d+⟧|\b[A-Z][A-Za-z]*[A-Z0-9][\w-]*\b"
    r"|[^\s⟦⟧()]*\d[^\s⟦⟧()]*(?:\s(?:percent|thousand|million|billion|trillion|times|×|%)\S*)?(?:\s\d+)*"
)

_WORDS = {
    "Simplified Chinese": ("这项研究提出了新的方法", "实验结果说明它在多个任务上有效", "作者还分析了其中的原因和意义"),
    "Traditional Chinese": ("這項研究提出了新的方法", "實驗結果說明它在多個任務上有效", "作者還分析了其中的原因和意義"),
    "Japanese": (
        "本研究は新しい手法を提案する",
        "実験の結果からその有効性が示される",
        "著者らはその理由についても述べる",
    ),
    "Korean": (
        "이 연구는 새로운 방법을 제안한다",
        "실험 결과는 여러 과제에서 효과를 보인다",
        "저자들은 그 이유도 분석한다",
    ),
    "German": (
        "die Arbeit beschreibt ein neues Verfahren und seine Grundlagen",
        "die Ergebnisse zeigen, dass es auch bei vielen Aufgaben hilft",
        "und die Gründe werden von den Autoren erklärt",
    ),
    "French": (
        "cette étude décrit une méthode et les idées qui la portent",
        "les résultats montrent que la méthode est utile dans des cas variés",
        "et les auteurs en donnent la raison pour la suite",
    ),
    "Spanish": (
        "este trabajo describe un método y las ideas en que se apoya",
        "los resultados muestran que el método es útil para muchas tareas",
        "y los autores explican la razón con más detalle",
    ),
    "Russian": (
        "в работе предложен новый метод и описаны его основы",
        "результаты показывают, что он полезен во многих задачах",
        "авторы также объясняют причины",
    ),
}
_DENSE = {"Simplified Chinese": 0.4, "Traditional Chinese": 0.4, "Japanese": 0.45, "Korean": 0.45}
"""Characters for one of English; 0.9 elsewhere."""


def make(system: str, user: str, schema: dict[str, Any] | None) -> str | None:
    """Return the JSON text of a good answer to a request of this kind in a language that is known here, else None."""
    del schema
    found, asked = _MARKED.search(user), _LANGUAGE.search(user)
    if not system.startswith("Translate a paper") or found is None or asked is None:
        return None
    parts, words = _PARTS.match(found[2]), _WORDS.get(asked[1])
    if parts is None or words is None:
        return None
    answer = {
        "title": _part(parts["title"], asked[1], 0).rstrip(".。"),
        "abstract": " ".join(
            _part(sentence, asked[1], place) for place, sentence in enumerate(_SENTENCE.split(parts["abstract"]))
        ),
    }
    return json.dumps(answer, ensure_ascii=False)


def _part(text: str, language: str, place: int) -> str:
    words, dense = _WORDS[language], language in _DENSE
    kept = [one.rstrip(".,;:") for one in _KEPT.findall(text)]
    if not _MARK.sub("", text).strip(" .,;:-"):
        return text
    wanted = (len(text) - sum(map(len, kept))) * _DENSE.get(language, 0.9)
    said = [words[place % len(words)]]
    while sum(map(len, said)) < wanted:
        said.append(words[(place + len(said)) % len(words)])
    if language not in _DENSE and len(said[0]) > wanted + 30:
        said = [said[0][: int(wanted) + 30].rpartition(" ")[0]]
    told = f" ({'; '.join(kept)})" if kept else ""
    body = ("，" if language.endswith("Chinese") else "、" if language == "Japanese" else ", ").join(said)
    stop = "。" if dense and language != "Korean" else "."
    return f"{body[0].upper()}{body[1:]}{told}{stop}"


def dropped(answer: dict[str, str]) -> dict[str, str]:
    """Return the answer without its first mark."""
    return {**answer, "abstract": _MARK.sub("", answer["abstract"], count=1)}


def doubled(answer: dict[str, str]) -> dict[str, str]:
    """Return the answer with its first mark twice."""
    return {**answer, "abstract": _MARK.sub(lambda match: match[0] * 2, answer["abstract"], count=1)}


def invented(answer: dict[str, str]) -> dict[str, str]:
    """Return the answer with a mark that nobody sent."""
    return {**answer, "abstract": f"{answer['abstract']} ⟦97⟧"}


def in_another_language(_answer: dict[str, str]) -> dict[str, str]:
    """Return an answer in Finnish, which nobody asks for here."""
    text = "Tämä työ kuvaa uuden menetelmän ja sen perusteet, ja tulokset ovat hyviä myös muissa tehtävissä. "
    return {"title": "Uusi menetelmä", "abstract": text * 4}


def with_a_note(answer: dict[str, str]) -> dict[str, str]:
    """Return the answer with a remark of the model's own."""
    return {**answer, "abstract": f"{answer['abstract']} (Translator's note: I hope this helps!)"}


FAULTS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "mark_missing": dropped,
    "mark_doubled": doubled,
    "mark_invented": invented,
    "language": in_another_language,
    "remark": with_a_note,
}
"""Ways in which a good answer with marks goes wrong, by the code of the problem that finds each."""
