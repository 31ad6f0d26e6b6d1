"""How far a text of ours rests on a paper: shared words, names and numbers.

Words are compared by their stems (the first six letters, folded). One of the words that stand in every twentieth
abstract (`common_stems.txt`, from 2026's) counts a quarter of another: “we propose a model that improves results” says
nothing about which paper it is. Names are what keeps its form in every language: acronyms, mixed case, letters with
digits.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import regex

from bot.digest.languages import FUNCTION_WORDS
from bot.digest.numbers import Numbers, numbers_of
from bot.digest.stems import common_stems, stem
from bot.digest.text import fold, prose_words
from bot.latex import latex_to_unicode

_SHORT = 3
_COMMON_WEIGHT = 0.25
_LATIN_TOKEN = regex.compile(
    r"(?<![\p{Latin}\d])\p{Latin}[\p{Latin}\d]*(?:[-–_./+@'’&]\p{Latin}*[\p{Latin}\d]+)*\+*|(?<![\p{Latin}\d.,])\d+[A-Z][A-Za-z]*"
)
_NAME = re.compile(r"[A-Z][^\W_]*[A-Z]|[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]|[A-Z][A-Za-z]*-\d|^[A-Z]-[A-Z]")
_MAYBE_NAME = re.compile(r".[A-Z]|\d")
"""What every name has."""

_FACTOR = re.compile(r"(?<=[0-9][x×])\d+\w*")
_PART = re.compile(r"[^\W_]+")
_IDEOGRAPH = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]+")
_INITIALS = 8

_KNOWN_TEXT = """
    AI ML NLP CV RL LLM LLMs VLM VLMs MLLM DL NN DNN CNN RNN GAN GANs GNN ViT QA API APIs GPU GPUs CPU TPU SOTA arXiv
    PDF US UK EU USA 2D 3D 4D RGB IoT AGI NeRF SGD MLP KL OCR ASR TTS RAG SFT RLHF CoT MoE AUC ROC mAP IoU PSNR SSIM
    BLEU ROUGE F1 LoRA JSON HTML SQL URL OOD ID MRI CT EEG UAV UAVs SLAM PDE PDEs ODE ODEs MCMC PCA SVM KV kB MB
    GB TB kHz MHz GHz dB kW MW kWh FLOPs GFLOPs TFLOPs mAh mm2 km2
"""
KNOWN_NAMES = frozenset(fold(word) for word in _KNOWN_TEXT.split())
"""Names that anybody in the field may use for what an abstract writes out."""


@lru_cache(maxsize=512)
def stems_of(text: str) -> frozenset[str]:
    """Return the stems of the content words of an English text; numbers are left out.

    Kept for a while, as each sentence is compared in several ways.
    """
    english = FUNCTION_WORDS["en"]
    words = {word for word in prose_words(text) if len(word) > _SHORT and not word.isdigit()}
    return frozenset(stem(word) for word in words - english if word.isascii() or not _IDEOGRAPH.match(word))


def names_in(text: str) -> list[str]:
    """Return the names in a text, as written: two capitals, a capital inside, or letters together with digits.

    “Zero-Shot” is none: its parts are words.
    """
    pieces = [piece for piece in latex_to_unicode(text).split() if _MAYBE_NAME.search(piece)]
    return [token for piece in pieces for token in _LATIN_TOKEN.findall(piece) if _NAME.search(token)]


@dataclass(frozen=True, slots=True)
class Source:
    """The text that a summary must rest on: a title and the sentences of an abstract that may be trusted."""

    stems: frozenset[str]
    words: frozenset[str]
    joined: frozenset[str]
    names: frozenset[str]
    numbers: Numbers
    initials: str
    by_sentence: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, title: str, sentences: tuple[str, ...]) -> "Source":
        """Prepare a paper's text; an empty sentence is one that may not be trusted."""
        whole = " ".join([title, *sentences])
        words = [word for word in prose_words(whole) if word]
        plain = latex_to_unicode(whole)
        readable = fold(plain)
        all_words = frozenset(words) | frozenset(_PART.findall(readable)) | frozenset(_FACTOR.findall(readable))
        return cls(
            stems=stems_of(whole),
            words=all_words,
            joined=frozenset(re.sub(r"[^\w\s]", "", readable).split()),
            names=frozenset(_distinctive(whole)),
            # As written and as read: a formula says some numbers only when it is read.
            numbers=numbers_of(whole if plain == whole else f"{whole} {plain}"),
            initials="".join(word[0] for word in words),
            by_sentence=tuple(map(stems_of, sentences)),
        )

    def overlap(self, text: str) -> tuple[float, float]:
        """Return (weighted share of the text's content words that the source has, weight of all of them)."""
        stems = stems_of(text)
        weight = _weight(stems)
        return _weight(stems & self.stems) / max(weight, 1e-9), weight

    def has_name(self, name: str) -> bool:
        """Return whether a name stands in the source, in whole or in all its parts, or as initials of its words."""
        folded = fold(name)
        bare = re.sub(r"[^\w]", "", folded)
        if bare in self.words or bare in KNOWN_NAMES or bare.removesuffix("s") in KNOWN_NAMES or bare in self.joined:
            return True
        # "RNN-like": the words that make a compound of a name need not be the paper's.
        parts = [fold(part) for part in _PART.findall(name) if not (part.isalpha() and part.islower())]
        if parts and all(self._has_part(part) for part in parts):
            return True
        return name[:1].isupper() and self._is_initials(name)

    def has_word(self, word: str) -> bool:
        """Return whether a word in Latin letters stands in the source, whatever its ending."""
        folded = fold(word)
        return folded in self.words or stem(folded) in self.stems or self.has_name(word)

    def _has_part(self, part: str) -> bool:
        if part in self.words or part in KNOWN_NAMES or part.isdigit():
            return not part.isdigit() or part in self.words or bool({part} & self.numbers.labels)
        singular = part.removesuffix("s")
        return (len(part) > _SHORT and stem(part) in self.stems) or (singular in self.words and len(singular) > 1)

    def _is_initials(self, name: str) -> bool:
        letters = "".join(character for character in name.removesuffix("s") if character.isalpha())
        return letters.isupper() and 1 < len(letters) <= _INITIALS and letters.lower() in self.initials


def latin_words(text: str) -> list[str]:
    """Return the words in Latin letters of a text in another script, of three letters or more."""
    return [token for token in _LATIN_TOKEN.findall(latex_to_unicode(text)) if sum(map(str.isalpha, token)) >= _SHORT]


def bigrams_of(text: str) -> set[str]:
    """Return the pairs of neighbouring ideographs and kana: what words are to scripts without blanks."""
    return {run[place : place + 2] for run in _IDEOGRAPH.findall(text) for place in range(len(run) - 1)}


def _distinctive(whole: str) -> set[str]:
    """Return the names that tell this paper from others, folded: those that nobody else would use."""
    found = {fold(name) for name in names_in(whole)}
    # "AI-native" is as common as "AI".
    return {name for name in found if KNOWN_NAMES.isdisjoint((name, re.split(r"\W", name)[0]))}


def _weight(stems: frozenset[str]) -> float:
    common = len(stems & common_stems())
    return common * _COMMON_WEIGHT + len(stems) - common
