from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.brief import compose_brief, find_fate
from bot.digest.pool import PoolStatistics
from bot.digest.rank import CompositeRanker
from bot.errors import QuerySyntaxError
from bot.model import Announcement, AnnouncementState, AnnounceType, Brief, Candidate, CrossListPolicy, Topic
from bot.render.statements import silence_to_operator
from tests.unit.digest.samples import DAY, candidates, make_announcement, make_candidate, make_paper, make_topic

RANKER = CompositeRanker()
FRESH = make_announcement()


def compose(topic: Topic, announcements: list[Announcement], day: list[Candidate], max_papers: int = 10) -> Brief:
    return compose_brief(topic, DAY, announcements, day, ranker=RANKER, max_papers=max_papers)


def reward_day(count: int) -> list[Candidate]:
    return [make_candidate(make_paper(f"2605.{n:05d}", "reward")) for n in range(1, count + 1)]


def test_a_brief_holds_the_best_papers_with_summary_links_and_reasons() -> None:
    day = [
        *reward_day(3),
        make_candidate(make_paper("2605.00000", "Reward", "We propose rewards."), late=True),
    ]
    brief = compose(make_topic("reward"), [make_announcement(shown=4)], day, max_papers=2)
    assert [item.position for item in brief.items] == [0, 1]
    first = brief.items[0]
    assert first.paper.arxiv_id == "2605.00000"
    assert first.late
    assert first.summary.text == "We propose rewards."
    assert first.links["abs"] == "https://arxiv.org/abs/2605.00000"
    assert first.reasons
    assert brief.receipt.dropped == {"below_cut": 2}
    assert (brief.receipt.announced, brief.receipt.matched, brief.receipt.shown) == (4, 4, 2)
    assert brief.silence == ()


def test_what_arxiv_showed_and_we_do_not_hold_is_failed() -> None:
    partial = make_announcement(state=AnnouncementState.PARTIAL, shown=5, stored=2)
    brief = compose(make_topic("reward"), [partial], reward_day(2))
    assert (brief.receipt.announced, brief.receipt.read, brief.receipt.failed) == (5, 2, 3)
    assert silence_to_operator(brief.silence) == "cs.CL may be incomplete: 3 papers of it could not be read."


def test_other_categories_are_left_aside() -> None:
    elsewhere = make_candidate(make_paper("2605.00100", "reward", categories=("cs.RO",)))
    failed = make_announcement("cs.RO", AnnouncementState.FAILED, shown=7, stored=0)
    brief = compose(make_topic("reward"), [failed, FRESH], [*reward_day(1), elsewhere])
    assert brief.announcements == (FRESH,)
    assert (brief.receipt.announced, brief.silence) == (1, ())


def test_the_announce_type_is_that_of_the_topics_categories() -> None:
    paper = make_paper(title="reward", categories=("cs.CV", "cs.CL"))
    day = [make_candidate(paper, {"cs.CV": AnnounceType.NEW, "cs.CL": AnnounceType.CROSS})]
    assert compose(make_topic("reward"), [FRESH], day).items[0].announce_type is AnnounceType.CROSS
    strict = make_topic("reward", cross_lists=CrossListPolicy.EXCLUDE)
    assert compose(strict, [FRESH], day).receipt.dropped == {"cross_list": 1}


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        (
            AnnouncementState.QUIET,
            "arXiv announces nothing on Sunday",
            "No announcement: arXiv announces nothing on Sunday.",
        ),
        (AnnouncementState.QUIET, None, "No announcement of arXiv is due on this day."),
        (AnnouncementState.WAITING, None, "cs.CL is not in yet."),
        (AnnouncementState.WAITING, "due at 20:00.", "cs.CL is not in yet: due at 20:00."),
        (AnnouncementState.STALLED, None, "cs.CL is overdue: arXiv still shows its previous announcement."),
        (AnnouncementState.PARTIAL, "12 where 300 are usual", "cs.CL may be incomplete: 12 where 300 are usual."),
        (AnnouncementState.FAILED, "HTTP\n503", "cs.CL could not be read: HTTP 503."),
        (AnnouncementState.FRESH, None, "arXiv announced no new or cross-listed papers in cs.CL."),
    ],
)
def test_silence_has_a_reason(state: AnnouncementState, reason: str | None, sentence: str) -> None:
    brief = compose(make_topic("reward"), [make_announcement(state=state, reason=reason)], [])
    assert brief.items == ()
    assert silence_to_operator(brief.silence) == sentence


def test_nothing_stored_and_nothing_matched_are_different() -> None:
    nothing = compose(make_topic("reward"), [], [])
    assert silence_to_operator(nothing.silence) == "Nothing is stored for this date."
    brief = compose(make_topic("missing"), [FRESH], reward_day(3))
    assert silence_to_operator(brief.silence) == "None of the 3 papers announced matched this topic."


def test_what_was_dropped_is_counted_in_words() -> None:
    day = [*reward_day(1), make_candidate(make_paper("2605.00002", "reward"), announced_before=("cs.CL",))]
    silence = silence_to_operator(compose(make_topic("missing"), [FRESH], day).silence)
    assert silence == "Nothing new for this topic: of 2 papers, 1 announced before; 1 outside the topic's query."


def test_a_missing_category_is_told_beside_the_items() -> None:
    topic = make_topic("reward", categories=("cs.CL", "cs.AI", "cs.CV"))
    others = [
        make_announcement("cs.AI", AnnouncementState.WAITING, reason="arXiv has not announced it"),
        make_announcement("cs.CV", AnnouncementState.QUIET),
    ]
    brief = compose(topic, [*others, FRESH], reward_day(1))
    assert len(brief.items) == 1
    assert silence_to_operator(brief.silence) == "cs.AI is not in yet: arXiv has not announced it."
    assert [a.category for a in brief.announcements] == ["cs.CL", "cs.AI", "cs.CV"]


def test_a_broken_query_is_an_error_not_an_empty_brief() -> None:
    with pytest.raises(QuerySyntaxError):
        compose(make_topic("(reward"), [FRESH], [])


def test_fate_of_every_paper() -> None:
    day = [*reward_day(2), make_candidate(make_paper("2605.00005", "other"))]
    topic = make_topic("reward")
    verdicts = [find_fate(c.paper.arxiv_id, topic, day, ranker=RANKER, max_papers=1) for c in day]
    assert [one and one.fate for one in verdicts] == ["shown", "below_cut", "no_match"]
    shown, below, unranked = [one.placement if one else None for one in verdicts]
    assert unranked is None
    assert shown is not None
    assert below is not None
    assert (shown.position, below.position, below.of) == (0, 1, 2)
    assert below.last_shown == shown.score == below.score
    assert below.score == pytest.approx(below.relevance + below.interest + below.feedback)
    assert find_fate("2605.99999", topic, day, ranker=RANKER, max_papers=1) is None


_STATES = st.sampled_from(AnnouncementState)
_ANNOUNCEMENTS = st.dictionaries(
    st.sampled_from(("cs.CL", "cs.AI", "cs.CV")), st.tuples(_STATES, st.integers(0, 9), st.integers(0, 9)), max_size=3
).map(lambda day: [make_announcement(name, state, shown=a, stored=b) for name, (state, a, b) in day.items()])
_TOPICS = st.builds(
    make_topic,
    st.sampled_from(["", "reward", "agent OR graph", "NOT vision", "ti:diffusion"]),
    categories=st.sampled_from([(), ("cs.CL",), ("cs.CV", "cs.AI")]),
    exclude=st.sampled_from(["", "model", "graph OR agent"]),
    cross_lists=st.sampled_from(CrossListPolicy),
)


@given(candidates(), _ANNOUNCEMENTS, _TOPICS, st.integers(0, 5), st.randoms())
def test_the_receipt_always_balances_and_order_never_matters(
    day: list[Candidate], announcements: list[Announcement], topic: Topic, max_papers: int, random: Random
) -> None:
    brief = compose(topic, announcements, day, max_papers)
    assert brief.receipt.balanced
    assert brief.receipt.shown == len(brief.items) <= max_papers
    assert all(count > 0 for count in brief.receipt.dropped.values())
    assert brief.receipt.shown > 0 or brief.silence
    shuffled = random.sample(day, len(day))
    pool = PoolStatistics.of(shuffled)
    again = compose_brief(topic, DAY, announcements[::-1], shuffled, ranker=RANKER, max_papers=max_papers, pool=pool)
    assert again == brief
