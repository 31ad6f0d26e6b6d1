"""What the commands, the buttons and the form of this feature do to a subscription. The checks are made here, once."""

from dataclasses import dataclass, replace

import discord

from bot.delivery import Subscription, SubscriptionState, TopicKey
from bot.i18n import Refusal, Texts
from bot.model import Topic
from bot.services import Services
from cogs._shared.checks import find_target, require_manager
from cogs._shared.host import services_of
from cogs._shared.topics import key_of
from cogs.subscriptions._preflight import check_permissions


@dataclass(frozen=True, slots=True)
class Place:
    """Names a subscription inside of one server: another server's cannot be expressed."""

    channel_id: int
    own: bool
    slug: str

    @classmethod
    def of(cls, one: Subscription) -> "Place":
        """Return the place of a subscription."""
        return cls(one.channel_id, one.topic.guild_id is not None, one.topic.slug)

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Return the place that `str()` wrote."""
        channel, own, slug = text.split(":", 2)
        return cls(int(channel), own == "1", slug)

    def __str__(self) -> str:
        return f"{self.channel_id}:{int(self.own)}:{self.slug}"

    def topic(self, guild_id: int) -> TopicKey:
        """Return the topic's key, in that server."""
        return TopicKey(self.slug, guild_id if self.own else None)


async def load_own(interaction: discord.Interaction, place: Place) -> Subscription:
    """Return a subscription of this server to one who may manage it. Raises `Refusal`, also where it is no more."""
    guild = require_manager(interaction)
    found = await services_of(interaction.client).subscriptions.load(place.channel_id, place.topic(guild.id))
    if found is None or found.guild_id != guild.id:
        raise Refusal("This subscription does not exist any more.")
    channel = guild.get_channel_or_thread(place.channel_id)
    if isinstance(channel, discord.TextChannel | discord.ForumChannel | discord.Thread):
        require_manager(interaction, channel)
    return found


async def pause(interaction: discord.Interaction, one: Subscription) -> Subscription:
    """Pause a subscription; a paused one stays as it is."""
    return await _set_state(interaction, one, SubscriptionState.PAUSED)


async def resume(interaction: discord.Interaction, one: Subscription, texts: Texts) -> Subscription:
    """Resume a subscription. Raises `Refusal` where the channel is gone or does not let the bot post."""
    if one.state is SubscriptionState.ACTIVE:
        return one
    check_permissions(find_target(interaction, one.channel_id), one.style, texts)
    return await _set_state(interaction, one, SubscriptionState.ACTIVE)


async def ping_nobody(interaction: discord.Interaction, one: Subscription) -> Subscription:
    """Have the briefs of a subscription ping no role any more."""
    changed = replace(one, role_id=None)
    await services_of(interaction.client).subscriptions.save(changed)
    return changed


async def set_translate(interaction: discord.Interaction, one: Subscription, *, wanted: bool) -> Subscription:
    """Have the briefs of a subscription show translated titles as well, or not."""
    changed = replace(one, translate=wanted)
    await services_of(interaction.client).subscriptions.save(changed)
    return changed


async def _set_state(interaction: discord.Interaction, one: Subscription, state: SubscriptionState) -> Subscription:
    await services_of(interaction.client).subscriptions.set_state(one.channel_id, one.topic, state, None)
    return replace(one, state=state, reason=None)


async def check_quota(services: Services, guild_id: int) -> None:
    """Raise `Refusal` when the server has as many subscriptions as it may."""
    limit = services.limits.subscriptions_per_guild
    if await services.subscriptions.count_guild(guild_id) >= limit:
        raise Refusal(
            "This server has {limit} subscriptions already, which is the limit. Remove one first.", limit=limit
        )


async def load_topics(services: Services, subscriptions: list[Subscription]) -> dict[TopicKey, Topic | None]:
    """Return the topics of subscriptions by key; None for one that is no more."""
    keys = dict.fromkeys(one.topic for one in subscriptions)
    return {key: await services.topics.load(key) for key in keys}


async def find_subscribed(
    interaction: discord.Interaction, channel_id: int | None, typed: str | None
) -> tuple[Subscription, Topic | None]:
    """Return the subscription of a channel (this one if None) that was meant; `typed` may be left out if it has one.

    Raises `Refusal`, also for one who may not manage it.
    """
    guild = require_manager(interaction)
    services = services_of(interaction.client)
    channel_id = channel_id or interaction.channel_id
    here = [one for one in await services.subscriptions.load_guild(guild.id) if one.channel_id == channel_id]
    if not here:
        raise Refusal("Nothing is subscribed in {channel}.", channel=f"<#{channel_id}>")
    topics = await load_topics(services, here)
    if typed is None:
        if len(here) > 1:
            raise Refusal(
                "There are several subscriptions in {channel}: {topics}. Name one of them.",
                channel=f"<#{channel_id}>",
                topics=", ".join(f"`{one.topic.slug}`" for one in here),
            )
        one = here[0]
    else:
        slug = typed.strip()
        matching = [one for one in here if one.topic.slug == slug]
        if not matching:
            key = key_of(await services.topics.find(typed, guild.id))
            matching = [one for one in here if one.topic == key]
        if not matching:
            raise Refusal("{channel} is not subscribed to that topic.", channel=f"<#{channel_id}>")
        one = matching[0]
    await load_own(interaction, Place.of(one))
    return one, topics[one.topic]
