"""/subscribe, /unsubscribe, /subscriptions and /settings."""

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.delivery import PostingStyle, Subscription, SubscriptionState
from bot.errors import UsageError
from bot.i18n import LANGUAGES, LOCALES, Refusal, Texts, match_locale
from bot.model import Topic
from bot.render.embeds import render_message
from bot.services import Services
from cogs._shared.answers import Answer, texts_of
from cogs._shared.checks import Target, TargetChannel, find_target, require_manager
from cogs._shared.inputs import MAX_CHOICES, parse_names, parse_time, parse_zone
from cogs._shared.topics import as_choice, find_topic, key_of, time_zone_choices, topic_choices
from cogs.subscriptions._buttons import ask_to_remove, show_list, show_one
from cogs.subscriptions._changes import check_quota, find_subscribed, load_topics
from cogs.subscriptions._lines import topic_label, translation_note, when
from cogs.subscriptions._preflight import (
    STYLE_NAMES,
    check_crosspost,
    check_permissions,
    check_role,
    choose_style,
    choose_tags,
)
from cogs.subscriptions._settings import MAX_PAPERS, SettingsForm

_MAX_CONTENT = 2000
_STYLES = [app_commands.Choice(name=name, value=style.value) for style, name in STYLE_NAMES.items()]
_LANGUAGES = [app_commands.Choice(name=name, value=tag) for tag, name in LANGUAGES.items()]


class Subscriptions(commands.Cog):
    """Manages who gets what, where and when."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Post briefs on a topic in a channel")
    @app_commands.describe(
        topic="What the briefs are about",
        channel="Where they are posted; this channel if left out",
        time="Time of day such as 08:30; as soon as the announcement is complete if left out",
        timezone="The zone of that time, such as Europe/Berlin or Asia/Shanghai",
        max_papers="Papers in one brief at the most",
        language="The language of the briefs",
        style="How a brief looks in the channel",
        role="A role to ping with every brief",
        no_role="Ping nobody any more",
        crosspost="Publish to the channels that follow an announcement channel",
        quiet_line="Post one line that says why on days without papers",
        tags="Tags for forum posts, parted by commas",
        translate="Show titles in the language of the briefs as well",
    )
    @app_commands.choices(language=_LANGUAGES, style=_STYLES)
    @app_commands.autocomplete(topic=topic_choices, timezone=time_zone_choices)
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_channels=True)
    async def subscribe(  # Discord's options are the parameters
        self,
        interaction: discord.Interaction,
        topic: str,
        channel: app_commands.Transform[Target, TargetChannel] | None = None,
        time: str | None = None,
        timezone: str | None = None,
        max_papers: app_commands.Range[int, 1, MAX_PAPERS] | None = None,
        language: str | None = None,
        style: str | None = None,
        role: discord.Role | None = None,
        no_role: bool | None = None,
        crosspost: bool | None = None,
        quiet_line: bool | None = None,
        tags: str | None = None,
        translate: bool | None = None,
    ) -> None:
        """Subscribe a channel, or change what is given of a subscription that it has; then show a sample."""
        async with Answer(interaction) as answer:
            guild = require_manager(interaction)
            target = channel or find_target(interaction, interaction.channel_id)
            require_manager(interaction, target)
            if role is not None and no_role:
                raise Refusal("Name a role to ping, or choose that nobody is pinged: not both.")
            found = await find_topic(interaction, topic)
            old = await self._services.subscriptions.load(target.id, key_of(found))
            if old is None:
                await check_quota(self._services, guild.id)
            base = old or await self._blank(interaction, target, found)
            chosen = PostingStyle(style) if style else old.style if old else None
            one = replace(
                base,
                post_time=base.post_time if time is None else parse_time(time),
                zone=base.zone if timezone is None else parse_zone(timezone),
                max_papers=max_papers or base.max_papers,
                language=language if language in LOCALES else base.language,
                style=choose_style(target, chosen),
                role_id=None if no_role else role.id if role is not None else base.role_id,
                crosspost=base.crosspost if crosspost is None else crosspost,
                quiet_line=base.quiet_line if quiet_line is None else quiet_line,
                tag_ids=choose_tags(target, parse_names(tags), base.tag_ids),
                translate=base.translate if translate is None else translate,
                state=SubscriptionState.ACTIVE,
                reason=None,
            )
            check_permissions(target, one.style, answer.texts)
            check_role(target, role, answer.texts)
            check_crosspost(target, one.crosspost)
            await self._services.subscriptions.save(one)
            content, embeds = await self._sample(one, found, answer.texts, changed=old is not None)
            await answer.send(content, embeds=embeds)

    async def _blank(self, interaction: discord.Interaction, target: Target, topic: Topic) -> Subscription:
        """Return a subscription with what is usual in this server: the zone of the newest one, its language."""
        others = await self._services.subscriptions.load_guild(target.guild.id)
        newest = max(others, key=lambda one: one.created_at, default=None)
        return Subscription(
            guild_id=target.guild.id,
            channel_id=target.id,
            topic=key_of(topic),
            created_by=interaction.user.id,
            created_at=self._services.clock.now(),
            zone=newest.zone if newest is not None else "UTC",
            language=match_locale(interaction.guild_locale.value if interaction.guild_locale else None),
        )

    async def _sample(
        self, one: Subscription, topic: Topic, texts: Texts, *, changed: bool
    ) -> tuple[str, list[discord.Embed]]:
        """Return the confirmation with the newest brief under it, as only the admin sees it."""
        values = {
            "topic": f"**{topic_label(topic, one.topic, texts)}**",
            "channel": f"<#{one.channel_id}>",
            "when": when(one, texts),
        }
        if changed:
            head = texts.say("The briefs on {topic} in {channel} are changed: {when}.", **values)
        else:
            head = texts.say("Briefs on {topic} will be posted in {channel}, {when}.", **values)
        if note := translation_note(one, texts, ready=self._services.translator.available):
            head = f"{head}\n{note}"
        try:
            day = await self._services.briefing.latest_date(topic)
        except UsageError:
            nothing = texts.say(
                "No papers of its categories are stored yet. They are read from arXiv within minutes; the newest brief "
                "is posted when they are there, or at the time you chose."
            )
            return f"{head}\n{nothing}", []
        brief = await self._services.briefing.brief(topic, day, max_papers=one.max_papers, language=one.language)
        if one.translate:
            brief = await self._services.translator.add_stored(brief)
        body: dict[str, Any] = render_message(brief)
        lines = [head, texts.say("This is what the newest one looks like:"), *str(body["content"]).split("\n")]
        while len("\n".join(lines)) > _MAX_CONTENT:
            lines.pop()
        return "\n".join(lines), [discord.Embed.from_dict(embed) for embed in body.get("embeds", ())]

    @app_commands.command(description="Stop the briefs on a topic in a channel")
    @app_commands.describe(topic="The topic to stop", channel="The channel; this one if left out")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_channels=True)
    async def unsubscribe(
        self,
        interaction: discord.Interaction,
        topic: str | None = None,
        channel: app_commands.Transform[Target, TargetChannel] | None = None,
    ) -> None:
        """Ask, then end a subscription."""
        async with Answer(interaction) as answer:
            one, _ = await find_subscribed(interaction, channel.id if channel else None, topic)
            await ask_to_remove(interaction, answer, one)

    @app_commands.command(description="The subscriptions of this server: pause, resume, edit")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_channels=True)
    async def subscriptions(self, interaction: discord.Interaction) -> None:
        """List them, with a menu to open one."""
        async with Answer(interaction) as answer:
            await show_list(interaction, answer, 0)

    @app_commands.command(description="Change time, zone, number, language or style of a subscription")
    @app_commands.describe(topic="Which of the channel's topics", channel="The channel; this one if left out")
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_channels=True)
    async def settings(
        self,
        interaction: discord.Interaction,
        topic: str | None = None,
        channel: app_commands.Transform[Target, TargetChannel] | None = None,
    ) -> None:
        """Open the form of a subscription."""
        one, _ = await find_subscribed(interaction, channel.id if channel else None, topic)
        await interaction.response.send_modal(SettingsForm(one, texts_of(interaction), show_one))

    @unsubscribe.autocomplete("topic")
    @settings.autocomplete("topic")
    async def _subscribed_choices(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Return the topics that are subscribed in this server and suit what was typed."""
        try:
            guild = require_manager(interaction)
        except Refusal:
            return []
        topics = await load_topics(self._services, await self._services.subscriptions.load_guild(guild.id))
        choices = [as_choice(topic, interaction.locale.value) for topic in topics.values() if topic is not None]
        return [choice for choice in choices if typed.casefold() in choice.name.casefold()][:MAX_CHOICES]
