"""Write `.env.example` from the settings; a test keeps the two equal."""

from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from bot.settings import setting_names

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# Every setting of Paper Brief with its default. Copy to `.env` and uncomment what you change.
# Any of them can also be given as the name of a file that holds the value: DISCORD_TOKEN_FILE=/run/secrets/token,
# or as files in the directory that SECRETS_DIR names (discord_token, database__url …).
"""


def render() -> str:
    """Return the text of `.env.example`."""
    blocks = [HEADER]
    for name, field in setting_names().items():
        lines = [f"# {line}" for line in _wrap(field.description)]
        blocks.append("\n".join([*lines, f"#{name}={_default(field)}"]) + "\n")
    return "\n".join(blocks)


def _default(field: Any) -> str:
    value = field.default
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _wrap(text: str, width: int = 110) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(render(), encoding="utf-8")
