"""Statements in words: in the language of a reader, or in English for the operator, who is told what to do about it.

A reader is never told a command of the shell: what only the operator can mend is said as such. Returns text that is
neither escaped nor cut; what a stranger wrote is in the values alone.
"""

import functools
import string
from collections.abc import Sequence
from datetime import date, datetime

from bot.i18n import LOCALES, Texts, load_texts, mark
from bot.render import labels
from bot.render.text import sanitise
from bot.sources.calendar import spell
from bot.statement import Statement, StatementCode, Value

_ASK = mark("the log of whoever runs this bot says more")

_TEXTS = {
    StatementCode.PLAIN: _ASK,
    StatementCode.SOURCE_UNAVAILABLE: mark("arXiv did not answer"),
    StatementCode.SOURCE_LIMITED: mark("arXiv limits how often it is asked; nothing is asked of it before {until}"),
    StatementCode.SOURCE_MALFORMED: mark("what arXiv answered could not be read"),
    StatementCode.NOTHING_FETCHED: mark("nothing was fetched"),
    StatementCode.PAGE_INCOMPLETE: mark("what arXiv shows does not agree with its own counts"),
    StatementCode.FEWER_THAN_USUAL: mark("only {found} papers, where that weekday usually brings {usual}"),
    StatementCode.NOT_OUT_YET: mark(
        "the announcement of {due} is not out yet, {category} still shows {shows}; it counts as missing from {until} on"
    ),
    StatementCode.OVERDUE: mark("the announcement of {due} was due at {release}, but {category} still shows {shows}"),
    StatementCode.FEED_EMPTY: mark("the announcement of {due} is missing: the feed of {category} is empty"),
    StatementCode.FEED_QUIET: mark("the feed of {category} is empty and nothing newer is due"),
    StatementCode.DEFERRED: mark(
        "arXiv deferred the announcement of {day} because of its holiday on {holiday}; the next one, dated "
        "{following}, is due at {release}"
    ),
    StatementCode.NONE_FOR_DAY: mark(
        "arXiv announces nothing for {day}; the next one, dated {following}, is due at {release}"
    ),
    StatementCode.REBUILT: mark(
        "missed on the day; rebuilt from arXiv's OAI records, in which late cross-lists and the days of papers changed "
        "since are approximate"
    ),
    StatementCode.REBUILT_SHORT: mark("rebuilt from OAI records: {held} of the {announced} papers arXiv showed"),
    StatementCode.NOT_RECOVERED: mark("missed on the day and not yet recovered: {reason}"),
    StatementCode.OAI_BEHIND: mark("arXiv's OAI interface has no records of that day or later yet"),
    StatementCode.NO_MAILING: mark("arXiv has no papers of that date: a deferred mailing"),
    StatementCode.NO_ANNOUNCEMENT_DAY: mark("arXiv announces nothing on {day}"),
    StatementCode.NOT_ANNOUNCED: mark("arXiv has not announced {day} yet"),
    StatementCode.NEVER_READ: mark("{day} was never read; only whoever runs this bot can have it read"),
    StatementCode.SHOWS_PREVIOUS: mark("arXiv still shows its previous announcement"),
    StatementCode.CATEGORY_WAITING: mark("{category} is not in yet"),
    StatementCode.CATEGORY_OVERDUE: mark("{category} is overdue"),
    StatementCode.CATEGORY_PARTIAL: mark("{category} may be incomplete"),
    StatementCode.CATEGORY_FAILED: mark("{category} could not be read"),
    StatementCode.CATEGORY_SHORT: mark("{category} is incomplete"),
    StatementCode.CATEGORY_REBUILT: mark(
        "{category} was missed on the day; rebuilt from arXiv's OAI records, in which late cross-lists and the days of "
        "papers changed since are approximate"
    ),
    StatementCode.CATEGORIES_UNREAD: mark(
        "{unread}: not read so far; this bot reads the categories of its settings and of the topics that are "
        "subscribed to"
    ),
    StatementCode.MISSING_WAITING: mark("{categories}: not announced yet"),
    StatementCode.MISSING_OVERDUE: mark("{categories}: overdue, arXiv still shows an older announcement"),
    StatementCode.MISSING_PARTIAL: mark("{categories}: arXiv shows only a part so far"),
    StatementCode.MISSING_FAILED: mark("{categories}: could not be read so far"),
    StatementCode.NOTHING_STORED: mark("Nothing is stored for this date"),
    StatementCode.NO_NEW_PAPERS: mark("arXiv announced no new or cross-listed papers in {categories}"),
    StatementCode.NO_ANNOUNCEMENT: mark("No announcement"),
    StatementCode.NONE_DUE: mark("No announcement of arXiv is due on this day"),
    StatementCode.CLOSE_TO_INTEREST: mark("close to what the topic asks for ({words})"),
    StatementCode.HAS_PROJECT_PAGE: mark("has a project page"),
    StatementCode.NAMES_VENUE: mark("its comment names a venue"),
    StatementCode.LINKS_TO_CODE: mark("links to code or data"),
    StatementCode.MATCHES: mark("matches “{term}” in {field}"),
    StatementCode.NEW_IN: mark("new in {homes}"),
    StatementCode.CLOSE_IN_MEANING: mark("close in meaning to what the topic asks for"),
    StatementCode.GENERAL_INTEREST: mark("general interest"),
    StatementCode.LIKE_LIKED: mark("like what was liked here"),
    StatementCode.LIKE_DISLIKED: mark("like what was marked as not relevant here"),
    StatementCode.LACKS_PERMISSION: mark("I lack a permission there: View Channel, Send Messages or Embed Links"),
    StatementCode.LACKS_ACCESS: mark("I cannot see the channel: give me View Channel there"),
    StatementCode.THREAD_CLOSED: mark("the thread is locked or archived"),
    StatementCode.WRONG_CHANNEL: mark("the channel is of another kind now: subscribe it again"),
    StatementCode.TAG_REQUIRED: mark("the forum wants a tag on every post: choose one with /subscribe"),
    StatementCode.DISCORD_REFUSES: mark("Discord refuses my messages there; look at my permissions in the channel"),
    StatementCode.CHANNEL_GONE: mark("the channel is no longer there"),
    StatementCode.CHANNEL_DELETED: mark("the channel was deleted"),
    StatementCode.WAS_PAUSED: mark("paused before I was removed"),
}

# What the operator reads in place of that: the details, and what to do.
_OPERATOR = {
    StatementCode.PLAIN: "{text}",
    StatementCode.SOURCE_UNAVAILABLE: "{detail}",
    StatementCode.SOURCE_LIMITED: "{detail}",
    StatementCode.SOURCE_MALFORMED: "{detail}",
    StatementCode.PAGE_INCOMPLETE: "{detail}",
    StatementCode.FEWER_THAN_USUAL: "possibly incomplete: {found} papers where that weekday usually brings {usual}",
    StatementCode.NEVER_READ: ("{category} of {day} was never read; run: paperbrief ingest --category {category}"),
    StatementCode.CATEGORIES_UNREAD: "Not read here: {unread} (see BRIEF__CATEGORIES)",
    StatementCode.LACKS_PERMISSION: "{words}",
    StatementCode.LACKS_ACCESS: "{words}",
    StatementCode.THREAD_CLOSED: "{words}",
    StatementCode.WRONG_CHANNEL: "{words}",
    StatementCode.TAG_REQUIRED: "{words}",
    StatementCode.DISCORD_REFUSES: "{words}",
    StatementCode.CHANNEL_GONE: "{words}",
}

# The part of a paper's general interest that spoke for it the most, as `bot.digest.general_interest` names them.
_SIGNS = {
    "authors": mark("the number of its authors"),
    "links": mark("a link to code or to a project page"),
    "release": mark("released code, data or models"),
    "title": mark("the way its title is made"),
    "comment": mark("what its comment says"),
    "categories": mark("its categories"),
    "style": mark("how its abstract is written"),
    "topic": mark("its subject"),
    "timing": mark("when it was submitted"),
}
_FIELDS = {
    "ti": mark("the title"),
    "abs": mark("the abstract"),
    "au": mark("the authors"),
    "cat": mark("the categories"),
    "co": mark("the comment"),
}
# Lists that are no part of the sentence: "a, b, c" instead of "a, b and c".
_BARE_LISTS = frozenset({"words", "homes", "unread", "signs"})


def say_statement(statement: Statement, texts: Texts) -> str:
    """Return a statement as a reader is told it: a clause without a full stop, sanitised, never empty."""
    return sanitise(_said(statement, texts, operator=False))


def say_to_operator(statement: Statement) -> str:
    """Return a statement in English with all its details, for who runs the program."""
    return _said(statement, load_texts(LOCALES[0]), operator=True)


def say_silence(silence: Sequence[Statement], texts: Texts) -> str:
    """Return a brief's silence in sentences, as a reader is told it; empty when there is nothing to say."""
    return join_sentences([say_sentence(one, texts) for one in silence], texts)


def say_sentence(statement: Statement, texts: Texts) -> str:
    """Return a statement as a sentence of its own, as a reader is told it."""
    return texts.say("{clause}.", clause=say_statement(statement, texts).rstrip("."))


def join_sentences(sentences: Sequence[str], texts: Texts) -> str:
    """Return sentences as a paragraph, as this language writes it."""
    return functools.reduce(lambda so_far, one: texts.say("{so_far} {one}", so_far=so_far, one=one), sentences or [""])


def silence_to_operator(silence: Sequence[Statement]) -> str | None:
    """Return the same in English for who runs the program, None when there is nothing to say."""
    return " ".join(f"{say_to_operator(one).rstrip('.')}." for one in silence) or None


def _said(statement: Statement, texts: Texts, *, operator: bool) -> str:
    if statement.code is StatementCode.GENERAL_INTEREST:
        return _interest(statement, texts)
    if statement.code in (StatementCode.LIKE_LIKED, StatementCode.LIKE_DISLIKED):
        return _alike(statement, texts)
    values = {name: _shown(name, value, texts, operator=operator) for name, value in statement.values}
    said = _counted(statement, values, texts) or _clause(statement.code, values, texts, operator=operator)
    if "reason" in values and statement.code is not StatementCode.NOT_RECOVERED:
        return texts.say("{what}: {why}", what=said, why=" ".join(values["reason"].split()).rstrip("."))
    return said


def _clause(code: StatementCode, values: dict[str, str], texts: Texts, *, operator: bool) -> str:
    if code is StatementCode.PLAIN and texts.locale == LOCALES[0] and values.get("text"):
        return values["text"]
    template = _TEXTS.get(code, _ASK)
    # A stored statement of another version of the program may lack a value.
    known = dict.fromkeys(_names(template), "…") | values
    if operator and code in _OPERATOR:
        return _OPERATOR[code].format_map(dict.fromkeys(_names(_OPERATOR[code]), "…") | values)
    return texts.say(template, **known)


def _alike(statement: Statement, texts: Texts) -> str:
    said, words = texts.say(_TEXTS[statement.code]), statement.get("words")
    if not isinstance(words, tuple) or not words:
        return said
    return texts.say("{what} ({more})", what=said, more=texts.say(", ").join(words))


def _interest(statement: Statement, texts: Texts) -> str:
    signs = statement.get("signs")
    known = [texts.say(_SIGNS[one]) for one in signs if one in _SIGNS] if isinstance(signs, tuple) else []
    if not known:
        return texts.say(_TEXTS[StatementCode.GENERAL_INTEREST])
    return texts.say("{what}: {why}", what=texts.say("general interest"), why=texts.say(", ").join(known))


def _names(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def _counted(statement: Statement, values: dict[str, str], texts: Texts) -> str | None:
    """Return what is said of a number of papers, None for all other statements."""
    number = statement.get("n")
    if not isinstance(number, int):
        return None
    match statement.code:
        case StatementCode.NEAR_LIKED:
            return texts.count("close to {n} paper you liked", "close to {n} papers you liked", number)
        case StatementCode.NEAR_DISLIKED:
            return texts.count(
                "close to {n} paper you marked as not relevant",
                "close to {n} papers you marked as not relevant",
                number,
            )
        case StatementCode.UNREAD:
            return texts.count("{n} paper of it could not be read", "{n} papers of it could not be read", number)
        case StatementCode.MATCHED_NONE_SHOWN:
            return texts.count(
                "{n} paper matched, and this brief shows none",
                "{n} papers matched, and this brief shows none",
                number,
            )
        case StatementCode.NONE_MATCHED:
            return texts.count(
                "None of the {n} paper announced matched this topic",
                "None of the {n} papers announced matched this topic",
                number,
            )
        case StatementCode.NOTHING_NEW:
            dropped = [
                texts.say("{count} {reason}", count=count, reason=texts.say(labels.dropped_reason(name)))
                for name, count in values.items()
                if name != "n"
            ]
            return texts.count(
                "Nothing new for this topic: of {n} paper, {dropped}",
                "Nothing new for this topic: of {n} papers, {dropped}",
                number,
                dropped=texts.say("; ").join(dropped),
            )
        case _:
            return None


def _shown(name: str, value: Value, texts: Texts, *, operator: bool) -> str:
    match value:
        case Statement():
            return _said(value, texts, operator=operator)
        case datetime():
            return _instant(value, texts, operator=operator)
        case date():
            return spell(value) if operator else texts.date(value)
        case tuple():
            return texts.say(", ").join(value) if name in _BARE_LISTS else texts.listed(list(value))
        case int():
            return f"{value:,}"
        case _:
            return texts.say(_FIELDS[value]) if name == "field" and value in _FIELDS else value


def _instant(value: datetime, texts: Texts, *, operator: bool) -> str:
    if operator:
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return texts.say("{date}, {time} UTC", date=texts.date(value.date()), time=f"{value:%H:%M}")
