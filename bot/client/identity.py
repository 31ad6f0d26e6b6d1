"""Who a token is, and the link that invites it: asked once, at set-up, without connecting to the gateway."""

from dataclasses import dataclass

import discord

from bot.errors import DiscordError, TokenRefused

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    embed_links=True,
    read_message_history=True,
    send_messages_in_threads=True,
    create_public_threads=True,
)
"""All that any posting style needs, and nothing else."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The bot behind a token."""

    name: str
    application_id: int
    guilds: int
    """Servers that it is in, as Discord estimates it."""


async def fetch_identity(token: str) -> Identity:
    """Return who the token belongs to.

    Raises `TokenRefused` when Discord does not accept it, `DiscordError` when Discord cannot be asked.
    """
    client = discord.Client(intents=discord.Intents.none())
    try:
        async with client:
            await client.login(token)
            application = await client.application_info()
            return Identity(str(client.user), application.id, application.approximate_guild_count)
    except discord.LoginFailure as error:
        raise TokenRefused("Discord does not accept this token; copy it again from the developer portal") from error
    except (discord.HTTPException, OSError) as error:
        raise DiscordError("Discord could not be asked; is the network reachable?") from error


def invite_link(application_id: int) -> str:
    """Return the address that adds the bot to a server with exactly the permissions it needs."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))
