"""People using the bot: slash commands, autocomplete, buttons, selects, modals, as INTERACTION_CREATE events.

Builds what Discord would send and keeps what the bot answered; the answers' REST is `discord_interaction_rest.py`.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.wire.discord_checks import SELECTS, TEXT_INPUT, walk_components
from tests.wire.discord_model import ALL, Channel, Permission, User, member_payload
from tests.wire.discord_wire import JsonObject
from tests.wire.discord_world import World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
SUB_COMMAND, GROUP, STRING, INTEGER, BOOLEAN, CHANNEL, ROLE, NUMBER = 1, 2, 3, 4, 5, 7, 8, 10
_OBJECTS = frozenset({CHANNEL, ROLE})
MEMBER_PERMISSIONS = Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.USE_APPLICATION_COMMANDS


@dataclass(slots=True)
class Interaction:
    """One use of the bot and everything it answered.

    `callback` is the type of the first response (4 message, 5 deferred, 6 deferred update, 7 update, 8 choices,
    9 modal), None before it. `message` is the response as a member sees it now; `followups` the later ones, in order.
    """

    id: int
    token: str = field(repr=False)
    kind: int
    channel_id: int
    user_id: int
    guild_id: int | None
    created: float
    user_install: bool = False
    message_id: int | None = None
    callback: int | None = None
    answered_after: float | None = None
    message: JsonObject | None = None
    followups: list[JsonObject] = field(default_factory=list)
    choices: list[JsonObject] | None = None
    modal: JsonObject | None = None

    @property
    def acknowledged(self) -> bool:
        """Return whether the bot gave its first response."""
        return self.callback is not None

    @property
    def done(self) -> bool:
        """Return whether there is something to see: a message that is not "thinking", choices, a modal, an update."""
        if self.callback in {6, 7, 8, 9}:
            return True
        return self.message is not None and not self.message["flags"] & (1 << 7)

    @property
    def seen(self) -> list[JsonObject]:
        """Return the messages shown for this use, in order."""
        return [*([self.message] if self.message else []), *self.followups]


@dataclass(frozen=True, slots=True)
class Person:
    """Who uses the bot and where: a channel, an account, what it may do there, its language.

    `user_install` is a use of a user-installed bot in a place where the bot itself is not.
    """

    channel: Channel
    user: User
    permissions: int = MEMBER_PERMISSIONS
    locale: str = "en-US"
    user_install: bool = False


def admin(channel: Channel, user: User, locale: str = "en-US") -> Person:
    """Return someone with every permission."""
    return Person(channel, user, ALL, locale)


def use_command(
    world: World, who: Person, name: str, options: Mapping[str, Any] | None = None, *, focused: str | None = None
) -> Interaction:
    """Invoke a command ("topic create" for a subcommand); with `focused` ask for that option's autocomplete.

    Types of options come from what the bot registered, else from the Python types of the values.
    """
    words = name.split()
    registered = _registered(world, who.channel.guild_id, words[0])
    known = registered
    for word in words[1:]:
        known = next((each for each in known.get("options") or [] if each["name"] == word), {})
    kinds = {each["name"]: each["type"] for each in known.get("options") or []}
    inner: list[JsonObject] = [
        {
            "name": key,
            "type": kinds.get(key) or _kind_of(value),
            "value": str(value) if kinds.get(key) in _OBJECTS else value,
            **({"focused": True} if key == focused else {}),
        }
        for key, value in (options or {}).items()
    ]
    for depth, word in enumerate(reversed(words[1:])):
        inner = [{"name": word, "type": GROUP if depth else SUB_COMMAND, "options": inner}]
    data = {"id": registered.get("id") or str(world.snowflakes.take()), "name": words[0], "type": 1, "options": inner}
    data |= _resolved(
        world, who, {key: value for key, value in (options or {}).items() if kinds.get(key) in _OBJECTS}, kinds
    )
    return _begin(world, who, COMMAND if focused is None else AUTOCOMPLETE, data)


def use_component(
    world: World, who: Person, message: JsonObject, custom_id: str, values: Sequence[str] | None = None
) -> Interaction:
    """Press a button or choose `values` of a select; raises `KeyError` when it is not there or disabled."""
    for part in walk_components(message["components"]):
        if part.get("custom_id") == custom_id and not part.get("disabled"):
            data: JsonObject = {"custom_id": custom_id, "component_type": part["type"], "id": part.get("id", 1)}
            if part["type"] in SELECTS:
                data |= {"values": list(values or []), "resolved": {}}
            return _begin(world, who, COMPONENT, data, message=message)
    raise KeyError(custom_id)


def submit_modal(
    world: World, who: Person, opened: Interaction, fields: Mapping[str, str | Sequence[str]]
) -> Interaction:
    """Submit the modal that `opened` was answered with; `fields` maps custom ids to text (or choices of a select)."""
    assert opened.modal is not None, "no modal was shown"
    components = [_filled(part, fields) for part in opened.modal["components"]]
    data = {"custom_id": opened.modal["custom_id"], "components": components, "resolved": {}}
    channel = world.channels[opened.channel_id]
    message = channel.messages.get(opened.message_id or 0)
    return _begin(world, who, MODAL_SUBMIT, data, message=message)


def _filled(part: JsonObject, fields: Mapping[str, str | Sequence[str]]) -> JsonObject:
    filled: JsonObject = {"type": part["type"], "id": part.get("id", 1)}
    if "components" in part:
        return filled | {"components": [_filled(each, fields) for each in part["components"]]}
    if "component" in part:
        return filled | {"component": _filled(part["component"], fields)}
    given = fields.get(part.get("custom_id", ""), part.get("value") or "")
    if "custom_id" in part:
        filled["custom_id"] = part["custom_id"]
    if part["type"] == TEXT_INPUT:
        filled["value"] = given
    elif part["type"] in SELECTS:
        filled["values"] = [given] if isinstance(given, str) else list(given)
    return filled


def _resolved(world: World, who: Person, chosen: Mapping[str, Any], kinds: Mapping[str, int]) -> JsonObject:
    channels = {
        str(each): _partial(world, world.channels[int(each)], ALL)
        for key, each in chosen.items()
        if kinds[key] == CHANNEL
    }
    roles = {
        str(each): world.guilds[who.channel.guild_id or 0].roles[int(each)].payload()
        for key, each in chosen.items()
        if kinds[key] == ROLE
    }
    return {"resolved": {"channels": channels, "roles": roles}} if chosen else {}


def _registered(world: World, guild_id: int | None, name: str) -> JsonObject:
    for scope in (guild_id, None):
        for command in world.commands.get(scope, {}).values():
            if command["name"] == name:
                return command
    return {}


def _kind_of(value: object) -> int:
    if isinstance(value, bool):
        return BOOLEAN
    return {int: INTEGER, float: NUMBER}.get(type(value), STRING)


def _partial(world: World, channel: Channel, permissions: int) -> JsonObject:
    return world.channel_payload(channel) | {"permissions": str(int(permissions))}


def _begin(world: World, who: Person, kind: int, data: JsonObject, *, message: JsonObject | None = None) -> Interaction:
    channel = who.channel
    interaction = Interaction(
        id=world.snowflakes.take(),
        token=secrets.token_urlsafe(24),
        kind=kind,
        channel_id=channel.id,
        user_id=who.user.id,
        guild_id=channel.guild_id,
        created=world.clock.monotonic(),
        user_install=who.user_install,
        message_id=int(message["id"]) if message else None,
    )
    world.interactions[interaction.token] = interaction
    owners = {"1": str(who.user.id)} if who.user_install else {"0": str(channel.guild_id or 0)}
    event: JsonObject = {
        "id": str(interaction.id),
        "application_id": str(world.identity.application_id),
        "type": kind,
        "token": interaction.token,
        "version": 1,
        "data": data,
        "channel_id": str(channel.id),
        "channel": _partial(world, channel, who.permissions),
        "locale": who.locale,
        "app_permissions": str(int(world.permissions(channel))),
        "entitlements": [],
        "authorizing_integration_owners": owners,
        "context": (0 if channel.guild_id else 1),
        "attachment_size_limit": 10_485_760,
    }
    if message is not None:
        event["message"] = message
    event |= _place(world, who)
    world.emit("INTERACTION_CREATE", event, channel.guild_id, 0)
    return interaction


def _place(world: World, who: Person) -> JsonObject:
    guild_id = who.channel.guild_id
    if guild_id is None:
        return {"user": who.user.payload()}
    guild = world.guilds.get(guild_id)
    locale = guild.locale if guild else "en-US"
    joined_at = guild.joined_at if guild else "2026-01-01T00:00:00.000000+00:00"
    return {
        "guild_id": str(guild_id),
        "guild": {"id": str(guild_id), "locale": locale, "features": []},
        "guild_locale": locale,
        "member": member_payload(who.user, [], joined_at, who.permissions),
    }
