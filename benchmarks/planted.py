"""Faithful summaries of real abstracts, and the same with one fault planted in them, for `benchmarks.truth`.

A fault is planted in a summary that passes the checks as it is, so that only what was planted can be found.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence

from bot.digest.check import check_summary
from bot.digest.cleaning import find_links
from bot.digest.grounding import names_in, stems_of
from bot.digest.numbers import key, numbers_of
from bot.digest.sentences import split_sentences
from bot.digest.stems import common_stems
from bot.digest.summarise import SummaryForm
from bot.latex import strip_math
from bot.model import Paper

LEAST_SENTENCES = 4
"""Sentences an abstract must have to be summarised here."""

_DIGITS = re.compile(r"(?<![\w.,$\\^({-])\d[\d,]*(?:\.\d+)?(?![\w,)}-]|\.\d)")
_WITH_UNIT = re.compile(
    r"(?<![\w.,$\\^{}/-])(\d[\d,]*(?:\.\d+)?)(\\?%| percent| million| billion| thousand|K|M|B|x|×)?"
    r"(?![\w,{}^-]|\.\d)"
)
_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_HAN = dict(zip(range(2, 11), "两三四五六七八九十", strict=True))
_REWORDED = (
    ("We propose", "The authors propose"),
    ("we propose", "the authors propose"),
    ("We introduce", "This work introduces"),
    ("we introduce", "this work introduces"),
    ("We present", "The paper presents"),
    ("we present", "the paper presents"),
    ("Our method", "The method"),
    ("our method", "the method"),
    ("we show", "the paper shows"),
    ("We show", "The paper shows"),
    ("However, ", ""),
    ("Moreover, ", ""),
    ("Furthermore, ", ""),
    ("In this paper, ", ""),
    ("In this work, ", ""),
    ("Extensive experiments", "Experiments"),
    ("demonstrate", "show"),
    ("significantly", "clearly"),
    ("utilize", "use"),
)

Maker = Callable[[random.Random, Paper, Paper], tuple[SummaryForm, str] | None]


def form_of(items: Sequence[str]) -> SummaryForm:
    """Return a form of at least four cited sentences, read as it comes from a server."""
    said = {
        "gist": items[0],
        "text": " ".join(items[: max(2, len(items) // 2)]),
        "points": list(items[1:7][-6:]),
        "result": items[-1],
    }
    return SummaryForm.model_validate(said)


def _cite(texts: Sequence[tuple[int, str]]) -> list[str]:
    return [f"{text} [{place}]" for place, text in texts]


def _sentences(paper: Paper) -> list[tuple[int, str]]:
    """Return the abstract's sentences of a length that a summary may have, with their numbers."""
    return [(place, one) for place, one in enumerate(split_sentences(paper.abstract)) if _sayable(one)]


def _sayable(sentence: str) -> bool:
    """Return whether a summary may say this: of fitting length, and without a link, which none may have."""
    return 30 <= len(sentence) <= 400 and not find_links(sentence)


def extracted(_rng: random.Random, paper: Paper, _other: Paper) -> tuple[SummaryForm, str] | None:
    """Return the abstract's own sentences."""
    chosen = _cite(_sentences(paper))
    return (form_of(chosen), "en") if len(chosen) >= LEAST_SENTENCES else None


def reworded(rng: random.Random, paper: Paper, _other: Paper) -> tuple[SummaryForm, str] | None:
    """Return the sentences in another order, with other words for the usual phrases and other forms of numbers."""
    sentences = _sentences(paper)
    if len(sentences) < LEAST_SENTENCES:
        return None
    chosen = [(place, _reword(rng, text)) for place, text in sentences]
    return form_of(_cite(rng.sample(chosen, len(chosen)))), "en"


def _reword(rng: random.Random, text: str) -> str:
    for old, new in _REWORDED:
        text = text.replace(old, new)
    for word, number in _WORDS.items():
        if rng.random() < 0.5:
            text = re.sub(rf"(?<![\w-]){word}(?![\w-])", str(number), text)
    text = re.sub(r"(?<=\d)\\?% ", " percent ", text) if rng.random() < 0.5 else text
    text = re.sub(r"(?<=\d)[×x](?= )", " times", text)
    text = _DIGITS.sub(lambda match: _other_form(rng, match[0]), text)
    return text[:1].upper() + text[1:]


def _other_form(rng: random.Random, written: str) -> str:
    plain = written.replace(",", "")
    try:
        value = float(plain)
    except ValueError:
        return written
    if value >= 10**6 and value % 10**5 == 0:
        return f"{value / 10**6:g} million"
    if value >= 10**4 and "." not in plain:
        return f"{int(value):,}" if rng.random() < 0.7 else plain
    small = {number: word for word, number in _WORDS.items()}
    return small[int(value)] if plain in map(str, small) and rng.random() < 0.3 else written


def anchor(rng: random.Random, sentence: str, *, slips: float = 0.1) -> str:
    """Return a word that a model would copy from a sentence, “” if there is none.

    In `slips` of the cases it is not copied well: in the plural, translated, or any word of the sentence.
    """
    words: list[str] = [word for word in _COPIED.findall(strip_math(sentence)) if "\\" not in word]
    if not words:
        return ""
    rare = [word for word in words if stems_of(word) - common_stems()]
    if rng.random() < slips:
        return rng.choice([f"{rng.choice(words)}s", "方法", rng.choice(words)])
    return rng.choice(rare or words)


_COPIED = re.compile(r"(?<![\w\\${}-])[A-Za-z]{4,}(?:-[A-Za-z]+)?(?![\w${}-])")
_OPENINGS = (
    "该研究针对现有方法的不足提出了新的思路，",
    "作者首先分析了问题产生的原因，",
    "所提方法的核心设计",
    "在多个任务上的系统评估",
    "与已有工作相比，这一部分",
    "进一步的分析说明了方法的适用范围，",
    "最后，论文讨论了结果的意义，",
)


def chinese(rng: random.Random, paper: Paper, _other: Paper) -> tuple[SummaryForm, str] | None:
    """Return Chinese sentences that keep the paper's names and state its numbers the Chinese way."""
    sentences = split_sentences(paper.abstract)
    items: list[str] = []
    for place, sentence in enumerate(sentences):
        if find_links(sentence):
            continue
        names = [name for name in names_in(sentence) if name.isascii()][:3]
        numbers = list(_chinese_numbers(rng, sentence))[:3]
        if names or numbers:
            head = f"涉及{'、'.join(names)}" if names else "的实验部分"
            tail = f"，相关数值为{'、'.join(numbers)}" if numbers else ""
            items.append(f"{_OPENINGS[len(items) % len(_OPENINGS)]}{head}{tail} [{place} {anchor(rng, sentence)}]。")
    if len(items) < LEAST_SENTENCES:
        return None
    return form_of(items), "zh-CN"


def _chinese_numbers(rng: random.Random, sentence: str) -> Iterator[str]:
    for match in _WITH_UNIT.finditer(sentence):
        try:
            value = float(match[1].replace(",", ""))
        except ValueError:
            continue
        yield from _in_chinese(rng, value, match[1], (match[2] or "").strip(" \\"))
    for word in re.findall(r"(?<![\w-])(?:two|three|four|five|six|seven|eight|nine|ten)(?![\w-])", sentence):
        yield f"{_HAN[_WORDS[word]]}个"


def _in_chinese(rng: random.Random, value: float, written: str, unit: str) -> Iterator[str]:
    scale = {"million": 10**6, "M": 10**6, "billion": 10**9, "B": 10**9, "thousand": 10**3, "K": 10**3}.get(unit, 1)
    if unit in ("%", "percent"):
        yield f"{written}%" if rng.random() < 0.7 or value != int(value) or value > 99 else f"百分之{_han(int(value))}"
    elif unit in ("x", "×"):
        yield f"{written} 倍"
    elif value * scale >= 10**8:
        yield f"{value * scale / 10**8:.10g} 亿"
    elif value * scale >= 10**4 or scale > 1:
        yield f"{value * scale / 10**4:.10g}万"
    else:
        yield written


def _han(value: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(value, 10)
    head = ("" if tens == 1 else digits[tens]) + "十" if tens else ""
    return head + (digits[ones] if ones or not tens else "")


def _faithful(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return a summary that passes as it is, so that only what is planted in it can be found."""
    made = rng.choice([extracted, reworded, chinese])(rng, paper, other)
    return made if made is not None and not check_summary(made[0], paper, made[1]) else None


def wrong_number(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return a faithful summary with one number changed to one that the paper does not have."""
    made = _faithful(rng, paper, other)
    if made is None:
        return None
    form, language = made
    texts = [form.gist, *form.key_takeaways]
    places = [
        (place, match) for place, text in enumerate(texts) for match in _DIGITS.finditer(text.rpartition(" [")[0])
    ]
    source = numbers_of(f"{paper.title} {paper.abstract}")
    for place, match in rng.sample(places, len(places)):
        changed = _changed(rng, match[0])
        if changed is None or key(float(changed.replace(",", ""))) in source.values:
            continue
        text = texts[place][: match.start()] + changed + texts[place][match.end() :]
        return form_of([text, *(one for number, one in enumerate(texts) if number != place)]), language
    return None


def _changed(rng: random.Random, written: str) -> str | None:
    """Return a number of the same look with one or two digits changed."""
    places = [place for place, character in enumerate(written) if character.isdigit()]
    digits = list(written)
    for place in rng.sample(places, min(len(places), rng.choice([1, 1, 2]))):
        digits[place] = rng.choice([d for d in "123456789" if d != written[place]])
    changed = "".join(digits)
    return changed if changed != written and re.fullmatch(r"\d[\d,]*(?:\.\d+)?", changed) else None


def swapped_paper(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return a faithful summary of another paper of the same category."""
    return _faithful(rng, other, paper)


_CLAIMS = {
    "en": (
        "It also reduces training cost by {n}% compared with the strongest baseline.",
        "The approach was deployed to {n} million users with positive feedback.",
        "Human evaluators preferred its outputs in {n} percent of the cases.",
        "Ablations show a further gain of {n} points from the new loss.",
        "Training takes {n} hours on eight accelerators.",
        "The model has {n} billion parameters and runs on a phone.",
    ),
    "zh-CN": (
        "此外，该方法使训练成本降低了{n}%。",
        "该方法已部署给{n}万名用户使用。",
        "人工评测在百分之{h}的样例中更偏好其输出。",
        "消融实验表明新的损失带来{n}个百分点的提升。",
    ),
}


def invented_claim(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return a faithful summary with a sentence that nobody wrote, which states a number."""
    made = _faithful(rng, paper, other)
    if made is None:
        return None
    form, language = made
    source = numbers_of(f"{paper.title} {paper.abstract}")
    number = next(n for n in iter(lambda: rng.randint(11, 98), -1) if key(n) not in source.values)
    claim = rng.choice(_CLAIMS[language]).format(n=number, h=_han(number))
    place = rng.randrange(LEAST_SENTENCES)
    copied = f" {anchor(rng, split_sentences(paper.abstract)[place])}" if language != "en" else ""
    takeaways = [*form.key_takeaways[:5], f"{claim} [{place}{copied}]"]
    return form.model_copy(update={"key_takeaways": takeaways}), language


_GERMAN = "Die Arbeit stellt ein neues Verfahren vor, das auf {name} beruht und die Ergebnisse in Aufgaben verbessert"
_FRENCH = (
    "Cet article présente une nouvelle méthode qui repose sur {name} et améliore les résultats dans plusieurs tâches"
)


def wrong_language(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return a summary of the right paper in another language than was asked for, whole or one sentence of it."""
    made = _faithful(rng, paper, other)
    if made is None:
        return None
    form, language = made
    wanted = (
        rng.choice(["zh-CN", "ja", "ru", "de", "fr", "ko", "es"])
        if language == "en"
        else rng.choice(["en", "ja", "ko", "ru", "de"])
    )
    names = [name for name in names_in(paper.abstract) if name.isascii()]
    if language == "en" and names and rng.random() < 0.4:
        foreign = rng.choice([_GERMAN, _FRENCH]).format(name=names[0])
        return form.model_copy(update={"gist": f"{foreign} [0]"}), "en"
    return form, wanted


_APOLOGIES = (
    "I'm sorry, but I cannot summarise this paper. [0]",
    "As an AI language model, I do not have access to the full paper. [0]",
    "Unfortunately, I cannot provide a summary of this abstract. [0]",
    "Here is the summary you asked for in the requested format. [0]",
    "Sure! Here is a summary of the paper for you to read. [0]",
    "抱歉，我无法总结这篇论文的主要内容。[0]",
    "作为一个人工智能语言模型，我不能访问论文全文。[0]",
    "Es tut mir leid, ich kann diese Zusammenfassung nicht erstellen. [0]",
    "Lo siento, no puedo resumir este artículo en este momento. [0]",
    "Je suis désolé, je ne peux pas résumer cet article. [0]",
    "申し訳ありませんが、この論文を要約できません。[0]",
    "Извините, я не могу обобщить эту статью. [0]",
)


def apology(rng: random.Random, paper: Paper, other: Paper) -> tuple[SummaryForm, str] | None:
    """Return a faithful summary in which one text is an apology."""
    made = _faithful(rng, paper, other)
    if made is None:
        return None
    form, language = made
    said = rng.choice(_APOLOGIES)
    if rng.random() < 0.5:
        return form.model_copy(update={"gist": said}), language
    return form.model_copy(update={"paragraph": [said, *form.paragraph]}), language


FAITHFUL: dict[str, Maker] = {"extracted": extracted, "reworded": reworded, "chinese": chinese}
FAULTS: dict[str, Maker] = {
    "wrong_number": wrong_number,
    "swapped_paper": swapped_paper,
    "invented_claim": invented_claim,
    "wrong_language": wrong_language,
    "apology": apology,
}
