"""/__control/: looking into and steering a loopback Discord that runs in another process.

Thin: each endpoint calls what a test in the same process would call. Identifiers are strings in JSON.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.wire import discord_faults
from tests.wire.discord_faults import Fault
from tests.wire.discord_interactions import Interaction, Person, use_command, use_component
from tests.wire.discord_limits import cloudflare_ban, rate_limited
from tests.wire.discord_model import ALL, BOT_PERMISSIONS, ChannelType, Permission
from tests.wire.discord_record import Request
from tests.wire.discord_stream import Close
from tests.wire.discord_wire import JsonObject, Reply

if TYPE_CHECKING:
    from tests.wire.discord_server import LoopbackDiscord

PREFIX = "/__control"


def add_control(app: web.Application, server: "LoopbackDiscord") -> None:
    """Add the endpoints to an application."""
    control = _Control(server)
    for method, path, act in control.endpoints():
        app.router.add_route(method, PREFIX + path, _endpoint(act))


Act = Callable[[web.Request, JsonObject], Any]


def _endpoint(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        try:
            return web.json_response({"ok": True} if (result := act(request, body)) is None else result)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return answer


class _Control:
    def __init__(self, server: "LoopbackDiscord") -> None:
        self._server = server
        self._world = server.world

    def endpoints(self) -> list[tuple[str, str, Act]]:
        return [
            ("GET", "/state", self.state),
            ("GET", "/messages/{channel_id}", self.messages),
            ("DELETE", "/messages/{channel_id}/{message_id}", self.delete_message),
            ("GET", "/threads/{channel_id}", self.threads),
            ("GET", "/record", self.record),
            ("DELETE", "/record", lambda *_: self._server.record.clear()),
            ("POST", "/faults", self.add_faults),
            ("DELETE", "/faults", lambda *_: self._server.faults.clear()),
            ("POST", "/release", lambda *_: self._server.release()),
            ("POST", "/clock", self.advance),
            ("POST", "/guilds", self.add_guild),
            ("POST", "/guilds/{guild_id}", self.change_guild),
            ("POST", "/channels", self.add_channel),
            ("DELETE", "/channels/{channel_id}", self.delete_channel),
            ("POST", "/permissions/{channel_id}", self.permissions),
            ("POST", "/gateway", self.gateway),
            ("POST", "/interactions", self.interact),
            ("GET", "/interactions/{interaction_id}", self.interaction),
            ("POST", "/save", lambda *_: self._server.save()),
        ]

    def state(self, request: web.Request, body: JsonObject) -> JsonObject:
        gateway = self._server.gateway
        return {
            "now": self._world.clock.now().isoformat(),
            "bot": str(self._world.bot.id),
            "guilds": [str(guild) for guild in self._world.guilds],
            "channels": {str(each.id): len(each.messages) for each in self._world.channels.values()},
            "identifies": len(self._world.starts.at),
            "connected": gateway.connected,
            "invalid_requests": self._server.limits.invalid_requests,
            "limited": self._server.limits.counts,
            "faults_left": self._server.faults.left,
            "in_flight_peak": self._server.record.in_flight_peak,
            "unknown_routes": self._server.front.unknown,
        }

    def messages(self, request: web.Request, body: JsonObject) -> list[JsonObject]:
        return self._world.messages(_id(request, "channel_id"))

    def delete_message(self, request: web.Request, body: JsonObject) -> None:
        self._world.delete_message(_id(request, "channel_id"), _id(request, "message_id"))

    def threads(self, request: web.Request, body: JsonObject) -> list[JsonObject]:
        return [self._world.channel_payload(each) for each in self._world.threads(_id(request, "channel_id"))]

    def record(self, request: web.Request, body: JsonObject) -> list[JsonObject]:
        query = request.query
        found = self._server.record.matching(query.get("method", "*"), query.get("path", ""))
        return [_request(each) for each in found]

    def add_faults(self, request: web.Request, body: JsonObject) -> None:
        faults = [_fault(each) for each in body["faults"]]
        self._server.faults.add(body["method"], body["path"], *faults, times=int(body.get("times", 1)))

    def advance(self, request: web.Request, body: JsonObject) -> JsonObject:
        self._server.clock.advance(float(body["seconds"]))
        return {"now": self._world.clock.now().isoformat()}

    def add_guild(self, request: web.Request, body: JsonObject) -> JsonObject:
        permissions = int(body.get("permissions", BOT_PERMISSIONS))
        guild = self._world.add_guild(body.get("name", "server"), permissions=permissions)
        return {"id": str(guild.id)}

    def change_guild(self, request: web.Request, body: JsonObject) -> None:
        actions = {
            "remove": self._world.remove_guild,
            "begin_outage": self._world.begin_outage,
            "end_outage": self._world.end_outage,
        }
        actions[body["action"]](_id(request, "guild_id"))

    def add_channel(self, request: web.Request, body: JsonObject) -> JsonObject:
        kind = ChannelType[body.get("kind", "TEXT")]
        channel = self._world.add_channel(
            int(body["guild_id"]),
            body.get("name", "papers"),
            kind,
            tags=body.get("tags", ()),
            require_tag=bool(body.get("require_tag")),
        )
        return {"id": str(channel.id), "tags": {str(key): name for key, name in channel.tags.items()}}

    def delete_channel(self, request: web.Request, body: JsonObject) -> None:
        self._world.delete_channel(_id(request, "channel_id"))

    def permissions(self, request: web.Request, body: JsonObject) -> JsonObject:
        channel_id = _id(request, "channel_id")
        if body.get("restore"):
            self._world.restore(channel_id)
        if body.get("deny"):
            self._world.deny(channel_id, *(Permission[name] for name in body["deny"]))
        if body.get("allow"):
            self._world.allow(channel_id, *(Permission[name] for name in body["allow"]))
        return {"permissions": str(int(self._world.permissions(self._world.channels[channel_id])))}

    def gateway(self, request: web.Request, body: JsonObject) -> None:
        gateway = self._server.gateway
        gateway.acknowledging = bool(body.get("acknowledging", gateway.acknowledging))
        gateway.answering = bool(body.get("answering", gateway.answering))
        actions: dict[str | None, Callable[[], None]] = {
            None: lambda: None,
            "reconnect": gateway.reconnect,
            "invalidate": lambda: gateway.invalidate(resumable=bool(body.get("resumable"))),
            "close": lambda: gateway.close_all(int(body["code"])),
            "drop": gateway.drop_all,
            "refuse": lambda: gateway.refuse_next(int(body["op"]), _refusal(body), int(body.get("times", 1))),
        }
        actions[body.get("action")]()

    def interact(self, request: web.Request, body: JsonObject) -> JsonObject:
        world = self._world
        channel = world.channels[int(body["channel_id"])]
        user = world.users.get(int(body.get("user_id") or 0)) or world.owner
        who = Person(channel, user, int(body.get("permissions", ALL)), body.get("locale", "en-US"))
        if "custom_id" in body:
            message = channel.messages[int(body["message_id"])]
            used = use_component(world, who, message, body["custom_id"], body.get("values"))
        else:
            used = use_command(world, who, body["command"], body.get("options"), focused=body.get("focused"))
        return _interaction(used)

    def interaction(self, request: web.Request, body: JsonObject) -> JsonObject:
        wanted = _id(request, "interaction_id")
        return _interaction(next(each for each in self._world.interactions.values() if each.id == wanted))


def _id(request: web.Request, name: str) -> int:
    return int(request.match_info[name])


def _request(request: Request) -> JsonObject:
    more = {
        "at": request.at.isoformat(),
        "ended": request.ended.isoformat() if request.ended else None,
        "files": [file.name for file in request.files.values()],
    }
    keys = ("number", "method", "path", "query", "body", "status", "reply", "fault", "committed", "held", "done")
    return {key: getattr(request, key) for key in keys} | more


def _interaction(interaction: Interaction) -> JsonObject:
    shown = asdict(interaction) | {"id": str(interaction.id), "done": interaction.done}
    return {key: value for key, value in shown.items() if key != "token"}


def _fault(body: JsonObject) -> Fault:
    reply = None
    if "cloudflare" in body:
        reply = cloudflare_ban(float(body["cloudflare"]))
    elif "retry_after" in body:
        reply = rate_limited(
            float(body["retry_after"]), scope=body.get("scope", "user"), via=bool(body.get("via", True))
        )
    elif "code" in body:
        reply = discord_faults.refuses(int(body["status"]), int(body["code"]), body.get("message", "")).reply
    elif "status" in body:
        page = f"<html><title>{body['status']}</title></html>"
        reply = Reply(int(body["status"]), body.get("body", page), body.get("headers", {}))
    switches = {key: bool(body.get(key)) for key in ("hold", "reset", "truncate", "commit")}
    return Fault(reply=reply, delay=float(body.get("delay", 0)), **switches)


def _refusal(body: JsonObject) -> Close | bool:
    return Close(int(body["code"])) if "code" in body else bool(body.get("resumable"))
