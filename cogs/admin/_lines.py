"""How things stand, and what became of a paper, in words."""

from collections.abc import Iterable, Mapping, Sequence

import discord

from bot.delivery import DeliveryState, LedgerCounts
from bot.fates import Fate
from bot.i18n import Texts, mark
from bot.model import AnnouncementState, Publication, Receipt, Standing, Topic
from bot.render.bills import model_lines
from bot.render.explanations import say_numbers, say_stage
from bot.render.statements import say_statement
from bot.render.text import clip, escape_discord, sanitise
from bot.spending import ModelStanding

_STATES = {
    AnnouncementState.FRESH: mark("complete"),
    AnnouncementState.WAITING: mark("not out yet"),
    AnnouncementState.QUIET: mark("none due"),
    AnnouncementState.STALLED: mark("overdue at arXiv"),
    AnnouncementState.PARTIAL: mark("incomplete"),
    AnnouncementState.FAILED: mark("could not be read"),
}
_QUEUED = (
    DeliveryState.PLANNED,
    DeliveryState.CLAIMED,
    DeliveryState.POSTING,
    DeliveryState.UNKNOWN,
    DeliveryState.RETRY,
)
_MAX_SHOWN = 12
_MAX_REASON = 200
_MAX_NUMBERS = 500
_MAX_DESCRIPTION = 4096
_MAX_OWNER = 1800
"""Of the 6,000 characters that the embeds of one message may have together."""


def topic_name(topic: Topic, texts: Texts) -> str:
    """Return the topic's name in the user's language, escaped."""
    return escape_discord(clip(sanitise(topic.name(texts.locale)), 60))


def fate_lines(fate: Fate, texts: Texts, room: int) -> str:
    """Return what became of a paper under one topic and the numbers behind it, in at most `room` characters.

    Numbers that do not fit are left out, the last ones first.
    """
    name = f"**{topic_name(fate.topic, texts)}**"
    if fate.announced_on is not None:
        name = texts.say("{what} ({more})", what=name, more=texts.date(fate.announced_on))
    said = texts.say("{what}: {why}", what=name, why=say_stage(fate, texts))
    for line in say_numbers(fate, texts):
        more = f"{said}\n> {escape_discord(clip(line, _MAX_NUMBERS))}"
        if len(more) > room:
            break
        said = more
    return said


def standing_embed(
    standing: Standing,
    counts: LedgerCounts,
    receipts: Sequence[tuple[Topic, str]],
    texts: Texts,
    model: ModelStanding | None = None,
    site: Publication | None = None,
) -> discord.Embed:
    """Return the last announcements, when the next is due, this channel's receipts, queue, model and web edition."""
    lines = [f"**{texts.say('Last announcement')}**", *_announcements(standing, texts)]
    lines.append(
        texts.say(
            "Next announcement: {date}, {time}",
            date=texts.date(standing.next_on),
            time=f"<t:{int(standing.next_at.timestamp())}:R>",
        )
    )
    if receipts:
        lines.append(f"**{texts.say('Newest brief')}**")
        lines.extend(f"{topic_name(topic, texts)} · {line}" for topic, line in receipts)
    lines.append(f"**{texts.say('Deliveries')}**")
    lines.append(_queue(counts.by_state, texts))
    if model is not None:
        lines.append(f"**{texts.say('Language model today')}**")
        lines.extend(map(escape_discord, model_lines(model, texts)))
    if site is not None:
        lines.append(f"**{texts.say('Web edition')}**")
        lines.append(_site_line(site, texts))
    return discord.Embed(title=texts.say("Status"), description="\n".join(lines)[:_MAX_DESCRIPTION])


def owner_embed(lines: Sequence[str], texts: Texts) -> discord.Embed:
    """Return what the owner of the program is told, and nobody else."""
    return discord.Embed(title=texts.say("For the owner"), description=clip("\n".join(lines), _MAX_OWNER))


def receipt_text(receipt: Receipt, texts: Texts) -> str:
    """Return the counts of a brief in one line."""
    return texts.say(
        "announced {announced}, read {read}, matched {matched}, shown {shown}, failed {failed}",
        announced=f"{receipt.announced:,}",
        read=f"{receipt.read:,}",
        matched=f"{receipt.matched:,}",
        shown=f"{receipt.shown:,}",
        failed=f"{receipt.failed:,}",
    )


def _announcements(standing: Standing, texts: Texts) -> Iterable[str]:
    if not standing.latest:
        yield texts.say("Nothing was read from arXiv yet.")
    for one in standing.latest[:_MAX_SHOWN]:
        count = texts.count("{n} paper", "{n} papers", one.stored.deliverable)
        said = texts.say(_STATES[one.state])
        if one.reason is not None and one.state is not AnnouncementState.FRESH:
            said = texts.say("{what}: {why}", what=said, why=_short(say_statement(one.reason, texts)))
        yield f"{one.category} · {texts.date(one.announced_on)} · {count} · {said}"
    rest = len(standing.latest) - _MAX_SHOWN
    if rest > 0:
        yield texts.count("and {n} more category", "and {n} more categories", rest)


def _short(text: str) -> str:
    return escape_discord(clip(text, _MAX_REASON))


def _queue(counts: Mapping[DeliveryState, int], texts: Texts) -> str:
    return texts.say(
        "{queued} waiting to be sent, {parked} stopped, {sent} sent",
        queued=f"{sum(counts.get(state, 0) for state in _QUEUED):,}",
        parked=f"{counts.get(DeliveryState.PARKED, 0):,}",
        sent=f"{counts.get(DeliveryState.SENT, 0):,}",
    )


def _site_line(site: Publication, texts: Texts) -> str:
    # What failed names directories of the machine: that is for the log and for `paperbrief doctor`.
    when = f"<t:{int(site.at.timestamp())}:R>"
    if site.problem is not None:
        return texts.say("Could not be built {when}; the log says why. Briefs are posted all the same.", when=when)
    return texts.say("Built {when}: {pages} files", when=when, pages=f"{site.pages:,}")


PRIVACY = (
    mark(
        "**Stored about you**: the papers you save, those you mark as relevant or not, which papers you look up, for a "
        "day, and which subscriptions you made."
    ),
    mark("They make your library, this server's /trending and the ranking of the briefs here."),
    mark(
        "A question to `/ask` goes to the language model that is set up here, with text of the paper. It is not "
        "stored; how many you asked is, for a day."
    ),
    mark("**Stored about this server**: its id, its subscriptions, its own topics, and what was posted where."),
    mark("It is deleted 30 days after the bot is removed, unless whoever runs the bot chose another time."),
    mark("**Not read and not stored**: messages, member lists, names and e-mail addresses."),
    mark(
        "`/export` gives you your library or all that is stored about you, `/forget-me` deletes all of it, at once. "
        "Backups forget it as they are replaced."
    ),
)
"""What `/privacy` says, whole sentences."""

HELD = {
    "subscription": mark("subscriptions you made"),
    "feedback": mark("papers you marked"),
    "look_up_today": mark("papers you looked up lately"),
    "saved_paper": mark("papers you saved"),
    "question_quota": mark("questions you asked today"),
}
"""What the store's tables hold about a person; a test keeps this list complete."""


def privacy_text(held: Mapping[str, object], texts: Texts) -> str:
    """Return what is stored, and how much of it there is about the user."""
    counted = [
        texts.say("{what}: {count}", what=texts.say(HELD.get(name, name)), count=f"{count:,}")
        for name, count in _counts(held)
    ]
    said = [texts.say(sentence) for sentence in PRIVACY]
    said.append(texts.say("About you now: {held}", held=texts.say(", ").join(counted) or texts.say("nothing")))
    return "\n".join(said)


def _counts(held: Mapping[str, object]) -> Iterable[tuple[str, int]]:
    for name, value in held.items():
        count = len(value) if isinstance(value, list | tuple | dict | set) else value
        if isinstance(count, int) and count > 0:
            yield name, count
