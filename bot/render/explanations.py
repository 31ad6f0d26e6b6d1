"""Why a paper was shown or left out, in words and numbers. Pure; escapes nothing, and never cuts a line short.

For `/why` in the reader's language and for the terminal in English.
"""

from typing import Any

from bot.fates import Fate, Placement
from bot.i18n import Texts, mark
from bot.render.statements import say_statement
from bot.render.text import sanitise

STAGES = {
    "delivered": mark("Posted in this channel."),
    "shown": mark("In the brief."),
    "changed_since": mark("Not in the brief that was posted; with what is known today it would be."),
    "below_cut": mark("Matched, but ranked below the {count} papers that are shown."),
    "below_bar": mark("Matched, but scored far below what this topic usually shows."),
    "too_similar": mark("Matched, but the brief shows papers about the same thing already."),
    "no_match": mark("Announced in the topic's categories, but outside of its query."),
    "excluded": mark("Matched, but the topic leaves such papers out."),
    "cross_list": mark("Cross-listed only, and the topic leaves cross-lists out."),
    "withdrawn": mark("Withdrawn by its authors."),
    "announced_before": mark("Announced before: an earlier brief had it."),
    "replacement": mark("Only a new version of it was announced; briefs show new papers."),
    "other_categories": mark("None of the topic's categories announced it."),
}
"""What each stage is called, whole sentences."""

_MOST_REASONS = 6


def say_stage(fate: Fate, texts: Texts) -> str:
    """Return how far a paper came, in one sentence."""
    return texts.say(STAGES.get(fate.stage, "{count}"), count=fate.max_papers)


def say_numbers(fate: Fate, texts: Texts) -> list[str]:
    """Return the numbers behind that, a line each; nothing for a paper that was never ranked."""
    one, say = fate.placement, texts.say
    if one is None:
        return []
    lines = [
        say(
            "Place {place} of {of}, score {score}: "
            "relevance {relevance}, general interest {interest}, feedback {feedback}",
            place=f"{one.position + 1:,}",
            of=f"{one.of:,}",
            score=f"{one.score:.2f}",
            relevance=f"{one.relevance:.2f}",
            interest=f"{one.interest:.2f}",
            feedback=f"{one.feedback:+.2f}" if one.feedback else "0",
        )
    ]
    reasons = [
        say("{what} ({more})", what=say_statement(reason.why, texts), more=f"{reason.score:+.2f}")
        for reason in one.reasons[:_MOST_REASONS]
    ]
    if reasons:
        lines.append(say("; ").join(reasons))
    return [*lines, *_limits(one, texts), *_circumstances(fate, one, texts)]


def fate_as_json(fate: Fate) -> dict[str, Any]:
    """Return all that is known of it, for `--format json`."""
    one = fate.placement
    return {
        "topic": fate.topic.slug,
        "announced_on": fate.announced_on.isoformat() if fate.announced_on else None,
        "stage": fate.stage,
        "max_papers": fate.max_papers,
        "channel_id": str(fate.edition.channel_id) if fate.edition else None,
        "placement": None if one is None else _placement(one),
    }


def _limits(one: Placement, texts: Texts) -> list[str]:
    found = []
    if one.last_shown is not None:
        found.append(texts.say("The last paper shown has {score}.", score=f"{one.last_shown:.2f}"))
    if one.bar is not None:
        found.append(texts.say("At least {score} is asked for.", score=f"{one.bar:.2f}"))
    return [" ".join(found)] if found else []


def _circumstances(fate: Fate, one: Placement, texts: Texts) -> list[str]:
    found = []
    if one.alike is not None:
        arxiv_id, likeness = one.alike
        found.append(
            texts.say(
                "Of the papers shown before it, {paper} is the most like it: {share}.",
                paper=sanitise(arxiv_id),
                share=f"{likeness:.0%}",
            )
        )
    if one.reordered:
        found.append(texts.say("A language model puts the best papers in order: the score only says which those are."))
    if fate.edition is not None:
        found.append(texts.say("This channel has a brief of its own, because of its readers' feedback."))
    return found


def _placement(one: Placement) -> dict[str, Any]:
    return {
        "position": one.position + 1,
        "of": one.of,
        "score": one.score,
        "relevance": one.relevance,
        "general_interest": one.interest,
        "feedback": one.feedback,
        "reasons": [{**reason.why.as_json(), "score": reason.score} for reason in one.reasons],
        "last_shown": one.last_shown,
        "bar": one.bar,
        "alike": None if one.alike is None else {"arxiv_id": one.alike[0], "likeness": one.alike[1]},
        "reordered_by_model": one.reordered,
    }
