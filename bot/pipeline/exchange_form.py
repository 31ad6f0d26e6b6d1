"""The file of `paperbrief export` and `paperbrief import`, version 1: its entries, and what each may hold.

The JSON schema in the documentation is made from this. No user's id is in it.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.delivery import PostingStyle
from bot.errors import UsageError
from bot.model import CrossListPolicy
from bot.sources.channel_lists import on_one_line

FORMAT = "paperbrief-subscriptions"
VERSION = 1

MAX_BYTES = 32 * 2**20
"""Some seventy thousand subscriptions, as `paperbrief export` writes them."""

MAX_ENTRIES = 100_000
"""Servers, topics and subscriptions together."""

_MOST_ID = 2**63 - 1
"""Discord's are unsigned, but its times do not need the last bit before 2084, and databases have no room for it."""


def _storable(text: str) -> str:
    if int(text) > _MOST_ID:
        raise ValueError("is too large for a Discord id")
    return text


Snowflake = Annotated[
    str, Field(pattern=r"^[1-9][0-9]{0,18}$", description="A Discord id, as text."), AfterValidator(_storable)
]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class TopicEntry(_Entry):
    """A server's own topic."""

    slug: Slug
    names: dict[Annotated[str, Field(max_length=20)], Annotated[str, Field(min_length=1, max_length=60)]] = Field(
        description='The name by language; "en" must be there.'
    )
    categories: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=12)
    query: str = Field("", max_length=2000, description="In the query language of topics; empty keeps everything.")
    exclude: str = Field("", max_length=2000, description="A query as well: what matches it is dropped.")
    interest: str = Field("", max_length=1000, description="In plain words: what should come first.")
    cross_lists: CrossListPolicy = CrossListPolicy.INCLUDE
    weights: dict[str, Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)]] = Field(default_factory=dict)


class SubscriptionEntry(_Entry):
    """What a channel gets, and how."""

    channel_id: Snowflake
    topic: Slug
    own_topic: bool = Field(False, description="Whether it is one of the server's own topics.")
    time: str | None = Field(None, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="HH:MM in `timezone`.")
    timezone: str = Field("UTC", max_length=64)
    language: str = Field("en", max_length=35)
    style: PostingStyle = PostingStyle.DIGEST
    max_papers: int = Field(10, ge=1, le=10)
    role_id: Snowflake | None = Field(None, description="The role that is pinged.")
    crosspost: bool = False
    quiet_line: bool = Field(False, description="Post a line on days without papers.")
    tag_ids: list[Snowflake] = Field(default_factory=list, max_length=5, description="Tags of a forum.")
    translate: bool = False
    paused: bool = False


class ServerEntry(_Entry):
    """A server with its own topics and its subscriptions."""

    server_id: Snowflake
    topics: list[TopicEntry] = Field(default_factory=list)
    subscriptions: list[SubscriptionEntry] = Field(default_factory=list)


class ExchangeFile(_Entry):
    """The whole file."""

    format: Literal["paperbrief-subscriptions"] = "paperbrief-subscriptions"
    version: Literal[1] = 1
    exported_at: str | None = Field(None, description="When it was written; not read.")
    servers: list[ServerEntry]


def id_of(value: Any) -> int | None:
    """Return the Discord id that an entry names; None for anything that is none."""
    try:
        return int(TypeAdapter(Snowflake).validate_python(value))
    except ValidationError:
        return None


def problem_of(error: ValidationError) -> str:
    """Return the first fault of an entry in one line, without the value, which may be anything."""
    first = error.errors()[0]
    # Names may be anything as well.
    where = ".".join(on_one_line(str(part)) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def servers_of(document: Any) -> list[Any]:
    """Return the servers of a file, unchecked. Raises `UsageError` for another kind or version of file."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f'the file is not one of `paperbrief export`: it does not say "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise UsageError(f"the file is not of version {VERSION}, the only one that this program reads")
    servers = document.get("servers")
    if not isinstance(servers, list):
        raise UsageError('the file has no list "servers"')
    lists = [one for server in servers if isinstance(server, dict) for one in server.values() if isinstance(one, list)]
    if len(servers) + sum(map(len, lists)) > MAX_ENTRIES:
        raise UsageError(
            f"the file has more than {MAX_ENTRIES:,} entries; export some servers at a time, with --server"
        )
    return servers


def open_server(server: Any) -> tuple[int, list[Any], list[Any]]:
    """Return a server's id, topics and subscriptions, the latter unchecked. Raises `UsageError` for anything else."""
    if not isinstance(server, dict):
        raise UsageError("it is no object")
    guild_id = id_of(server.get("server_id"))
    if guild_id is None:
        raise UsageError("server_id is no Discord id")
    unknown = sorted(set(server) - set(ServerEntry.model_fields))
    if unknown:
        raise UsageError(f"{on_one_line(unknown[0])}: a server has no such thing")
    topics, subscriptions = server.get("topics", []), server.get("subscriptions", [])
    if not isinstance(topics, list) or not isinstance(subscriptions, list):
        raise UsageError("topics or subscriptions is no list")
    return guild_id, topics, subscriptions
