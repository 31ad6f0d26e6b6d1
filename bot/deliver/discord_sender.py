"""The sender's line to Discord, on the HTTP client of discord.py: one request is one request.

discord.py would try again on its own, sleep through 429s, and hold back the answer to the fifth message of a channel
for seconds after it was posted. A middleware of the request takes the answer before discord.py sees it; every decision
is then made in `bot.deliver`. This file decides nothing.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.deliver import permissions as rules
from bot.deliver.pacing import Pacer
from bot.deliver.replies import Answer, NoReply, Reply
from bot.deliver.wire import LookupFailed
from bot.delivery import Delivery, DeliveryAction
from bot.store.delivery_rows import holds

DEADLINE = 30.0
"""Seconds for one request as a whole."""

_CLOCKS_APART = timedelta(minutes=15)
_PAGE = 100
_MOST_PAGES = 50
_THREADS = frozenset({10, 11, 12})

_Json = dict[str, Any]
_Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


class _Answered(Exception):  # not an error: how an answer leaves discord.py
    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class DiscordWire:
    """`bot.deliver.wire.Wire` on a client that is logged in. Lookups take their turns from `pacer`.

    `on_answer` is told of every answer, and how many seconds it took.
    """

    def __init__(
        self,
        client: discord.Client,
        pacer: Pacer,
        *,
        deadline: float = DEADLINE,
        on_answer: Callable[[Answer, float], None] = lambda _answer, _seconds: None,
    ) -> None:
        self._client = client
        self._pacer = pacer
        self._deadline = deadline
        self._on_answer = on_answer
        self._lanes: list[int] = []
        self._new_lanes = itertools.count()

    async def send(self, delivery: Delivery, into_id: int | None) -> Answer:
        """Make the request of a part with its frozen payload."""
        channel_id, payload = delivery.channel_id, dict(delivery.payload)
        match delivery.action:
            case DeliveryAction.MESSAGE:
                payload.setdefault("allowed_mentions", {"parse": []})
                payload |= {"nonce": delivery.nonce, "enforce_nonce": True}
                return await self._request(
                    "POST", "/channels/{channel}/messages", payload, channel=into_id or channel_id
                )
            case DeliveryAction.FORUM_POST:
                message = {"allowed_mentions": {"parse": []}, **payload.get("message", {})}
                return await self._request(
                    "POST", "/channels/{channel}/threads", payload | {"message": message}, channel=channel_id
                )
            case DeliveryAction.THREAD:
                path = "/channels/{channel}/messages/{message}/threads"
                return await self._request("POST", path, payload, channel=channel_id, message=into_id)
            case DeliveryAction.CROSSPOST:
                path = "/channels/{channel}/messages/{message}/crosspost"
                return await self._request("POST", path, None, channel=channel_id, message=into_id)

    async def find(self, delivery: Delivery, into_id: int | None, since: datetime) -> int | None:
        """Look for the marker among the bot's own messages (forum posts: threads) made since then."""
        after = discord.utils.time_snowflake(since - _CLOCKS_APART)
        if delivery.action is DeliveryAction.FORUM_POST:
            return await self._find_post(delivery, after)
        return await self._find_message(into_id or delivery.channel_id, delivery.marker, after)

    async def can_read_history(self, delivery: Delivery, into_id: int | None) -> bool:
        """Return whether Read Message History is granted where the part goes, as Discord itself has it now."""
        granted, _ = await self._granted(into_id or delivery.channel_id)
        return _all(granted, rules.READ_MESSAGE_HISTORY)

    async def can_write(self, delivery: Delivery, into_id: int | None) -> bool:
        """Return whether the part could be posted, as far as permissions tell."""
        granted, in_thread = await self._granted(into_id or delivery.channel_id)
        wanted = rules.SEND_MESSAGES_IN_THREADS if in_thread else rules.SEND_MESSAGES
        return _all(granted, wanted | rules.EMBED_LINKS)

    async def _granted(self, channel_id: int) -> tuple[int, bool]:
        channel = await self._get("/channels/{channel}", channel=channel_id)
        in_thread = channel.get("type") in _THREADS
        if in_thread:
            channel = await self._get("/channels/{channel}", channel=int(channel["parent_id"]))
        guild_id = int(channel["guild_id"])
        guild = await self._get("/guilds/{guild}", guild=guild_id)
        member = await self._get("/guilds/{guild}/members/{member}", guild=guild_id, member=self._me)
        return rules.permissions(guild, member, channel), in_thread

    async def _find_message(self, channel_id: int, marker: str, after: int) -> int | None:
        for _ in range(_MOST_PAGES):
            page = await self._get(
                "/channels/{channel}/messages", channel=channel_id, params={"after": after, "limit": _PAGE}
            )
            for message in page:
                if self._is_mine(message) and _shows(message, marker):
                    return int(message["id"])
            if len(page) < _PAGE:
                return None
            after = max(int(message["id"]) for message in page)
        raise LookupFailed(NoReply(f"{_MOST_PAGES * _PAGE} messages since the attempt, none with the marker so far"))

    async def _find_post(self, delivery: Delivery, after: int) -> int | None:
        forum_id = delivery.channel_id
        active = await self._get("/guilds/{guild}/threads/active", guild=delivery.guild_id)
        found = await self._find_among(active["threads"], forum_id, delivery.marker, after)
        if found is not None:
            return found
        # A post of days ago may have gone to sleep.
        before: dict[str, Any] = {"limit": _PAGE}
        for _ in range(_MOST_PAGES):
            path = "/channels/{channel}/threads/archived/public"
            page = await self._get(path, channel=forum_id, params=before)
            found = await self._find_among(page["threads"], forum_id, delivery.marker, after)
            older = [one for one in page["threads"] if int(one["id"]) <= after]
            if found is not None or not page.get("has_more") or older or not page["threads"]:
                return found
            before["before"] = page["threads"][-1]["thread_metadata"]["archive_timestamp"]
        raise LookupFailed(NoReply("too many archived posts to look through"))

    async def _find_among(self, threads: list[dict[str, Any]], forum_id: int, marker: str, after: int) -> int | None:
        for thread in threads:
            mine = str(thread.get("parent_id")) == str(forum_id) and str(thread.get("owner_id")) == str(self._me)
            thread_id = int(thread["id"])
            # The first message of a post has the post's own id.
            if mine and thread_id > after and await self._find_message(thread_id, marker, thread_id - 1):
                return thread_id
        return None

    def _is_mine(self, message: dict[str, Any]) -> bool:
        # Replies to commands are the bot's as well, but no delivery.
        replied = message.get("interaction_metadata") or message.get("webhook_id")
        return message.get("author", {}).get("id") == str(self._me) and not replied

    @property
    def _me(self) -> int:
        if self._client.user is None:
            raise RuntimeError("the client is not logged in")
        return self._client.user.id

    async def _get(self, path: str, *, params: dict[str, Any] | None = None, **ids: int) -> Any:
        await self._pacer.turn()
        async with self._pacer.request():
            answer = await self._request("GET", path, None, params=params, **ids)
        if isinstance(answer, NoReply) or not 200 <= answer.status < 300:
            raise LookupFailed(answer)
        return answer.body

    async def _request(
        self, method: str, path: str, payload: _Json | None, *, params: _Json | None = None, **ids: int | None
    ) -> Answer:
        began = time.monotonic()
        answer = await self._ask(method, path, payload, params, ids)
        self._on_answer(answer, time.monotonic() - began)
        return answer

    async def _ask(
        self, method: str, path: str, payload: _Json | None, params: _Json | None, ids: Mapping[str, int | None]
    ) -> Answer:
        options: dict[str, Any] = {"middlewares": (_take_answer,), "allow_redirects": False}
        if payload is not None:
            options["json"] = payload
        if params is not None:
            options["params"] = params
        lane = self._lanes.pop() if self._lanes else next(self._new_lanes)
        try:
            async with asyncio.timeout(self._deadline):
                # discord.py keeps a bucket for each name of a route, and lets one request at a time through one that
                # it saw no answer of. A lane of our own is shared with nobody, and there are only a few.
                route = Route(method, path, metadata=f"delivery {lane}", **ids)
                return Reply(200, await self._client.http.request(route, **options))
        except _Answered as answered:
            return answered.reply
        except discord.HTTPException as refused:
            return Reply(refused.status, {"code": refused.code, "message": refused.text}, _lower(refused.response))
        except TimeoutError:
            return NoReply(f"no answer within {self._deadline:g} s")
        except aiohttp.ClientConnectorError as error:
            return NoReply(f"no connection: {type(error).__name__}", never_sent=True)
        except (aiohttp.ClientError, OSError) as error:
            return NoReply(f"the connection failed: {type(error).__name__}")
        finally:
            self._lanes.append(lane)


async def _take_answer(request: aiohttp.ClientRequest, handler: _Handler) -> aiohttp.ClientResponse:
    response = await handler(request)
    text = await response.text(encoding="utf-8", errors="replace")
    body: Any = text
    if response.content_type == "application/json":
        try:
            body = json.loads(text)
        except ValueError:
            body = text
    raise _Answered(Reply(response.status, body, _lower(response)))


def _lower(response: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in getattr(response, "headers", {}).items()}


def _shows(message: dict[str, Any], marker: str) -> bool:
    return any(holds(message.get(key), marker) for key in ("content", "embeds", "components"))


def _all(granted: int, wanted: int) -> bool:
    return granted & wanted == wanted
