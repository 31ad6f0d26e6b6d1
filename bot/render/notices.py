"""What the bot says when it has no papers to show: still waiting, nothing today, missed. Pure.

Quiet, waiting, stalled and failed are different things and read differently; a notice never claims a quiet day while
something is missing.
"""

from collections.abc import Sequence
from datetime import date, datetime

from bot.delivery import DeliveryKind, PlannedPart, PostingStyle
from bot.i18n import Texts, load_texts
from bot.model import Announcement, AnnouncementState, Brief, Receipt, Topic
from bot.render.embeds import topic_name
from bot.render.parts import render_note, thread_name
from bot.render.statements import join_sentences, say_sentence
from bot.render.text import clip, discord_length, escape_discord, sanitise
from bot.statement import Statement, StatementCode

_FORUMS = (PostingStyle.FORUM, PostingStyle.FORUM_PAPERS)
_LISTED_CATEGORIES = 10
_LONGEST_CATEGORY = 30

# In the order in which they are said. Fresh and quiet categories are not missing.
_MISSING = {
    AnnouncementState.WAITING: StatementCode.MISSING_WAITING,
    AnnouncementState.STALLED: StatementCode.MISSING_OVERDUE,
    AnnouncementState.PARTIAL: StatementCode.MISSING_PARTIAL,
    AnnouncementState.FAILED: StatementCode.MISSING_FAILED,
}


def render_waiting(
    topic: Topic,
    announced_on: date,
    missing: Sequence[Announcement],
    *,
    channel_id: int,
    language: str,
    style: PostingStyle,
    tag_ids: Sequence[int] = (),
) -> tuple[PlannedPart, ...]:
    """Return the "still waiting" line: past the cut-off, `missing` are the categories without their announcement."""
    texts = load_texts(language)
    lines = [
        _head(topic, language, texts.date(announced_on), texts.say("still waiting")),
        *missing_lines(missing, texts),
        texts.say("The brief follows as soon as it can be complete."),
    ]
    name = thread_name(topic, language, announced_on, texts.say("still waiting")) if style in _FORUMS else None
    return render_note(
        "\n".join(lines),
        channel_id=channel_id,
        topic=topic,
        announced_on=announced_on,
        kind=DeliveryKind.WAITING,
        forum_name=name,
        tag_ids=tag_ids,
    )


def render_quiet(
    topic: Topic,
    announced_on: date,
    reason: str,
    *,
    channel_id: int,
    language: str,
    style: PostingStyle,
    tag_ids: Sequence[int] = (),
) -> tuple[PlannedPart, ...]:
    """Return the "nothing today" line; `reason` comes from `no_announcement_reason` or `no_papers_reason`."""
    texts = load_texts(language)
    head = _head(topic, language, texts.date(announced_on), texts.say("nothing today"))
    name = thread_name(topic, language, announced_on, texts.say("nothing today")) if style in _FORUMS else None
    return render_note(
        f"{head}\n{reason}",
        channel_id=channel_id,
        topic=topic,
        announced_on=announced_on,
        kind=DeliveryKind.QUIET,
        forum_name=name,
        tag_ids=tag_ids,
    )


def render_missed(
    topic: Topic,
    dates: Sequence[date],
    *,
    partly: Sequence[date] = (),
    channel_id: int,
    language: str,
    style: PostingStyle,
    tag_ids: Sequence[int] = (),
) -> tuple[PlannedPart, ...]:
    """Return the one line for all announcement `dates` that are too old to be posted one by one.

    Of those in `partly` a brief was posted, and what it lacked came too late. At least one of the two is not empty.
    """
    texts = load_texts(language)
    first, last = min([*dates, *partly]), max([*dates, *partly])
    span = texts.date(last) if first == last else f"{texts.date(first)} – {texts.date(last)}"
    said = texts.count(
        "{n} brief could not be posted in time. `/brief` shows it.",
        "{n} briefs could not be posted in time. `/brief` shows each of them.",
        len(dates),
    )
    late = texts.count(
        "What {n} brief lacked came too late to be posted. `/brief` shows it.",
        "What {n} briefs lacked came too late to be posted. `/brief` shows it.",
        len(partly),
    )
    said = "\n".join(text for text, shown in ((said, dates), (late, partly)) if shown)
    name = thread_name(topic, language, last, texts.say("missed")) if style in _FORUMS else None
    return render_note(
        f"{_head(topic, language, span, texts.say('missed'))}\n{said}",
        channel_id=channel_id,
        topic=topic,
        announced_on=last,
        kind=DeliveryKind.MISSED,
        forum_name=name,
        tag_ids=tag_ids,
    )


def no_announcement_reason(
    announced_on: date, following: date, release: datetime, language: str, *, deferred: bool
) -> str:
    """Return why a day without an announcement is quiet, and when the next one comes, in the reader's own time."""
    texts = load_texts(language)
    day = texts.date(announced_on)
    why = (
        texts.say("arXiv deferred its announcement of {date} because of a holiday.", date=day)
        if deferred
        else texts.say("arXiv announces nothing for {date}.", date=day)
    )
    # Discord shows such a time in each reader's own zone and language.
    moment = f"<t:{int(release.timestamp())}:f>"
    after = texts.say("The next one, for {date}, comes {time}.", date=texts.date(following), time=moment)
    return join_sentences([why, after], texts)


def no_papers_reason(brief: Brief) -> str:
    """Return why a complete brief shows nothing."""
    texts = load_texts(brief.language)
    receipt = brief.receipt
    if not receipt.read and all(one.state is AnnouncementState.QUIET for one in brief.announcements):
        return texts.say("arXiv announced nothing for this day.")
    names = _categories([one.category for one in brief.announcements] or list(brief.topic.categories), texts)
    if not receipt.read:
        return texts.say("arXiv announced no new or cross-listed papers in {categories}.", categories=names)
    return _nothing_shown(receipt, names, texts)


def missing_lines(missing: Sequence[Announcement], texts: Texts) -> list[str]:
    """Return one line for each way in which categories are missing, escaped."""
    return [escape_discord(say_sentence(one, texts)) for one in missing_statements(missing)]


def missing_statements(missing: Sequence[Announcement]) -> tuple[Statement, ...]:
    """Return what is to be said of `missing`, the most important first; long lists are cut."""
    found: list[Statement] = []
    for state, code in _MISSING.items():
        names = [one.category for one in missing if one.state is state]
        if names:
            found.append(Statement.of(code, categories=_shortened(names)))
    return tuple(found)


def _nothing_shown(receipt: Receipt, names: str, texts: Texts) -> str:
    said = texts.count(
        "{n} paper was announced in {categories}, and none is for this topic.",
        "{n} papers were announced in {categories}, and none is for this topic.",
        receipt.read,
        categories=names,
    )
    before = receipt.dropped.get("announced_before", 0)
    if before:
        known = texts.count("{n} of them was announced before.", "{n} of them were announced before.", before)
        said = join_sentences([said, known], texts)
    return said


def _categories(names: Sequence[str], texts: Texts) -> str:
    return texts.listed([escape_discord(name) for name in _shortened(names)])


def _shortened(names: Sequence[str]) -> tuple[str, ...]:
    shown = [_short(sanitise(name)) for name in names[:_LISTED_CATEGORIES]]
    return (*shown, *(["…"] if len(names) > _LISTED_CATEGORIES else []))


def _short(name: str) -> str:
    return clip(name, _LONGEST_CATEGORY, measure=lambda part: discord_length(escape_discord(part)))


def _head(topic: Topic, language: str, when: str, label: str) -> str:
    return " · ".join([topic_name(topic, language), when, label])
