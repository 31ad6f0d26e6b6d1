"""Write docs/exchange.schema.json: `python -m tools.exchange_schema`. A test keeps it equal to the program."""

import json
from pathlib import Path

from bot.pipeline.exchange_form import ExchangeFile

PAGE = Path(__file__).resolve().parents[1] / "docs/exchange.schema.json"


def main() -> None:
    """Write the schema."""
    text = json.dumps(ExchangeFile.model_json_schema(), indent=2, ensure_ascii=False)
    PAGE.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
