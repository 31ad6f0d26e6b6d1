"""REST of interactions: the first response within 3 s, follow-ups and edits by token for 15 minutes.

These endpoints carry no bot token and are outside the global limit. Times are the server's.
"""

from tests.wire.discord_checks import check_choices, check_message, check_modal
from tests.wire.discord_interactions import AUTOCOMPLETE, COMPONENT, MODAL_SUBMIT, Interaction
from tests.wire.discord_messages import change_message, check_links, message_fields
from tests.wire.discord_model import EPHEMERAL, LOADING
from tests.wire.discord_wire import ApiError, Call, JsonObject, Limit, Reply, Route, invalid_form
from tests.wire.discord_world import World

FIRST_RESPONSE_SECONDS = 3.0
TOKEN_SECONDS = 900.0
USER_INSTALL_FOLLOWUPS = 5
WEBHOOK_LIMIT = Limit(5, 2.0)
PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
_ALLOWED = {
    AUTOCOMPLETE: {CHOICES},
    COMPONENT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL},
    MODAL_SUBMIT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE},
}


def callback(world: World, call: Call) -> Reply:
    """Take the first response; 10062 when it is unknown or too late, 40060 when there was one."""
    interaction = world.interactions.get(call.ids["token"])
    now = world.clock.monotonic()
    if interaction is None or interaction.id != call.id("interaction_id"):
        raise ApiError(404, 10062, "Unknown interaction")
    if interaction.acknowledged:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    if now - interaction.created > FIRST_RESPONSE_SECONDS:
        raise ApiError(404, 10062, "Unknown interaction")
    kind, data = int(call.object.get("type") or 0), call.object.get("data") or {}
    if kind not in _ALLOWED.get(interaction.kind, {MESSAGE, DEFERRED, MODAL}):
        raise invalid_form([(("type",), "BASE_TYPE_CHOICES", "Value is not one of the allowed types.")])
    _respond(world, interaction, kind, data, call)
    interaction.callback = kind
    interaction.answered_after = now - interaction.created
    world.bell.ring()
    if call.query.get("with_response") not in {"1", "true"}:
        return Reply(204)
    return Reply(200, _callback_answer(interaction, kind))


def _respond(world: World, interaction: Interaction, kind: int, data: JsonObject, call: Call) -> None:
    if kind == CHOICES:
        check_choices(data.get("choices") or [])
        interaction.choices = list(data.get("choices") or [])
    elif kind == MODAL:
        check_modal(data)
        interaction.modal = data
    elif kind == MESSAGE:
        interaction.message = _new_message(world, interaction, data, call)
    elif kind == DEFERRED:
        flags = LOADING | (int(data.get("flags") or 0) & EPHEMERAL)
        interaction.message = _store(world, interaction, {"flags": flags})
    elif kind == UPDATE:
        interaction.message = _change(world, interaction, _component_message(world, interaction), data, call)
    elif kind == DEFERRED_UPDATE and interaction.message_id:
        interaction.message = _component_message(world, interaction)


def _callback_answer(interaction: Interaction, kind: int) -> JsonObject:
    message = interaction.message
    inner: JsonObject = {"id": str(interaction.id), "type": interaction.kind}
    if message is None:
        return {"interaction": inner, "resource": {"type": kind}}
    inner |= {
        "response_message_id": message["id"],
        "response_message_loading": bool(message["flags"] & LOADING),
        "response_message_ephemeral": bool(message["flags"] & EPHEMERAL),
    }
    shown = {"message": message} if kind in {MESSAGE, UPDATE} else {}
    return {"interaction": inner, "resource": {"type": kind, **shown}}


def _component_message(world: World, interaction: Interaction) -> JsonObject:
    channel = world.channels[interaction.channel_id]
    message = channel.messages.get(interaction.message_id or 0) or _ephemeral(world, interaction.message_id or 0)
    if message is None:
        raise ApiError(404, 10008, "Unknown Message")
    return message


def _ephemeral(world: World, message_id: int) -> JsonObject | None:
    for interaction in world.interactions.values():
        for message in interaction.seen:
            if message["id"] == str(message_id):
                return message
    return None


def _new_message(world: World, interaction: Interaction, data: JsonObject, call: Call) -> JsonObject:
    check_message(data, file_count=len(call.files))
    check_links(world, data)
    channel = world.channels[interaction.channel_id]
    return _store(world, interaction, message_fields(world, channel, data, call.files.values()))


def _store(world: World, interaction: Interaction, fields: JsonObject) -> JsonObject:
    # Only the person sees an ephemeral message: it is never in the channel's history.
    channel = world.channels[interaction.channel_id]
    metadata = {
        "id": str(interaction.id),
        "type": interaction.kind,
        "user": world.users[interaction.user_id].payload(),
        "authorizing_integration_owners": {},
    }
    body = fields | {"interaction_metadata": metadata, "application_id": str(world.identity.application_id)}
    message = world.store_message(channel, world.bot, body)
    if message["flags"] & EPHEMERAL:
        del channel.messages[int(message["id"])]
    return message


def _change(world: World, interaction: Interaction, message: JsonObject, data: JsonObject, call: Call) -> JsonObject:
    channel = world.channels[interaction.channel_id]
    changed = change_message(world, channel, message, Call(call.method, call.path, body=data, files=call.files))
    changed["flags"] &= ~LOADING
    world.edited(channel, changed)
    return changed


def _by_token(world: World, call: Call) -> Interaction:
    if call.id("webhook_id") != world.identity.application_id:
        raise ApiError(404, 10015, "Unknown Webhook")
    interaction = world.interactions.get(call.ids["token"])
    if interaction is None or world.clock.monotonic() - interaction.created > TOKEN_SECONDS:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    if not interaction.acknowledged:
        raise ApiError(404, 10015, "Unknown Webhook")
    return interaction


def follow_up(world: World, call: Call) -> Reply:
    """Send a further message; the first one after a deferral takes the place of "thinking"."""
    interaction = _by_token(world, call)
    if interaction.message is not None and interaction.message["flags"] & LOADING:
        check_message(call.object, file_count=len(call.files))
        message = _change(world, interaction, interaction.message, call.object, call)
    else:
        if interaction.user_install and len(interaction.followups) >= USER_INSTALL_FOLLOWUPS:
            raise ApiError(400, 40094, "This interaction has reached the maximum number of follow-up messages")
        message = _new_message(world, interaction, call.object, call)
        interaction.followups.append(message)
    world.bell.ring()
    return Reply(200, message) if call.query.get("wait") in {"1", "true"} else Reply(204)


def _shown(world: World, call: Call) -> tuple[Interaction, JsonObject]:
    interaction = _by_token(world, call)
    wanted = call.ids["message_id"]
    original = [interaction.message] if interaction.message else []
    known = original if wanted == "@original" else [each for each in interaction.seen if each["id"] == wanted]
    present = world.channels[interaction.channel_id].messages
    for message in known:
        if message["flags"] & EPHEMERAL or int(message["id"]) in present:
            return interaction, message
    raise ApiError(404, 10008, "Unknown Message")


def get_shown(world: World, call: Call) -> Reply:
    """Return a response message."""
    return Reply(200, _shown(world, call)[1])


def edit_shown(world: World, call: Call) -> Reply:
    """Edit a response message; fills a deferred one."""
    interaction, message = _shown(world, call)
    changed = _change(world, interaction, message, call.object, call)
    world.bell.ring()
    return Reply(200, changed)


def delete_shown(world: World, call: Call) -> Reply:
    """Delete a response message."""
    interaction, message = _shown(world, call)
    world.channels[interaction.channel_id].messages.pop(int(message["id"]), None)
    if message is interaction.message:
        interaction.message = None
    else:
        interaction.followups.remove(message)
    world.bell.ring()
    return Reply(204)


_SHOWN = "/webhooks/{webhook_id}/{token}/messages/{message_id}"
ROUTES = (
    Route("POST", "/interactions/{interaction_id}/{token}/callback", callback, bot=False),
    Route("POST", "/webhooks/{webhook_id}/{token}", follow_up, WEBHOOK_LIMIT, bot=False),
    Route("GET", _SHOWN, get_shown, WEBHOOK_LIMIT, bot=False),
    Route("PATCH", _SHOWN, edit_shown, WEBHOOK_LIMIT, bot=False),
    Route("DELETE", _SHOWN, delete_shown, WEBHOOK_LIMIT, bot=False),
)
