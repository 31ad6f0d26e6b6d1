"""What has to hold before a command does anything; checked here, whatever Discord's own settings let through.

A server's admins can open any command to anybody in Discord, so `default_permissions` alone guards nothing.
"""

import discord
from discord import app_commands

from bot.i18n import Refusal, Texts, mark

Target = discord.TextChannel | discord.ForumChannel | discord.Thread
"""A channel that briefs can be posted in."""

PERMISSION_NAMES = {
    "view_channel": mark("View Channel"),
    "send_messages": mark("Send Messages"),
    "send_messages_in_threads": mark("Send Messages in Threads"),
    "create_public_threads": mark("Create Public Threads"),
    "embed_links": mark("Embed Links"),
    "read_message_history": mark("Read Message History"),
    "manage_channels": mark("Manage Channels"),
    "manage_threads": mark("Manage Threads"),
    "mention_everyone": mark("Mention @everyone, @here and All Roles"),
}
"""As Discord's own settings call them."""


def permission_name(texts: Texts, permission: str) -> str:
    """Return what Discord's settings call a permission."""
    return texts.say(PERMISSION_NAMES.get(permission, permission.replace("_", " ")))


def is_owner(interaction: discord.Interaction) -> bool:
    """Return whether the user owns the bot's application at Discord, alone or as a member of its team."""
    application = interaction.client.application
    if application is None:
        return False
    if application.team is not None:
        accepted = discord.TeamMembershipState.accepted
        members = [one for one in application.team.members if one.membership_state is accepted]
        return interaction.user.id in {one.id for one in members}
    return interaction.user.id == application.owner.id


def require_guild(interaction: discord.Interaction) -> discord.Guild:
    """Return the server of an interaction. Raises `Refusal` outside of one, or where the bot is no member."""
    if interaction.guild_id is None:
        raise Refusal("This works in a server, not in direct messages.")
    guild = interaction.client.get_guild(interaction.guild_id)
    if guild is None:
        raise Refusal("I am not a member of this server. Ask one of its admins to add me first.")
    return guild


def require_manager(interaction: discord.Interaction, channel: Target | None = None) -> discord.Guild:
    """Return the server. Raises `Refusal` unless the user has Manage Channels here, and in `channel` if it is given."""
    guild = require_guild(interaction)
    if not interaction.permissions.manage_channels:
        raise Refusal("You need the permission Manage Channels for this.")
    if channel is not None:
        if channel.guild.id != guild.id:
            raise Refusal("This belongs to another server.")
        member = interaction.user
        if not isinstance(member, discord.Member) or not channel.permissions_for(member).manage_channels:
            raise Refusal("You need the permission Manage Channels in {channel} for this.", channel=channel.mention)
    return guild


class TargetChannel(app_commands.Transformer):
    """An option for a channel that briefs can be posted in."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """Return that this is an option for channels."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """Return the kinds that Discord offers for it."""
        kind = discord.ChannelType
        return [kind.text, kind.news, kind.forum, kind.public_thread, kind.private_thread, kind.news_thread]

    async def transform(self, interaction: discord.Interaction, value: object, /) -> Target:
        """Return the channel. Raises `Refusal` for one of another server or that the bot cannot see."""
        if not isinstance(value, app_commands.AppCommandChannel | app_commands.AppCommandThread):
            raise Refusal("Briefs can be posted in text channels, announcement channels, threads and forums.")
        return find_target(interaction, value.id)


def find_target(interaction: discord.Interaction, channel_id: int | None) -> Target:
    """Return that channel of this server. Raises `Refusal` where it is none, or cannot take briefs."""
    guild = require_guild(interaction)
    channel = guild.get_channel_or_thread(channel_id) if channel_id is not None else None
    if channel is None:
        raise Refusal("I cannot see that channel. Give me View Channel there, or choose another one.")
    if not isinstance(channel, Target):
        raise Refusal("Briefs can be posted in text channels, announcement channels, threads and forums.")
    return channel
