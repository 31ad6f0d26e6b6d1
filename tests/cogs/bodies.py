"""Every body that the bot sent in a simulation, held against Discord's limits and, where it is there, its document."""

import functools
import importlib.util
import json
from pathlib import Path
from typing import Any

from simcord.env import Env

from tests.wire.discord_checks import message_errors

_SHARED = Path(__file__).resolve().parents[3] / "shared"
_CALLBACK = "/callback"
_MESSAGE_TYPES = (4, 7)


@functools.cache
def _validator() -> Any:
    """Return the checker of `../shared`, None where there is none."""
    tool, document = _SHARED / "tools/validate_discord.py", _SHARED / "data/discord/openapi.json"
    if not (tool.exists() and document.exists()):
        return None
    spec = importlib.util.spec_from_file_location("validate_discord", tool)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Validator(json.loads(document.read_text(encoding="utf-8")))


def faults_of(env: Env) -> list[str]:
    """Return what Discord would refuse of all that was sent, in words."""
    found: list[str] = []
    for request in env.http_requests:
        body: Any = request.json
        if body is None:
            continue
        message = body
        if isinstance(body, dict) and request.path.endswith(_CALLBACK):
            message = body.get("data") if body.get("type") in _MESSAGE_TYPES else None
        if isinstance(message, dict) and ("content" in message or "embeds" in message):
            found += [f"{request.path}: {'.'.join(map(str, at))}: {text}" for at, _, text in message_errors(message)]
            answers = request.path.startswith(("/interactions/", "/webhooks/"))
            if answers and (message.get("allowed_mentions") or {}).get("parse") != []:
                found.append(f"{request.path}: does not say that nobody is mentioned")
        validator = _validator()
        if validator is not None:
            valid, errors, _ = validator.check(request.method, request.path, body)
            found += [] if valid else [f"{request.method} {request.path}: {error}" for error in errors]
    return found
