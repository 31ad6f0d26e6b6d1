"""REST of messages: create with nonces, edit, read, delete, crosspost.

Order of refusals as seen on Discord: unknown channel, access, permission, form, links, slow mode, nonce.
"""

import re
from collections.abc import Iterable
from copy import deepcopy

from tests.wire.discord_checks import check_message, visible_text, walk_components
from tests.wire.discord_clock import timestamp
from tests.wire.discord_model import (
    COMPONENTS_V2,
    CROSSPOSTED,
    THREADS,
    Channel,
    ChannelType,
    Permission,
)
from tests.wire.discord_wire import ApiError, Call, File, JsonObject, Limit, Reply, Route, invalid_form
from tests.wire.discord_world import World

CREATE_LIMIT = Limit(5, 5.0)
CROSSPOST_LIMIT = Limit(10, 3600.0)
_KEPT = ("content", "embeds", "components", "flags", "tts", "nonce")


def visible_channel(world: World, channel_id: int) -> Channel:
    """Return a channel the bot can see; raises `ApiError` 10003 or 50001."""
    channel = world.channels.get(channel_id)
    if channel is None:
        raise ApiError(404, 10003, "Unknown Channel")
    if channel.guild_id is not None and not world.permissions(channel) & Permission.VIEW_CHANNEL:
        raise ApiError(403, 50001, "Missing Access")
    return channel


def require(world: World, channel: Channel, permission: Permission) -> None:
    """Raise `ApiError` 50013 unless the bot has every bit of `permission` in the channel."""
    if world.permissions(channel) & permission != permission:
        raise ApiError(403, 50013, "Missing Permissions")


def create_message(world: World, call: Call) -> Reply:
    """Store a message of the bot, or return the one that a repeated nonce already made."""
    channel = visible_channel(world, call.id("channel_id"))
    body = call.object
    writable(world, channel, body, call.files.values())
    check_message(body, file_count=len(call.files))
    check_links(world, body)
    earlier = _earlier(world, body)
    if earlier:
        return Reply(200, earlier)
    _slow_mode(world, channel)
    if channel.thread:
        channel.thread.archived = False
    message = world.store_message(channel, world.bot, message_fields(world, channel, body, call.files.values()))
    if body.get("nonce") is not None:
        key = (world.bot.id, str(body["nonce"]))
        world.nonces[key] = (channel.id, int(message["id"]), world.clock.monotonic())
    return Reply(200, message)


def writable(world: World, channel: Channel, body: JsonObject, files: Iterable[File]) -> None:
    """Raise `ApiError` unless the bot may write `body` into the channel."""
    if channel.type == ChannelType.DM:
        assert channel.recipient_id is not None
        if not world.users[channel.recipient_id].accepts_dms:
            raise ApiError(403, 50007, "Cannot send messages to this user")
        return
    if channel.type == ChannelType.FORUM:
        raise ApiError(400, 40058, "Cannot send messages in a forum channel")
    if channel.type == ChannelType.CATEGORY:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    in_thread = channel.type in THREADS
    require(world, channel, Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES)
    if body.get("embeds"):
        require(world, channel, Permission.EMBED_LINKS)
    if list(files):
        require(world, channel, Permission.ATTACH_FILES)
    if channel.thread and channel.thread.locked and not world.permissions(channel) & Permission.MANAGE_THREADS:
        raise ApiError(403, 160005, "Thread is locked")


def check_links(world: World, body: JsonObject) -> None:
    """Raise `ApiError` 240000 when the body holds one of the world's harmful links."""
    if any(link in str(body) for link in world.harmful_links):
        raise ApiError(400, 240000, "Message blocked by harmful links filter")


def message_fields(world: World, channel: Channel, body: JsonObject, files: Iterable[File]) -> JsonObject:
    """Return what of a body is kept in a message: embeds collapsed, components numbered, who is pinged."""
    fields = {key: body[key] for key in _KEPT if body.get(key) is not None}
    fields["embeds"] = collapse_embeds(body.get("embeds") or [])
    fields["components"] = numbered(body.get("components") or [])
    fields["attachments"] = [
        {
            "id": str(world.snowflakes.take()),
            "filename": file.name,
            "size": len(file.content),
            "url": f"https://cdn.discordapp.com/attachments/{channel.id}/{file.name}",
            "proxy_url": f"https://media.discordapp.net/attachments/{channel.id}/{file.name}",
            "content_type": file.content_type,
        }
        for file in files
    ]
    return fields | _pings(world, channel, body)


def numbered(components: Iterable[JsonObject]) -> list[JsonObject]:
    """Return a copy of components in which each has an `id`, given in order where the sender gave none."""
    copied: list[JsonObject] = deepcopy(list(components))
    for number, part in enumerate(walk_components(copied), 1):
        part.setdefault("id", number)
    return copied


def collapse_embeds(embeds: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the embeds a reader sees: of those with the same URL only the first."""
    shown: dict[object, JsonObject] = {}
    for place, embed in enumerate(embeds):
        shown.setdefault(embed.get("url") or place, {"type": "rich", **embed})
    return list(shown.values())


def _pings(world: World, channel: Channel, body: JsonObject) -> JsonObject:
    text = visible_text(body)
    rules = body.get("allowed_mentions")
    parse = {"everyone", "users", "roles"} if rules is None else set(rules.get("parse") or [])
    listed = {int(each) for key in ("users", "roles") for each in ((rules or {}).get(key) or [])}
    may_all = bool(world.permissions(channel) & Permission.MENTION_EVERYONE)
    users = [world.users[each] for each in _found(r"<@!?(\d+)>", text) if each in world.users]
    guild = world.guilds.get(channel.guild_id or 0)
    roles = [guild.roles[each] for each in _found(r"<@&(\d+)>", text) if each in guild.roles] if guild else []
    return {
        "mention_everyone": may_all and "everyone" in parse and bool(re.search(r"@(everyone|here)\b", text)),
        "mentions": [user.payload() for user in users if "users" in parse or user.id in listed],
        "mention_roles": [
            str(role.id) for role in roles if (role.mentionable or may_all) and ("roles" in parse or role.id in listed)
        ],
    }


def _found(pattern: str, text: str) -> list[int]:
    return list(dict.fromkeys(map(int, re.findall(pattern, text))))


def _earlier(world: World, body: JsonObject) -> JsonObject | None:
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    channel_id, message_id, at = world.nonces.get((world.bot.id, str(body["nonce"])), (0, 0, -1e9))
    if world.clock.monotonic() - at > world.nonce_seconds:
        return None
    channel = world.channels.get(channel_id)
    if channel is None or message_id not in channel.messages:
        raise ApiError(404, 10008, "Unknown Message")
    return channel.messages[message_id] | {"nonce": body["nonce"]}


def _slow_mode(world: World, channel: Channel) -> None:
    now = world.clock.monotonic()
    left = world.last_sent.get(channel.id, -1e9) + channel.slow_mode - now
    if channel.slow_mode and left > 0:
        wait = world.clock.client_seconds(left)
        message = "This action cannot be performed due to slowmode rate limit."
        raise ApiError(429, 20016, message, retry_after=wait)
    world.last_sent[channel.id] = now


def list_messages(world: World, call: Call) -> Reply:
    """Return history newest first; an empty list, no error, without Read Message History."""
    channel = visible_channel(world, call.id("channel_id"))
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise invalid_form([(("limit",), "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")])
    if not world.permissions(channel) & Permission.READ_MESSAGE_HISTORY:
        return Reply(200, [])
    ids = sorted(channel.messages)
    if "after" in call.query:
        ids = [each for each in ids if each > int(call.query["after"])][:limit]
    elif "around" in call.query:
        near = sorted(ids, key=lambda each: abs(each - int(call.query["around"])))
        ids = sorted(near[:limit])
    elif "before" in call.query:
        ids = [each for each in ids if each < int(call.query["before"])]
    return Reply(200, [channel.messages[each] for each in reversed(ids[-limit:])])


def _message(world: World, call: Call) -> tuple[Channel, JsonObject]:
    channel = visible_channel(world, call.id("channel_id"))
    message = channel.messages.get(call.id("message_id"))
    if message is None:
        raise ApiError(404, 10008, "Unknown Message")
    return channel, message


def get_message(world: World, call: Call) -> Reply:
    """Return one message; needs Read Message History."""
    channel = visible_channel(world, call.id("channel_id"))
    require(world, channel, Permission.READ_MESSAGE_HISTORY)
    return Reply(200, _message(world, call)[1])


def edit_message(world: World, call: Call) -> Reply:
    """Change a message of the bot."""
    channel, message = _message(world, call)
    if message["author"]["id"] != str(world.bot.id):
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    if channel.thread and channel.thread.archived:
        raise ApiError(400, 50083, "Thread is archived")
    merged = change_message(world, channel, message, call)
    world.edited(channel, merged)
    return Reply(200, merged)


def change_message(world: World, channel: Channel, message: JsonObject, call: Call) -> JsonObject:
    """Apply an edit to a message in place, after checking the body as it would be afterwards, and return it."""
    body = call.object
    flags = int(message.get("flags") or 0) | int(body.get("flags") or 0) & COMPONENTS_V2
    check_message({**message, **body, "flags": flags}, file_count=len(call.files), partial=True)
    check_links(world, body)
    kept: JsonObject = {"content": body["content"]} if "content" in body else {}
    if "components" in body:
        kept["components"] = numbered(body["components"] or [])
    if "embeds" in body:
        kept["embeds"] = collapse_embeds(body["embeds"] or [])
    if "attachments" in body or call.files:
        kept["attachments"] = message_fields(world, channel, {}, call.files.values())["attachments"]
    message |= kept | {"flags": flags, "edited_timestamp": timestamp(world.clock.now())}
    message["content"] = message["content"] or ""
    return message


def delete_message(world: World, call: Call) -> Reply:
    """Delete a message; another's needs Manage Messages."""
    channel, message = _message(world, call)
    if message["author"]["id"] != str(world.bot.id):
        require(world, channel, Permission.MANAGE_MESSAGES)
    world.delete_message(channel.id, int(message["id"]))
    return Reply(204)


def crosspost(world: World, call: Call) -> Reply:
    """Publish a message of an announcement channel to its followers, once."""
    channel, message = _message(world, call)
    if channel.type != ChannelType.ANNOUNCEMENT:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    require(world, channel, Permission.SEND_MESSAGES)
    if message["author"]["id"] != str(world.bot.id):
        require(world, channel, Permission.MANAGE_MESSAGES)
    if message["flags"] & CROSSPOSTED:
        raise ApiError(400, 40033, "This message has already been crossposted")
    message["flags"] |= CROSSPOSTED
    world.edited(channel, message)
    return Reply(200, message)


def typing(world: World, call: Call) -> Reply:
    """Show that the bot types."""
    require(world, visible_channel(world, call.id("channel_id")), Permission.SEND_MESSAGES)
    return Reply(204)


_ONE = "/channels/{channel_id}/messages/{message_id}"
ROUTES = (
    Route("POST", "/channels/{channel_id}/messages", create_message, CREATE_LIMIT),
    Route("GET", "/channels/{channel_id}/messages", list_messages),
    Route("GET", _ONE, get_message),
    Route("PATCH", _ONE, edit_message, CREATE_LIMIT),
    Route("DELETE", _ONE, delete_message, CREATE_LIMIT),
    Route("POST", _ONE + "/crosspost", crosspost, CROSSPOST_LIMIT),
    Route("POST", "/channels/{channel_id}/typing", typing),
)
