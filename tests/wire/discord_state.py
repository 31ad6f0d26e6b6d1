"""The world of the loopback Discord as JSON and back, so that a server process can be restarted.

Kept: accounts, servers, channels with messages and permissions, commands, nonces with their age, session starts. Not
kept: gateway sessions, interactions under way, the record of requests.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from tests.wire.discord_clock import ServerClock
from tests.wire.discord_model import Channel, Guild, Overwrite, Role, Thread, User
from tests.wire.discord_wire import JsonObject
from tests.wire.discord_world import Identity, SessionStarts, World


def save_world(world: World) -> JsonObject:
    """Return everything that is kept, as JSON values."""
    now = world.clock.monotonic()
    return {
        "now": world.clock.now().isoformat(),
        "last_snowflake": world.snowflakes.last,
        "identity": asdict(world.identity),
        "bot": world.bot.id,
        "owner": world.owner.id,
        "users": [asdict(user) for user in world.users.values()],
        "guilds": [asdict(guild) for guild in world.guilds.values()],
        "left_guilds": sorted(world.left_guilds),
        "channels": [asdict(channel) for channel in world.channels.values()],
        "commands": [[scope, list(commands.values())] for scope, commands in world.commands.items()],
        "command_creates": [[scope, at.isoformat()] for scope, at in world.command_creates],
        "nonces": [[*key, channel, message, now - at] for key, (channel, message, at) in world.nonces.items()],
        "harmful_links": sorted(world.harmful_links),
        "nonce_seconds": world.nonce_seconds,
        "starts": {
            "total": world.starts.total,
            "at": [at.isoformat() for at in world.starts.at],
            "token_reset": world.starts.token_reset,
        },
    }


def load_world(saved: JsonObject, clock: ServerClock) -> World:
    """Return the saved world under `clock`, which is moved forward to the saved instant when it is behind it."""
    clock.advance(max(0.0, (datetime.fromisoformat(saved["now"]) - clock.now()).total_seconds()))
    world = World(clock)
    now = clock.monotonic()
    world.snowflakes.last = max(world.snowflakes.last, saved["last_snowflake"])
    world.identity = Identity(**saved["identity"])
    world.users = {each["id"]: User(**each) for each in saved["users"]}
    world.bot, world.owner = world.users[saved["bot"]], world.users[saved["owner"]]
    world.guilds = {each["id"]: _guild(each) for each in saved["guilds"]}
    world.left_guilds = set(saved["left_guilds"])
    world.channels = {each["id"]: _channel(each) for each in saved["channels"]}
    world.commands = {scope: {int(each["id"]): each for each in commands} for scope, commands in saved["commands"]}
    world.command_creates = [(scope, datetime.fromisoformat(at)) for scope, at in saved["command_creates"]]
    world.nonces = {(user, nonce): (room, message, now - age) for user, nonce, room, message, age in saved["nonces"]}
    world.harmful_links = set(saved["harmful_links"])
    world.nonce_seconds = saved["nonce_seconds"]
    starts = saved["starts"]
    instants = [datetime.fromisoformat(at) for at in starts["at"]]
    world.starts = SessionStarts(starts["total"], instants, starts["token_reset"])
    return world


def _guild(saved: JsonObject) -> Guild:
    more: dict[str, Any] = {
        "roles": {int(key): Role(**role) for key, role in saved["roles"].items()},
        "emojis": {int(key): name for key, name in saved["emojis"].items()},
    }
    return Guild(**{**saved, **more})


def _channel(saved: JsonObject) -> Channel:
    more: dict[str, Any] = {
        "overwrites": {int(key): Overwrite(**rule) for key, rule in saved["overwrites"].items()},
        "tags": {int(key): name for key, name in saved["tags"].items()},
        "thread": Thread(**saved["thread"]) if saved["thread"] else None,
        "messages": {int(key): message for key, message in saved["messages"].items()},
    }
    return Channel(**{**saved, **more})
