"""A maker with answers written by hand for the sample day's papers on multimodal models, so that pictures can be read.

Put it before the other makers: what it does not know is left to them. No test of checks may use it.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from tests.wire.openai_answers import ChatCall, Maker, with_anchors

_LANGUAGES = {"English": "en", "Simplified Chinese": "zh-CN"}
_ASKED = re.compile(r"\n(Write in|Translate into) (.+?)\. JSON only")


def load_sample_maker() -> Maker:
    """Return the maker; it answers None for other papers, languages and questions."""
    source = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    document = tomllib.loads(source)

    def make(call: ChatCall) -> Any:
        if call.system.startswith("Answer a reader's question"):
            known = (one for one in document["answer"] if f"Question: {one['question']}" in call.user)
            answer = next(known, None)
            return answer and {"found": True, "answer": answer["answer"], "quotes": answer["quotes"]}
        asked = _ASKED.search(call.user)
        paper = next((one for one in document["paper"] if f"Title: {one['title']}\n" in call.user), None)
        if paper is None or asked is None or call.user.count("\nTitle: ") > 1:
            return None
        texts = paper["summary" if asked[1] == "Write in" else "translation"]
        found: dict[str, Any] | None = texts.get(_LANGUAGES.get(asked[2], ""))
        return found and with_anchors(found, call)

    return make
