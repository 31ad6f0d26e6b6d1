"""What the owner is told, in words of the catalogues, as messages that Discord takes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.delivery import DeliveryKind, Halt, PlannedPart, TopicKey
from bot.health.report import Report
from bot.i18n import Texts, load_texts, mark
from bot.model import AnnouncementState
from bot.render.bills import spending_parts
from bot.render.parts import Draft
from bot.render.statements import say_statement
from bot.render.text import clip, discord_length, escape_discord, sanitise
from bot.statement import Statement
from bot.store.health import MissingMessage

_MAX_CONTENT = 1900
"""Discord takes 2,000; the marker needs its place."""

_MAX_NAMED = 20
_MAX_REASON = 200

_STATES = {
    AnnouncementState.FRESH: mark("complete"),
    AnnouncementState.WAITING: mark("not out yet"),
    AnnouncementState.QUIET: mark("none due"),
    AnnouncementState.STALLED: mark("overdue at arXiv"),
    AnnouncementState.PARTIAL: mark("incomplete"),
    AnnouncementState.FAILED: mark("could not be read"),
}

_HALTS = {
    Halt.EDGE: mark("Discord's network refused this bot's address, so nothing was sent for a while."),
    Halt.REFUSALS: mark(
        "Discord refused so many requests within ten minutes that nothing was sent for a while, lest it ban this bot's "
        "address."
    ),
}


@dataclass(frozen=True, slots=True)
class StoppedChannel:
    """A channel whose briefs are stopped, and why."""

    channel_id: int
    reason: Statement | None


@dataclass(frozen=True, slots=True)
class News:
    """What has begun since the owner was told last; empty parts are not spoken of.

    `overdue`: categories whose announcement of `due_on` is missing. `budget`: the share of the day's ceiling that is
    used. `schema`: a version that is new. `missing`: messages that are not where they belong. `rewritten`: whether a
    message was posted in another form than it was meant to have. `halts`: why nothing was sent.
    """

    due_on: date
    overdue: Sequence[str] = ()
    stopped: Sequence[StoppedChannel] = ()
    budget: float | None = None
    schema: str | None = None
    missing: Sequence[MissingMessage] = ()
    rewritten: bool = False
    halts: Sequence[Halt] = ()


def news_lines(news: News, texts: Texts) -> list[str]:
    """Return a line for each thing, escaped."""
    lines = []
    if news.overdue:
        named = ", ".join(sanitise(one) for one in news.overdue[:_MAX_NAMED])
        line = texts.say(
            "arXiv's announcement of {date} is overdue: {categories}. Briefs wait for it and are sent by themselves.",
            date=texts.date(news.due_on),
            categories=escape_discord(named),
        )
        lines.append(line)
    for one in news.stopped[:_MAX_NAMED]:
        reason = say_statement(one.reason, texts) if one.reason is not None else texts.say("no reason is known")
        lines.append(
            texts.say(
                "Nothing can be posted in {channel}: {why}",
                channel=f"<#{one.channel_id}>",
                why=escape_discord(clip(reason, _MAX_REASON)),
            )
        )
    if len(news.stopped) > _MAX_NAMED:
        rest = len(news.stopped) - _MAX_NAMED
        lines.append(texts.count("and {n} more channel", "and {n} more channels", rest))
    lines += _sending_lines(news, texts)
    if news.budget is not None:
        lines.append(
            texts.say(
                "The language model has used {share} of its ceiling for today. Beyond it, summaries are extracted.",
                share=f"{news.budget:.0%}",
            )
        )
    if news.schema is not None:
        lines.append(
            texts.say(
                "The database has a new schema, version {version}. An older program cannot open it any more: keep a "
                "backup from before, or make one of now with `paperbrief db backup`.",
                version=sanitise(news.schema),
            )
        )
    return lines


def _sending_lines(news: News, texts: Texts) -> list[str]:
    lines = [
        texts.say(
            "A message is missing in {channel}, or may be: {why}",
            channel=f"<#{one.channel_id}>",
            why=escape_discord(clip(one.reason or texts.say("no reason is known"), _MAX_REASON)),
        )
        for one in news.missing[:_MAX_NAMED]
    ]
    if len(news.missing) > _MAX_NAMED:
        lines.append(texts.count("and {n} more message", "and {n} more messages", len(news.missing) - _MAX_NAMED))
    if news.rewritten:
        lines.append(
            texts.say(
                "Discord refused a message as it was; it was sent without links or as plain text. The log says why: "
                "please report it."
            )
        )
    return lines + [texts.say(_HALTS[one]) for one in news.halts]


def report_lines(report: Report, texts: Texts, currency: str) -> list[str]:
    """Return the report, a line for each part of it, escaped."""
    late = report.lateness
    days = [
        texts.say("{what}: {count}", what=texts.say(_STATES[state]), count=count) for state, count in _ordered(report)
    ]
    spent = " · ".join(spending_parts(report.spending, currency, texts))
    lines = [
        texts.say(
            "Briefs: {planned} planned, {sent} sent, {parked} stopped, {called_off} called off, {waiting} waiting, "
            "{lost} lost",
            planned=f"{report.planned:,}",
            sent=f"{report.sent:,}",
            parked=f"{report.parked:,}",
            called_off=f"{report.called_off:,}",
            waiting=f"{report.waiting:,}",
            lost=f"{report.lost:,}",
        ),
        texts.say(
            "Lateness: half within {median}, 95 % within {p95}, the worst {worst}",
            median=_duration(late.median, texts),
            p95=_duration(late.p95, texts),
            worst=_duration(late.worst, texts),
        ),
        _papers_line(report, texts),
        texts.say("Announcements: {listed}", listed=texts.say(", ").join(days) or texts.say("none")),
    ]
    if report.missed:
        lines.append(
            texts.count(
                "{n} line about briefs that were missed", "{n} lines about briefs that were missed", report.missed
            )
        )
    if report.spending.requests:
        requests = texts.count("{n} request", "{n} requests", report.spending.requests)
        lines.append(
            texts.say("Language model: {listed}", listed=escape_discord(" · ".join(filter(None, (requests, spent)))))
        )
    return lines


def _papers_line(report: Report, texts: Texts) -> str:
    papers, missing = f"{report.papers:,}", f"{report.papers_missing:,}"
    if report.repeats is None:
        return texts.say("Papers: {papers} announced and stored, {missing} lost", papers=papers, missing=missing)
    return texts.say(
        "Papers: {papers} announced and stored, {missing} lost, {repeats} shown twice",
        papers=papers,
        missing=missing,
        repeats=f"{report.repeats:,}",
    )


def report_heading(report: Report, texts: Texts) -> str:
    """Return the report's first line, with its first day and the one after its last."""
    return texts.say(
        "Report on {first} to {last}", first=texts.date(report.first.date()), last=texts.date(report.until.date())
    )


def render_message(
    heading: str, lines: Sequence[str], *, channel_id: int, key: TopicKey, day: date, language: str
) -> tuple[PlannedPart, ...]:
    """Return the one message that says it; what does not fit is cut, and says so."""
    said = f"**{escape_discord(heading)}**"
    for number, line in enumerate(lines):
        if discord_length(said) + discord_length(line) > _MAX_CONTENT:
            said += "\n" + load_texts(language).count("and {n} more line", "and {n} more lines", len(lines) - number)
            break
        said += f"\n- {line}"
    draft = Draft(key, day, DeliveryKind.NOTICE)
    draft.message({"allowed_mentions": {"parse": []}, "content": said})
    return draft.parts(channel_id)


def _ordered(report: Report) -> list[tuple[AnnouncementState, int]]:
    return [(state, report.days[state]) for state in AnnouncementState if report.days.get(state)]


def _duration(seconds: float, texts: Texts) -> str:
    if seconds < 90:
        return texts.say("{n} s", n=f"{seconds:.0f}")
    if seconds < 90 * 60:
        return texts.say("{n} min", n=f"{seconds / 60:.0f}")
    return texts.say("{n} h", n=f"{seconds / 3600:,.1f}")
