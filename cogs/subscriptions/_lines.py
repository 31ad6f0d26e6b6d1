"""A subscription in words. Pure."""

from collections.abc import Mapping, Sequence

import discord

from bot.delivery import Subscription, SubscriptionState, TopicKey
from bot.i18n import LANGUAGES, Texts, mark
from bot.model import Topic
from bot.render.statements import say_statement
from bot.render.text import clip, escape_discord, sanitise
from cogs.subscriptions._preflight import STYLE_NAMES

"""Languages of content, each as its own readers call it."""

PER_PAGE = 10
_STATE_NAMES = {
    SubscriptionState.ACTIVE: mark("active"),
    SubscriptionState.PAUSED: mark("paused"),
    SubscriptionState.PARKED: mark("stopped: Discord refuses"),
    SubscriptionState.LEFT: mark("stopped"),
}
_MAX_REASON = 120


def topic_label(topic: Topic | None, key: TopicKey, texts: Texts) -> str:
    """Return a topic's name in the user's language, escaped; its slug where the topic is no more."""
    return escape_discord(clip(sanitise(topic.name(texts.locale)), 60)) if topic is not None else f"`{key.slug}`"


def when(one: Subscription, texts: Texts) -> str:
    """Return when a subscription posts."""
    if one.post_time is None:
        return texts.say("as soon as the announcement is complete")
    return texts.say("at {time} ({zone})", time=f"{one.post_time:%H:%M}", zone=escape_discord(one.zone))


def translation_note(one: Subscription, texts: Texts, *, ready: bool) -> str:
    """Return what keeps titles from being translated though that is wanted; empty where nothing does."""
    if not one.translate:
        return ""
    if one.language.partition("-")[0] == "en":
        return texts.say("Titles are translated in briefs of other languages than English only.")
    return "" if ready else texts.say("No language model is set up here, so titles stay as they are.")


def describe(one: Subscription, texts: Texts, *, translates: bool = False) -> str:
    """Return all settings of a subscription, one a line; `translates`: there is a model that can translate."""
    lines = [
        texts.say("When: {when}", when=when(one, texts)),
        texts.say("Papers: {count} at most", count=one.max_papers),
        texts.say("Language: {language}", language=LANGUAGES.get(one.language, one.language)),
        texts.say("Style: {style}", style=texts.say(STYLE_NAMES[one.style])),
    ]
    if one.role_id is not None:
        lines.append(texts.say("Pings: {role}", role=f"<@&{one.role_id}>"))
    if one.crosspost:
        lines.append(texts.say("Published to the channels that follow this one"))
    if one.quiet_line:
        lines.append(texts.say("On days without papers: one line that says why"))
    if one.translate:
        line = texts.say("Titles: translated as well")
        note = translation_note(one, texts, ready=translates)
        lines.append(texts.say("{what} ({more})", what=line, more=note.rstrip(".。")) if note else line)
    lines.append(texts.say("State: {state}", state=state_of(one, texts)))
    return "\n".join(f"- {line}" for line in lines)


def state_of(one: Subscription, texts: Texts) -> str:
    """Return the state in words, with the reason where Discord refuses."""
    name = texts.say(_STATE_NAMES[one.state])
    if one.state is not SubscriptionState.PARKED or not one.reason:
        return name
    reason = escape_discord(clip(say_statement(one.reason, texts), _MAX_REASON))
    return texts.say("{what} ({more})", what=name, more=reason)


def list_embed(
    subscriptions: Sequence[Subscription], topics: Mapping[TopicKey, Topic | None], page: int, texts: Texts
) -> discord.Embed:
    """Return one page of a server's subscriptions."""
    shown = subscriptions[page * PER_PAGE : (page + 1) * PER_PAGE]
    lines = [
        f"**{topic_label(topics.get(one.topic), one.topic, texts)}** → <#{one.channel_id}>\n"
        f"*{when(one, texts)} · {texts.say(STYLE_NAMES[one.style])} · {state_of(one, texts)}*"
        for one in shown
    ]
    count = texts.count("{n} subscription", "{n} subscriptions", len(subscriptions))
    return discord.Embed(title=count, description="\n".join(lines))
