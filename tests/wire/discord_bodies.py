"""What Discord would refuse of a body, for every suite that sees requests: its document and the sums it lacks.

The document is checked where `../shared` has it; the counted limits of `discord_checks.py` always. Pure but for
reading the document once.
"""

import importlib.util
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.wire.discord_checks import check_choices, check_commands, check_message, check_modal
from tests.wire.discord_wire import ApiError, JsonObject

_SHARED = Path(__file__).resolve().parents[3] / "shared"
_LIBRARYS_OWN = re.compile(r"integer where|(embeds\[\d+\]\.flags|\.tts|\.nsfw): not a property")
"""What discord.py 2.7.1 adds to every such body and Discord takes."""
_UNDESCRIBED = re.compile(r"^/__control/|^/gateway/ws")
_ANSWER, _UPDATE, _CHOICES, _MODAL = 4, 7, 8, 9
_THREAD_NAME = 100


def body_faults(method: str, path: str, body: Any, *, file_count: int = 0) -> list[str]:
    """Return what Discord would refuse of a body, in words; `path` is without /api/v10."""
    if body is None or _UNDESCRIBED.search(path):
        return []
    found = [*_counted(method, path, body, file_count), *_described(method, path, body, file_count)]
    return [f"{method} {path}: {one}" for one in found]


def can_check_document() -> bool:
    """Return whether Discord's document is there."""
    return _validator() is not None


def _counted(method: str, path: str, body: Any, file_count: int) -> list[str]:
    for pattern, check in _CHECKS:
        if pattern.search(f"{method} {path}"):
            try:
                check(body, file_count, method == "PATCH")
            except ApiError as refused:
                return [json.dumps(refused.body.get("errors") or refused.body, ensure_ascii=False)]
            return []
    return []


def _check_message(body: JsonObject, file_count: int, partial: bool) -> None:
    check_message(body, file_count=file_count, partial=partial)


def _check_thread(body: JsonObject, file_count: int, partial: bool) -> None:
    name = body.get("name")
    if not partial and (not isinstance(name, str) or not 1 <= len(name) <= _THREAD_NAME):
        raise ApiError(400, 50035, f"name: Must be between 1 and {_THREAD_NAME} in length.")
    if "message" in body:
        check_message(body["message"], file_count=file_count)


def _check_callback(body: JsonObject, file_count: int, _partial: bool) -> None:
    data, kind = body.get("data") or {}, body.get("type")
    if kind in {_ANSWER, _UPDATE}:
        check_message(data, file_count=file_count, partial=kind == _UPDATE)
    elif kind == _CHOICES:
        check_choices(data.get("choices") or [])
    elif kind == _MODAL:
        check_modal(data)


def _check_commands(body: Any, _file_count: int, _partial: bool) -> None:
    check_commands(body if isinstance(body, list) else [body])


_CHECKS: list[tuple[re.Pattern[str], Callable[[Any, int, bool], None]]] = [
    (re.compile(pattern), check)
    for pattern, check in (
        (r"^POST /interactions/[^/]+/[^/]+/callback", _check_callback),
        (r"^(POST|PATCH) /webhooks/\d+/", _check_message),
        (r"^(POST|PATCH) /channels/\d+/messages(/\d+)?$", _check_message),
        (r"^POST /channels/\d+(/messages/\d+)?/threads$", _check_thread),
        (r"^(PUT|POST) /applications/\d+(/guilds/\d+)?/commands", _check_commands),
    )
]


def _described(method: str, path: str, body: Any, file_count: int) -> list[str]:
    validator = _validator()
    if validator is None:
        return []
    try:
        _, errors, warnings = validator.check(method, path, body, bool(file_count))
    except LookupError as error:
        return [str(error)]
    return [*errors, *(one for one in warnings if not _LIBRARYS_OWN.search(one))]


@cache
def _validator() -> Any:
    tool, document = _SHARED / "tools" / "validate_discord.py", _SHARED / "data" / "discord" / "openapi.json"
    if not (tool.exists() and document.exists()):
        return None
    spec = importlib.util.spec_from_file_location("validate_discord", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Validator(json.loads(document.read_text(encoding="utf-8")))
