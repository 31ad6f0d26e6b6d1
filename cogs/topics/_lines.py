"""Topics in words. Pure but for the embeds it fills."""

from collections.abc import Sequence

import discord

from bot.i18n import Texts
from bot.model import CrossListPolicy, DryRun, Topic
from bot.render.text import clip, escape_discord, sanitise

PER_PAGE = 20
_BARS = "▁▂▃▄▅▆▇█"
_MAX_BLOCK = 1500
_MAX_INTEREST = 600


def name_of(topic: Topic, texts: Texts) -> str:
    """Return the topic's name in the user's language, escaped."""
    return escape_discord(clip(sanitise(topic.name(texts.locale)), 60))


def page_count(topics: Sequence[Topic]) -> int:
    """Return on how many pages a list is shown."""
    return max(1, -(-len(topics) // PER_PAGE))


def list_embed(topics: Sequence[Topic], page: int, texts: Texts) -> discord.Embed:
    """Return one page of the topics to choose from; a server's own are marked."""
    lines = []
    for topic in topics[page * PER_PAGE : (page + 1) * PER_PAGE]:
        own = f" · {texts.say('of this server')}" if topic.guild_id is not None else ""
        lines.append(f"`{topic.slug}` {name_of(topic, texts)} · {', '.join(topic.categories[:4])}{own}")
    title = texts.count("{n} topic", "{n} topics", len(topics))
    foot = texts.say("Page {page} of {pages}", page=page + 1, pages=page_count(topics))
    return discord.Embed(title=title, description="\n".join(lines)).set_footer(text=foot)


def topic_embed(topic: Topic, dry_run: DryRun, texts: Texts) -> discord.Embed:
    """Return everything about a topic, with what it would take."""
    parts = [f"`{topic.slug}`", texts.say("Categories: {categories}", categories=", ".join(topic.categories))]
    if topic.query:
        parts.append(f"{texts.say('Query')}:\n{_block(topic.query)}")
    else:
        parts.append(texts.say("No query: every paper of these categories counts."))
    if topic.exclude:
        parts.append(f"{texts.say('Left out')}:\n{_block(topic.exclude)}")
    if topic.interest:
        interest = escape_discord(clip(sanitise(topic.interest), _MAX_INTEREST))
        parts.append(texts.say("Preferred: {interest}", interest=interest))
    if topic.cross_lists is CrossListPolicy.EXCLUDE:
        parts.append(texts.say("Cross-listed papers are left out."))
    parts.append(dry_run_text(dry_run, texts))
    return discord.Embed(title=clip(sanitise(topic.name(texts.locale)), 60), description="\n".join(parts)[:4096])


def dry_run_text(dry_run: DryRun, texts: Texts) -> str:
    """Return how many papers a day the topic would have taken, and a warning where that is none or too many."""
    if not dry_run.pool:
        return texts.say("No papers of these categories are stored yet, so nothing can be said about how many fit.")
    counts = list(dry_run.per_day.values())
    share = f"{dry_run.share:.1%}"
    lines = [
        texts.count(
            "Dry run over the last {n} announcement day: {mean} papers a day ({low} to {high}), {share} of all.",
            "Dry run over the last {n} announcement days: {mean} papers a day ({low} to {high}), {share} of all.",
            len(counts),
            mean=f"{dry_run.mean:.1f}",
            low=min(counts),
            high=max(counts),
            share=share,
        ),
        f"`{sparkline(counts)}`",
    ]
    if dry_run.empty:
        lines.append("⚠️ " + texts.say("Not one of {n} papers fits. Widen the query.", n=f"{dry_run.pool:,}"))
    elif dry_run.too_wide:
        lines.append(
            "⚠️ "
            + texts.say(
                "{share} of all papers fit, more than 15 %: the ranking alone decides what is shown. Narrow the query.",
                share=share,
            )
        )
    return "\n".join(lines)


def sparkline(counts: Sequence[int]) -> str:
    """Return one bar a day, the highest full; a day without papers is the lowest."""
    top = max(counts, default=0) or 1
    return "".join(_BARS[round(count / top * (len(_BARS) - 1))] for count in counts)


def _block(query: str) -> str:
    return f"```\n{clip(sanitise(query).replace('`', 'ˋ'), _MAX_BLOCK)}\n```"
