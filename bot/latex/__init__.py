"""TeX in titles and abstracts, made readable as plain Unicode. Pure; may import nothing of this program."""

from bot.latex.accents import accents_to_unicode
from bot.latex.prose import latex_to_unicode
from bot.latex.segments import strip_math

__all__ = ["accents_to_unicode", "latex_to_unicode", "strip_math"]
