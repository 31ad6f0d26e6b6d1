"""Every body that the bot sent in a simulation, held against Discord's limits and, where it is there, its document."""

from typing import Any

from simcord.env import Env

from tests.wire.discord_bodies import body_faults


def faults_of(env: Env) -> list[str]:
    """Return what Discord would refuse of all that was sent, and what might mention somebody, in words."""
    found: list[str] = []
    for request in env.http_requests:
        body: Any = request.json
        message = _message_in(request.path, body)
        # SimCord has taken the files off; every upload stands in this list.
        files = len((message or {}).get("attachments") or ())
        found += body_faults(request.method, request.path, body, file_count=files)
        answers = request.path.startswith(("/interactions/", "/webhooks/"))
        if answers and message and (message.get("allowed_mentions") or {}).get("parse") != []:
            found.append(f"{request.path}: does not say that nobody is mentioned")
    return found


def _message_in(path: str, body: Any) -> dict[str, Any] | None:
    if not isinstance(body, dict):
        return None
    if path.endswith("/callback"):
        body = body.get("data") or {}
    return body if any(key in body for key in ("content", "embeds", "components")) and "title" not in body else None
