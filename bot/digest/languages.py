"""Languages by BCP 47 tag: what to call them in a prompt, and whether a text is in one.

Identification is by script, and among languages of one script by their commonest function words or by letters that
only one of them has: no model, no data to download, and enough to tell an answer in the wrong language. Languages that
are not listed can be asked for; of them only the script of the listed ones is refused.
"""

import re
from collections import Counter
from functools import lru_cache
from itertools import chain

import regex

from bot.digest.stems import common_stems, stem
from bot.errors import UsageError
from bot.latex import strip_math

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")

NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "ko": "Korean", "lt": "Lithuanian",
    "lv": "Latvian", "ms": "Malay", "nb": "Norwegian Bokmål", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "pt-BR": "Brazilian Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Simplified Chinese",
    "zh-CN": "Simplified Chinese", "zh-Hans": "Simplified Chinese", "zh-SG": "Simplified Chinese",
    "zh-TW": "Traditional Chinese", "zh-HK": "Traditional Chinese", "zh-Hant": "Traditional Chinese",
}  # fmt: skip
"""English names of the languages that are asked for most."""

_SCRIPTS = {
    "ar": "Arabic", "fa": "Arabic", "ur": "Arabic", "bn": "Bengali", "bg": "Cyrillic", "kk": "Cyrillic",
    "ru": "Cyrillic", "sr": "Cyrillic", "uk": "Cyrillic", "el": "Greek", "he": "Hebrew", "hi": "Devanagari",
    "hy": "Armenian", "ja": "Japanese", "ka": "Georgian", "ko": "Hangul", "ta": "Tamil", "te": "Telugu", "th": "Thai",
    "zh": "Han",
}  # fmt: skip
_WORD_SCRIPTS = (
    "Arabic",
    "Bengali",
    "Cyrillic",
    "Greek",
    "Hebrew",
    "Devanagari",
    "Armenian",
    "Georgian",
    "Hangul",
    "Tamil",
    "Telugu",
    "Latin",
)
_UNIT = {
    "Han": regex.compile(r"\p{Han}"),
    "Japanese": regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]"),
    "Thai": regex.compile(r"\p{Thai}{1,4}"),
    **{script: regex.compile(rf"\p{{{script}}}[\p{{{script}}}\p{{M}}]*") for script in _WORD_SCRIPTS},
}
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_OWN_LETTERS = {
    "ru": re.compile("[ыэъё]"),
    "uk": re.compile("[іїєґ]"),
    "fa": re.compile("[پچژگکی]"),
    "ur": re.compile("[ٹڈڑںےہ]"),
    "sr": re.compile("[ђјљњћџ]"),
}
_RIVALS = {"ru": ("uk",), "uk": ("ru",), "ar": ("fa", "ur"), "bg": ("uk", "sr")}
_MOST_FOREIGN_LETTERS = 0.04

# Characters of one way of writing Chinese that the other writes otherwise, among the commonest in abstracts.
_SIMPLIFIED = frozenset(
    "们个这种对学习数据训练结构网络语义图图像处为与时间经验实现过应进来发现问题关于层级测试设计优势广泛没有务从较"
)
_TRADITIONAL = frozenset(
    "們個這種對學習數據訓練結構網絡語義圖像處為與時間經驗實現過應進來發現問題關於層級測試設計優勢廣泛沒有務從較"
)

_FUNCTION_WORDS_TEXT = {
    "en": "the of and to in a is that for with we on by this are as from our which it be an at or its via",
    "de": "der die das und ist von den mit für wir auf dass ein eine einer eines werden wird durch sich nicht als auch",
    "fr": "le la les des et est une un dans que qui pour nous sur par avec ce cette sont aux du au plus de à",
    "es": "el la los las de y en que un una es por con para se del al este esta son como más su mediante",
    "pt": "o a os as de e em que um uma é por com para se do da dos das este esta são como mais não na no",
    "it": "il lo la i gli le di e in che un una è per con si del della dei delle questo sono come più nel",
    "nl": "de het een en van is dat in op met voor wij we te zijn door niet ook aan wordt deze die als",
    "sv": "och att det som en ett är av för med på vi den till de inte har kan denna genom",
    "da": "og at det som en et er af for med på vi den til de ikke har kan denne gennem",
    "no": "og at det som en et er av for med på vi den til de ikke har kan denne gjennom",
    "nb": "og at det som en et er av for med på vi den til de ikke har kan denne gjennom",
    "fi": "ja on että se ei joka ovat sekä tämä voidaan käyttää kuin myös mutta jotka me",
    "pl": "i w na z że do się jest nie to przez dla oraz jako które który są ta ten od po",
    "cs": "a v na se že je do pro s z to jako které který jsou tento tato pomocí od po při nebo",
    "ro": "și în de la pe cu un o este că din pentru care sunt prin mai nu ce ale acest",
    "hu": "a az és egy hogy nem is van ez mint meg el de csak vagy által amely",
    "tr": "ve bir bu için ile olarak da de en çok daha olan gibi ise veya kadar biz",
    "vi": "và của các là cho một trong được với những này có không chúng tôi trên để từ",
    "id": "dan yang di untuk dengan ini dari pada dalam adalah kami sebagai tidak dapat lebih oleh",
    "ms": "dan yang di untuk dengan ini dari pada dalam adalah kami sebagai tidak dapat lebih oleh",
    "ca": "el la els les de i en que un una és per amb es del al aquest aquesta són com més",
}
FUNCTION_WORDS = {tag: frozenset(text.split()) for tag, text in _FUNCTION_WORDS_TEXT.items()}
_LETTERS_TEXT = {
    "pl": "ąęłńśźż",
    "tr": "ğış",
    "cs": "ěřů",
    "hu": "őű",
    "ro": "ățș",
    "pt": "ãõ",
    "es": "ñ",
    "de": "ß",
    "vi": "ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđơư",
}
_LETTERS = {tag: frozenset(_LETTERS_TEXT.get(tag, "")) for tag in FUNCTION_WORDS}
_LATIN_WORD = regex.compile(r"\p{Latin}[\p{Latin}\p{M}'’]*")
_ASCII_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
# Written alike, so that one may pass for the other.
_ALIKE = ({"da", "no", "nb", "sv"}, {"id", "ms"}, {"es", "ca"}, {"cs", "sk"})
# Hardly a sentence in these is without a function word of the lists.
_WELL_KNOWN = frozenset(("en", "de", "fr", "es", "pt", "it", "nl", "pl"))
_ENOUGH_WORDS = 8
_MANY_WORDS = 11
_ENOUGH_MORE = 2.5
"""Function words that another language must have more: with two, a short sentence may have them by chance."""

_CLEARLY = 0.2
_HARDLY = 0.1
_LEAST_SHARE = 0.3
_ENOUGH_UNITS = 6


def main_language(tag: str) -> str:
    """Return the language of a tag without script and region, in lower case."""
    return tag.partition("-")[0].lower()


def language_name(tag: str) -> str:
    """Return what to call a language in an English prompt. Raises `UsageError` for what is no BCP 47 tag."""
    if not _TAG.fullmatch(tag):
        raise UsageError(f"{tag[:40]!r} is not a language tag such as en, zh-CN or pt-BR")
    parts = tag.split("-")
    known = NAMES.get(tag) or NAMES.get("-".join(parts[:2])) or NAMES.get(main_language(tag))
    return known or f"the language with the BCP 47 tag {tag}"


def same_language(one: str, other: str) -> bool:
    """Return whether two tags name one language, whatever script or region."""
    return main_language(one) == main_language(other)


@lru_cache(maxsize=256)
def is_in(text: str, tag: str) -> bool:
    """Return whether `text` may be in that language; True where it is too short or the language is unknown here.

    Names and terms in Latin letters are allowed in every language, math is not looked at. Kept for a while, as the
    checks ask about a paper's text more than once.
    """
    text = strip_math(text)
    main = main_language(tag)
    script = _SCRIPTS.get(main, "Latin")
    if script == "Latin":
        return _is_latin(text, main)
    own = len(_UNIT[script].findall(text))
    latin = len(_latin_words(text))
    others = sum(len(_UNIT[name].findall(text)) for name in _foreign_scripts(script))
    if own + latin + others < _ENOUGH_UNITS:
        return own > 0 or not others
    if not own:
        return False
    if own < _LEAST_SHARE * (own + latin) or others > own:
        return False
    return _is_this_one(text, tag, main, own)


def _foreign_scripts(script: str) -> list[str]:
    # What is looked for as Japanese has all of Han in it.
    related = {"Japanese", "Han"} if script in ("Japanese", "Han") else {"Han"}
    return [name for name in _UNIT if name not in {script, "Latin", *related}]


def _is_this_one(text: str, tag: str, main: str, own: int) -> bool:
    """Return whether a text in the right script is in the right one of its languages."""
    if main == "ja":
        return len(_KANA.findall(text)) >= own * 0.08
    if main == "zh":
        if len(_KANA.findall(text)) > own * 0.1:
            return False
        traditional = len(_TRADITIONAL.difference(_SIMPLIFIED).intersection(text))
        simplified = len(_SIMPLIFIED.difference(_TRADITIONAL).intersection(text))
        wants = NAMES.get(tag, NAMES["zh"]) == "Traditional Chinese" or "-hant" in tag.lower()
        wrong, right = (simplified, traditional) if wants else (traditional, simplified)
        return wrong <= right + 2
    for rival in _RIVALS.get(main, ()):
        letters = len(_OWN_LETTERS[rival].findall(text.lower()))
        if letters > _MOST_FOREIGN_LETTERS * sum(map(str.isalpha, text)):
            return False
    return True


@lru_cache(maxsize=8192)
def _spoken_in(word: str) -> tuple[str, ...]:
    """Return the languages of which a word is a function word, or has a letter that hardly any other has."""
    return tuple(tag for tag, words in FUNCTION_WORDS.items() if word in words or not _LETTERS[tag].isdisjoint(word))


def _latin_words(text: str) -> list[str]:
    # The same for both, at a fifth of the time.
    return _ASCII_WORD.findall(text) if text.isascii() else _LATIN_WORD.findall(text)


def _is_latin(text: str, main: str) -> bool:
    written = _latin_words(text)
    words = [word.lower() for word in written]
    others = 0 if text.isascii() else sum(len(_UNIT[name].findall(text)) for name in _foreign_scripts("Latin"))
    if others > len(words) / 2 and others >= _ENOUGH_UNITS:
        return False
    if len(words) < _ENOUGH_WORDS:
        return True
    alike = next((group for group in _ALIKE if main in group), {main})
    spoken = Counter(chain.from_iterable(map(_spoken_in, words)))
    shares = {tag: spoken[tag] / len(words) for tag in FUNCTION_WORDS}
    own = max((shares.get(tag, 0.0) for tag in {main, *alike}), default=0.0)
    rival = max(share for tag, share in shares.items() if tag not in {main, *alike})
    if main not in FUNCTION_WORDS:
        return shares["en"] < _CLEARLY
    if own >= _CLEARLY:
        return own >= rival - 0.05
    if rival >= _CLEARLY and own < rival - _HARDLY and (rival - own) * len(words) >= _ENOUGH_MORE:
        return False
    if not own and main in _WELL_KNOWN and sum(word[0].islower() for word in written) >= _MANY_WORDS:
        # English titles and lists may do without; they still have the words of abstracts.
        return main == "en" and sum(stem(word) in common_stems() for word in words) > 1
    return True
