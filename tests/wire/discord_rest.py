"""REST of everything but messages and interactions.

The bot's account, where the gateway is, servers, channels, threads and forum posts, application commands.
"""

from datetime import timedelta

from tests.wire.discord_checks import check_commands, check_message
from tests.wire.discord_messages import (
    check_links,
    message_fields,
    require,
    visible_channel,
)
from tests.wire.discord_model import (
    REQUIRE_TAG,
    THREADS,
    Channel,
    ChannelType,
    Guild,
    Permission,
)
from tests.wire.discord_wire import ApiError, Call, JsonObject, Limit, Reply, Route, invalid_form
from tests.wire.discord_world import World

CREATES_PER_DAY = 200
TAGS_APPLIED = 5
THREAD_LIMIT = Limit(50, 300.0)


def me(world: World, call: Call) -> Reply:
    """Return the bot's own account."""
    return Reply(200, world.bot.payload() | {"verified": True, "mfa_enabled": True, "locale": "en-US", "email": None})


def user(world: World, call: Call) -> Reply:
    """Return an account."""
    found = world.users.get(call.id("user_id"))
    if found is None:
        raise ApiError(404, 10013, "Unknown User")
    return Reply(200, found.payload())


def my_guilds(world: World, call: Call) -> Reply:
    """Return the servers the bot is in, in short form."""
    keys = ("id", "name", "icon", "banner", "features")
    guilds = [guild.payload() for guild in world.guilds.values()]
    short = [{key: guild[key] for key in keys} | {"owner": False, "permissions": "0"} for guild in guilds]
    return Reply(200, short)


def open_dm(world: World, call: Call) -> Reply:
    """Open direct messages with a user."""
    recipient = int(call.object.get("recipient_id") or 0)
    if recipient not in world.users:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    return Reply(200, world.channel_payload(world.open_dm(recipient)))


def application(world: World, call: Call) -> Reply:
    """Return the bot's application."""
    owner = world.users[world.identity.owner_id].payload()
    return Reply(
        200,
        {
            "id": str(world.identity.application_id),
            "name": world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "type": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": owner,
            "team": None,
            "flags": 0,
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "approximate_guild_count": len(world.guilds),
            "approximate_user_install_count": 0,
            "integration_types_config": {"0": {}, "1": {}},
        },
    )


def gateway(world: World, call: Call) -> Reply:
    """Return where the gateway is."""
    return Reply(200, {"url": world.gateway_url})


def gateway_bot(world: World, call: Call) -> Reply:
    """Return where the gateway is, how many shards, and what is left of the 1,000 session starts of 24 hours."""
    oldest = world.clock.now() - timedelta(days=1)
    used = sum(at > oldest for at in world.starts.at)
    start = {
        "total": world.starts.total,
        "remaining": max(0, world.starts.total - used),
        "reset_after": 86_400_000,
        "max_concurrency": 1,
    }
    shards = world.identity.installed_shards
    return Reply(200, {"url": world.gateway_url, "shards": shards, "session_start_limit": start})


def _guild(world: World, call: Call) -> Guild:
    found = world.guilds.get(call.id("guild_id"))
    if found is None:
        raise ApiError(404, 10004, "Unknown Guild")
    return found


def guild(world: World, call: Call) -> Reply:
    """Return a server the bot is in."""
    return Reply(200, _guild(world, call).payload() | {"approximate_member_count": 2})


def guild_channels(world: World, call: Call) -> Reply:
    """Return a server's channels without threads."""
    inside = [each for each in world.channels.values() if each.guild_id == _guild(world, call).id]
    return Reply(200, [world.channel_payload(each) for each in inside if each.thread is None])


def guild_roles(world: World, call: Call) -> Reply:
    """Return a server's roles."""
    return Reply(200, [role.payload() for role in _guild(world, call).roles.values()])


def guild_member(world: World, call: Call) -> Reply:
    """Return the bot as a member; the others are not modelled as members."""
    if call.id("user_id") != world.bot.id:
        raise ApiError(404, 10007, "Unknown Member")
    return Reply(200, world.bot_member(_guild(world, call)))


def active_threads(world: World, call: Call) -> Reply:
    """Return the threads of a server that are not archived and that the bot can see, newest first."""
    inside = [each for each in world.channels.values() if each.guild_id == _guild(world, call).id]
    seen = [each for each in inside if each.thread and not each.thread.archived]
    return _threads(world, [each for each in seen if world.permissions(each) & Permission.VIEW_CHANNEL])


def archived_threads(world: World, call: Call) -> Reply:
    """Return the archived threads of a channel; needs Read Message History."""
    channel = visible_channel(world, call.id("channel_id"))
    require(world, channel, Permission.READ_MESSAGE_HISTORY)
    archived = [each for each in world.threads(channel.id) if each.thread and each.thread.archived]
    return _threads(world, archived, has_more=False)


def _threads(world: World, threads: list[Channel], **more: bool) -> Reply:
    payloads = [world.channel_payload(each) for each in sorted(threads, key=lambda each: -each.id)]
    return Reply(200, {"threads": payloads, "members": [], **more})


def channel(world: World, call: Call) -> Reply:
    """Return a channel."""
    return Reply(200, world.channel_payload(visible_channel(world, call.id("channel_id"))))


def edit_channel(world: World, call: Call) -> Reply:
    """Change a channel's name or topic, or a thread's state; the bot's own threads need no permission."""
    found = visible_channel(world, call.id("channel_id"))
    body = call.object
    if found.thread is None:
        require(world, found, Permission.MANAGE_CHANNELS)
    else:
        if found.thread.owner_id != world.bot.id or "locked" in body:
            require(world, found, Permission.MANAGE_THREADS)
        found.thread.archived = bool(body.get("archived", found.thread.archived))
        found.thread.locked = bool(body.get("locked", found.thread.locked))
        if "applied_tags" in body:
            found.thread.applied_tags = [int(tag) for tag in body["applied_tags"]]
    if "name" in body:
        found.name = _name(body)
    found.topic = body.get("topic", found.topic)
    world.announce_channel(found.id)
    return Reply(200, world.channel_payload(found))


def delete_channel(world: World, call: Call) -> Reply:
    """Delete a channel or thread."""
    found = visible_channel(world, call.id("channel_id"))
    require(world, found, Permission.MANAGE_THREADS if found.thread else Permission.MANAGE_CHANNELS)
    payload = world.channel_payload(found)
    world.delete_channel(found.id)
    return Reply(200, payload)


def _name(body: JsonObject) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise invalid_form([(("name",), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")])
    return name


def thread_from_message(world: World, call: Call) -> Reply:
    """Open a thread on a message; its id is the message's."""
    parent = visible_channel(world, call.id("channel_id"))
    message_id = call.id("message_id")
    if message_id not in parent.messages:
        raise ApiError(404, 10008, "Unknown Message")
    require(world, parent, Permission.CREATE_PUBLIC_THREADS)
    if parent.type in THREADS:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if message_id in world.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    minutes = int(call.object.get("auto_archive_duration") or 1440)
    thread = world.add_thread(parent, _name(call.object), thread_id=message_id, minutes=minutes)
    parent.messages[message_id]["flags"] |= 1 << 5
    world.announce_thread(thread)
    return Reply(201, world.channel_payload(thread))


def start_thread(world: World, call: Call) -> Reply:
    """Open a thread without a message, or a forum post with its first message in the same request."""
    parent = visible_channel(world, call.id("channel_id"))
    if parent.type == ChannelType.FORUM:
        return _forum_post(world, parent, call)
    require(world, parent, Permission.CREATE_PUBLIC_THREADS)
    if parent.type not in {ChannelType.TEXT, ChannelType.ANNOUNCEMENT}:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    minutes = int(call.object.get("auto_archive_duration") or 1440)
    thread = world.add_thread(parent, _name(call.object), minutes=minutes)
    world.announce_thread(thread)
    return Reply(201, world.channel_payload(thread))


def _forum_post(world: World, forum: Channel, call: Call) -> Reply:
    # A forum post knows no nonce: the same request twice makes two posts, as on Discord.
    body, message = call.object, call.object.get("message") or {}
    require(world, forum, Permission.SEND_MESSAGES)
    if message.get("embeds"):
        require(world, forum, Permission.EMBED_LINKS)
    if call.files:
        require(world, forum, Permission.ATTACH_FILES)
    name = _name(body)
    tags = [int(tag) for tag in body.get("applied_tags") or []]
    _check_tags(forum, tags)
    check_message(message, file_count=len(call.files))
    check_links(world, message)
    thread_id = world.snowflakes.take()
    thread = world.add_thread(forum, name, thread_id=thread_id, minutes=int(body.get("auto_archive_duration") or 1440))
    assert thread.thread is not None
    thread.thread.applied_tags = tags
    world.announce_thread(thread)
    unmarked = {key: value for key, value in message.items() if key != "nonce"}
    fields = message_fields(world, thread, unmarked, call.files.values())
    first = world.store_message(thread, world.bot, fields, message_id=thread_id)
    return Reply(201, world.channel_payload(thread) | {"message": first})


def _check_tags(forum: Channel, tags: list[int]) -> None:
    if forum.flags & REQUIRE_TAG and not tags:
        raise ApiError(400, 40067, "A tag is required to create a forum post in this channel")
    if len(tags) > TAGS_APPLIED:
        message = f"Must be {TAGS_APPLIED} or fewer in length."
        raise invalid_form([(("applied_tags",), "BASE_TYPE_MAX_LENGTH", message)])
    if not set(tags) <= set(forum.tags):
        raise ApiError(400, 10087, "Unknown tag")


def _scope(world: World, call: Call) -> int | None:
    if call.id("application_id") != world.identity.application_id:
        raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
    return _guild(world, call).id if "guild_id" in call.ids else None


def list_commands(world: World, call: Call) -> Reply:
    """Return the commands of the application (or of a server)."""
    return Reply(200, list(world.commands.get(_scope(world, call), {}).values()))


def replace_commands(world: World, call: Call) -> Reply:
    """Replace all commands; those of the same name and type keep their id, new ones count into 200 a day."""
    scope = _scope(world, call)
    wanted = call.body
    if not isinstance(wanted, list):
        raise ApiError(400, 50109, "The request body contains invalid JSON.")
    check_commands(wanted)
    return Reply(200, _store_commands(world, scope, wanted, keep={}))


def add_command(world: World, call: Call) -> Reply:
    """Create one command or replace the one of that name."""
    scope = _scope(world, call)
    check_commands([call.object])
    before = len(world.commands.get(scope, {}))
    stored = _store_commands(world, scope, [call.object], keep=world.commands.get(scope, {}))
    return Reply(201 if len(world.commands[scope]) > before else 200, stored[-1])


def delete_command(world: World, call: Call) -> Reply:
    """Delete one command."""
    if world.commands.get(_scope(world, call), {}).pop(call.id("command_id"), None) is None:
        raise ApiError(404, 10063, "Unknown application command")
    return Reply(204)


def _store_commands(
    world: World, scope: int | None, wanted: list[JsonObject], *, keep: dict[int, JsonObject]
) -> list[JsonObject]:
    now = world.clock.now()
    old = {
        (command["type"], command["name"]): command_id for command_id, command in world.commands.get(scope, {}).items()
    }
    new = [command for command in wanted if (command.get("type", 1), command["name"]) not in old]
    today = sum(where == scope and at > now - timedelta(days=1) for where, at in world.command_creates)
    if today + len(new) > CREATES_PER_DAY:
        raise ApiError(
            400, 30034, f"Max number of daily application command creates has been reached ({CREATES_PER_DAY})"
        )
    world.command_creates += [(scope, now)] * len(new)
    stored = [_stored(world, scope, command, old) for command in wanted]
    world.commands[scope] = keep | {int(command["id"]): command for command in stored}
    world.bell.ring()
    return stored


def _stored(world: World, scope: int | None, command: JsonObject, old: dict[tuple[int, str], int]) -> JsonObject:
    kind = command.get("type", 1)
    in_guild = {"guild_id": str(scope)} if scope else {}
    return {
        "default_member_permissions": None,
        "nsfw": False,
        "options": [],
        "description": "",
        **command,
        **in_guild,
        "type": kind,
        "id": str(old.get((kind, command["name"])) or world.snowflakes.take()),
        "application_id": str(world.identity.application_id),
        "version": str(world.snowflakes.take()),
    }


_CHANNEL, _GUILD, _APP = "/channels/{channel_id}", "/guilds/{guild_id}", "/applications/{application_id}"
ROUTES = (
    Route("GET", "/users/@me", me),
    Route("GET", "/users/@me/guilds", my_guilds),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/users/{user_id}", user),
    Route("GET", "/oauth2/applications/@me", application),
    Route("GET", "/applications/@me", application),
    Route("GET", "/gateway", gateway, bot=False),
    Route("GET", "/gateway/bot", gateway_bot),
    Route("GET", _GUILD, guild),
    Route("GET", _GUILD + "/channels", guild_channels),
    Route("GET", _GUILD + "/roles", guild_roles),
    Route("GET", _GUILD + "/members/{user_id}", guild_member),
    Route("GET", _GUILD + "/threads/active", active_threads),
    Route("GET", _CHANNEL, channel),
    Route("PATCH", _CHANNEL, edit_channel),
    Route("DELETE", _CHANNEL, delete_channel),
    Route("POST", _CHANNEL + "/messages/{message_id}/threads", thread_from_message, THREAD_LIMIT),
    Route("POST", _CHANNEL + "/threads", start_thread, THREAD_LIMIT),
    Route("GET", _CHANNEL + "/threads/archived/public", archived_threads),
    Route("GET", _APP + "/commands", list_commands),
    Route("PUT", _APP + "/commands", replace_commands),
    Route("POST", _APP + "/commands", add_command),
    Route("DELETE", _APP + "/commands/{command_id}", delete_command),
    Route("GET", _APP + _GUILD + "/commands", list_commands),
    Route("PUT", _APP + _GUILD + "/commands", replace_commands),
    Route("POST", _APP + _GUILD + "/commands", add_command),
    Route("DELETE", _APP + _GUILD + "/commands/{command_id}", delete_command),
)
