"""`Texts`: what the program says, in one language. English texts are the keys, so code reads as what the user sees.

Placeholders are named, `{topic}`. Values are put in as they are: whoever passes text that a stranger wrote escapes it.
"""

import functools
import gettext
import io
from datetime import date
from importlib import resources

from bot.errors import PaperBriefError
from bot.i18n.po import Message, compile_mo, parse_po

LANGUAGES = {"en": "English", "zh-CN": "简体中文"}
"""The languages of the catalogues by BCP 47, and what each calls itself."""

LOCALES = tuple(LANGUAGES)
"""The first is what everything falls back to."""

_DOMAIN = "paperbrief"
_COMMAND_NAME = "command"


def mark(text: str) -> str:
    """Return `text` as it is: marks what is translated later, where it is shown."""
    return text


class Refusal(PaperBriefError):
    """What was asked for cannot be done, said in a text of the catalogue: shown to the user in their own language.

    `str()` is the English of it, for logs.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message.format(**values))
        self.message = message
        self.values = values


class Texts:
    """The texts of one locale; made by `load_texts`."""

    def __init__(self, locale: str, translations: gettext.NullTranslations) -> None:
        self.locale = locale
        self._translations = translations

    def say(self, text: str, /, **values: object) -> str:
        """Return `text` in this language with its placeholders filled in."""
        return self._translations.gettext(text).format(**values)

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Return `one` or `many`, as this language counts, in this language; `{n}` is the number, as in "5,151"."""
        return self._translations.ngettext(one, many, number).format(n=f"{number:,}", **values)

    def refusal(self, refusal: Refusal) -> str:
        """Return what a refusal says, in this language; values that are refusals or marked texts with it."""
        return self.say(refusal.message, **refusal.values)

    def command_name(self, name: str) -> str:
        """Return the name of a command, a group or an option as Discord shows it in this language."""
        return self._translations.pgettext(_COMMAND_NAME, name)

    def listed(self, parts: list[str]) -> str:
        """Return several things as one phrase: "a, b and c"."""
        if len(parts) < 2:
            return "".join(parts)
        return self.say("{some} and {last}", some=self.say(", ").join(parts[:-1]), last=parts[-1])

    def date(self, day: date) -> str:
        """Return a date such as "Wed 12 Aug 2026"."""
        weekday = self.say(_WEEKDAYS[day.weekday()])
        month = self.say(_MONTHS[day.month - 1])
        return self.say("{weekday} {day} {month} {year}", weekday=weekday, day=day.day, month=month, year=day.year)


_WEEKDAYS = (mark("Mon"), mark("Tue"), mark("Wed"), mark("Thu"), mark("Fri"), mark("Sat"), mark("Sun"))
_MONTHS = (
    mark("Jan"),
    mark("Feb"),
    mark("Mar"),
    mark("Apr"),
    mark("May"),
    mark("Jun"),
    mark("Jul"),
    mark("Aug"),
    mark("Sep"),
    mark("Oct"),
    mark("Nov"),
    mark("Dec"),
)


def match_locale(tag: str | None) -> str:
    """Return the one of `LOCALES` that suits a BCP 47 tag best: any Chinese is nearer to Chinese than to English."""
    language = (tag or "").replace("_", "-").partition("-")[0].lower()
    return next((locale for locale in LOCALES if locale.partition("-")[0].lower() == language), LOCALES[0])


def load_messages(locale: str) -> list[Message]:
    """Return the entries of a catalogue as its file has them. Raises ValueError for a broken one."""
    directory = resources.files("bot.i18n").joinpath("locale", locale.replace("-", "_"), "LC_MESSAGES")
    return parse_po(directory.joinpath(f"{_DOMAIN}.po").read_text(encoding="utf-8"))


@functools.cache
def load_texts(tag: str | None = None) -> Texts:
    """Return the texts for a BCP 47 tag, of the nearest of `LOCALES`."""
    locale = match_locale(tag)
    return Texts(locale, gettext.GNUTranslations(io.BytesIO(compile_mo(load_messages(locale)))))
