"""Whether a channel can take what a subscription would send: its kind, the bot's permissions there, tags, the role.

Refuses with what is missing by the name that Discord's own settings give it. Reads Discord's cache only.
"""

from collections.abc import Sequence

import discord

from bot.delivery import PostingStyle
from bot.i18n import Refusal, Texts, mark
from cogs._shared.checks import Target, permission_name
from cogs._shared.inputs import shown

MAX_TAGS = 5
"""Tags on one forum post: https://discord.com/developers/docs/resources/channel#channel-object."""

FORUM_STYLES = (PostingStyle.FORUM, PostingStyle.FORUM_PAPERS)

STYLE_NAMES = {
    PostingStyle.DIGEST: mark("Digest: one message"),
    PostingStyle.CARDS: mark("Cards: a message per paper"),
    PostingStyle.THREAD: mark("Thread: a digest and a thread"),
    PostingStyle.FORUM: mark("Forum: a post per brief"),
    PostingStyle.FORUM_PAPERS: mark("Forum: a post per paper"),
}

_ALWAYS = ("view_channel", "embed_links", "read_message_history")
_IN_THREADS = (*_ALWAYS, "send_messages_in_threads")
_BY_STYLE = {
    PostingStyle.DIGEST: (*_ALWAYS, "send_messages"),
    PostingStyle.CARDS: (*_ALWAYS, "send_messages"),
    PostingStyle.THREAD: (*_ALWAYS, "send_messages", "create_public_threads", "send_messages_in_threads"),
    # In a forum, Send Messages is what Discord shows as Create Posts.
    PostingStyle.FORUM: (*_ALWAYS, "send_messages", "send_messages_in_threads"),
    PostingStyle.FORUM_PAPERS: (*_ALWAYS, "send_messages", "send_messages_in_threads"),
}


def choose_style(channel: Target, wanted: PostingStyle | None) -> PostingStyle:
    """Return the style to post in, the usual one for the channel if none is wanted. Raises `Refusal`."""
    if isinstance(channel, discord.ForumChannel):
        if wanted is not None and wanted not in FORUM_STYLES:
            raise Refusal("{channel} is a forum: choose one of the forum styles.", channel=channel.mention)
        return wanted or PostingStyle.FORUM
    if wanted in FORUM_STYLES:
        raise Refusal("{channel} is not a forum: choose digest, cards or thread.", channel=channel.mention)
    if wanted is PostingStyle.THREAD and isinstance(channel, discord.Thread):
        raise Refusal("{channel} is a thread itself: choose digest or cards.", channel=channel.mention)
    return wanted or PostingStyle.DIGEST


def missing_permissions(channel: Target, style: PostingStyle) -> list[str]:
    """Return what the bot lacks in `channel` to post in `style`, as discord.py names permissions."""
    held = channel.permissions_for(channel.guild.me)
    needed = _IN_THREADS if isinstance(channel, discord.Thread) else _BY_STYLE[style]
    return [permission for permission in needed if not getattr(held, permission)]


def check_permissions(channel: Target, style: PostingStyle, texts: Texts) -> None:
    """Raise `Refusal` that names every permission the bot lacks in `channel`."""
    missing = missing_permissions(channel, style)
    if missing:
        raise Refusal(
            "I cannot post in {channel}. Give me there: {permissions}.",
            channel=channel.mention,
            permissions=texts.say(", ").join(f"**{permission_name(texts, one)}**" for one in missing),
        )


def check_role(channel: Target, role: discord.Role | None, texts: Texts) -> None:
    """Raise `Refusal` for a role that the bot may not ping."""
    if role is None:
        return
    if role.is_default():
        raise Refusal("Briefs never ping @everyone. Choose another role.")
    if not role.mentionable and not channel.permissions_for(channel.guild.me).mention_everyone:
        raise Refusal(
            "I cannot ping {role}. Allow anyone to mention it, or give me in {channel}: {permissions}.",
            role=role.mention,
            channel=channel.mention,
            permissions=f"**{permission_name(texts, 'mention_everyone')}**",
        )


def check_crosspost(channel: Target, crosspost: bool) -> None:
    """Raise `Refusal` where publishing was asked for and the channel is no announcement channel."""
    if crosspost and not (isinstance(channel, discord.TextChannel) and channel.is_news()):
        raise Refusal(
            "Only messages in announcement channels can be published. {channel} is none.", channel=channel.mention
        )


def choose_tags(channel: Target, names: Sequence[str], old: Sequence[int] = ()) -> tuple[int, ...]:
    """Return the ids of the forum's tags with these names, of `old` those that still exist if none is named.

    Raises `Refusal` for a tag that does not exist, too many, one that only moderators may set, or none where the forum
    wants one.
    """
    if not isinstance(channel, discord.ForumChannel):
        if names:
            raise Refusal("{channel} is not a forum and has no tags.", channel=channel.mention)
        return ()
    known = {tag.name.casefold(): tag for tag in channel.available_tags}
    listed = ", ".join(f"`{tag.name}`" for tag in channel.available_tags) or "-"
    chosen: list[discord.ForumTag] = []
    for name in names:
        tag = known.get(name.casefold())
        if tag is None:
            raise Refusal(
                "{channel} has no tag “{tag}”. It has: {tags}.",
                channel=channel.mention,
                tag=shown(name, 30),
                tags=listed,
            )
        chosen.append(tag)
    if not names:
        chosen = [tag for tag in channel.available_tags if tag.id in old]
    if len(chosen) > MAX_TAGS:
        raise Refusal("A forum post can have {limit} tags at most.", limit=MAX_TAGS)
    if any(tag.moderated for tag in chosen) and not channel.permissions_for(channel.guild.me).manage_threads:
        raise Refusal("One of these tags may be set by moderators only. Choose others, or give me Manage Threads.")
    if channel.flags.require_tag and not chosen:
        raise Refusal(
            "{channel} wants a tag on every post. Name one with the option `tags`. It has: {tags}.",
            channel=channel.mention,
            tags=listed,
        )
    return tuple(tag.id for tag in chosen)
