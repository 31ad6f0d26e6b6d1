"""Translated titles beside the original ones, and who made a translation or why there is none; escaped for no format.

Pure.
"""

from bot.i18n import Texts, load_texts
from bot.render import labels
from bot.render.text import clip, readable, sanitise
from bot.texts import Fallback, Translation

_MAX_MODEL = 60


def translated_title(translation: Translation | Fallback | None, title: str) -> str:
    """Return the readable translated title; empty where there is none, or where it is `title` itself."""
    if not isinstance(translation, Translation):
        return ""
    shown = readable(translation.title)
    return "" if shown.casefold() == readable(title).casefold() else shown


def translation_mark(translation: Translation | Fallback | None, texts: Texts | None = None) -> str:
    """Return "translated by …", or "not translated: …"; empty where no translation is wanted. `texts`: else English."""
    texts = texts or load_texts()
    if translation is None:
        return ""
    if isinstance(translation, Fallback):
        return texts.say(labels.NOT_TRANSLATED[translation])
    model = clip(sanitise(translation.producer), _MAX_MODEL) or texts.say(labels.AN_UNNAMED_MODEL)
    return texts.say(labels.TRANSLATED_BY, model=model)
