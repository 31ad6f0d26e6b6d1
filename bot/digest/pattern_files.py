"""Patterns that are long lists in many languages, read from `bot/digest/patterns/`: one alternative on each line.

Lines that begin with "# " are comments. A new language or disguise is a new line there, and no change of code.
"""

import re
from functools import cache
from importlib import resources

_READER = (
    r"(?:AI|LLMs?|language models?|assistants?|summari[sz]ers?|reviewers?|raters?|rankers?|bots?|chatbots?|chatgpt"
    r"|gpt[\w.-]*|claude|gemini|copilot|llama|deepseek|qwen|(?:AI |automated )?agents?|models?|machines?|crawlers?"
    r"|scrapers?|systems?)"
)


@cache
def load_pattern(name: str) -> re.Pattern[str]:
    """Return the alternatives of `<name>.txt` as one pattern that ignores case; ‹READER› is any kind of machine."""
    text = resources.files("bot.digest").joinpath("patterns", f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("# ")]
    return re.compile("|".join(lines).replace("‹READER›", _READER), re.IGNORECASE)
