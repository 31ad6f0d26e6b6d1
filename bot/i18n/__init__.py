"""The words of the program in the reader's language: gettext catalogues, read from the package itself.

A door only. Knows nothing of Discord and nothing of papers.
"""

from bot.i18n.texts import LANGUAGES, LOCALES, Refusal, Texts, load_texts, mark, match_locale

__all__ = ["LANGUAGES", "LOCALES", "Refusal", "Texts", "load_texts", "mark", "match_locale"]
