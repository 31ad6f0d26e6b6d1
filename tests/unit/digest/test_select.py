from bot.digest.select import DROP_REASONS, narrow, select
from bot.model import AnnounceType, CrossListPolicy
from tests.unit.digest.samples import make_candidate, make_paper, make_topic

NEW, CROSS = AnnounceType.NEW, AnnounceType.CROSS


def test_each_paper_left_out_has_one_reason() -> None:
    day = [
        make_candidate(make_paper("2605.00001", "reward")),
        make_candidate(make_paper("2605.00002", "reward"), announced_before=("cs.CL",)),
        make_candidate(make_paper("2605.00003", "reward", withdrawn=True)),
        make_candidate(make_paper("2605.00004", "reward"), {"cs.CL": CROSS}),
        make_candidate(make_paper("2605.00005", "other")),
        make_candidate(make_paper("2605.00006", "reward survey")),
        make_candidate(make_paper("2605.00007", "survey", withdrawn=True), announced_before=("cs.CL",)),
    ]
    topic = make_topic("reward", exclude="survey", cross_lists=CrossListPolicy.EXCLUDE)
    selection = select(day, topic)
    assert [candidate.paper.arxiv_id for candidate, _ in selection.matched] == ["2605.00001"]
    assert selection.dropped == {"announced_before": 2, "withdrawn": 1, "cross_list": 1, "no_match": 1, "excluded": 1}
    assert list(selection.dropped) == [reason for reason in DROP_REASONS if reason in selection.dropped]
    assert selection.fate["2605.00006"] == "excluded"
    assert selection.fate["2605.00007"] == "announced_before"
    assert "2605.00001" not in selection.fate


def test_cross_lists_are_taken_by_default() -> None:
    day = [make_candidate(make_paper(title="reward"), {"cs.CL": CROSS})]
    assert len(select(day, make_topic("reward")).matched) == 1


def test_the_match_says_what_was_found() -> None:
    ((_, match),) = select([make_candidate(make_paper(title="Reward models"))], make_topic("reward model*")).matched
    assert [term.text for term in match.terms] == ["reward", "model"]


def test_a_paper_new_elsewhere_is_a_cross_list_here() -> None:
    both = make_candidate(make_paper(), {"cs.CV": NEW, "cs.CL": CROSS})
    (narrowed,) = narrow([both], ["cs.CL"])
    assert (narrowed.announce_type, dict(narrowed.announced_in)) == (CROSS, {"cs.CL": CROSS})
    assert narrow([both], ["cs.RO"]) == []
    assert narrow([both], []) == [both]
    assert narrow([both], ["cs.CL", "cs.CV"])[0].announce_type is NEW


def test_one_paper_announced_twice_is_one_paper() -> None:
    paper = make_paper()
    parts = [make_candidate(paper, {"cs.CL": CROSS}), make_candidate(paper, {"cs.CV": NEW})]
    (merged,) = narrow(parts, ["cs.CL", "cs.CV"])
    assert merged.announce_type is NEW
    assert dict(merged.announced_in) == {"cs.CL": CROSS, "cs.CV": NEW}
    assert narrow(parts[::-1], ["cs.CL", "cs.CV"]) == [merged]


def test_what_another_category_announced_before_is_news_to_a_reader_of_this_one() -> None:
    crossed = make_candidate(
        make_paper("2605.00009", "reward"), {"cs.AI": CROSS, "cs.CL": NEW}, announced_before=("cs.CV",)
    )
    (candidate,) = narrow([crossed], ["cs.AI"])
    assert candidate.announced_before == ()
    (candidate,) = narrow([crossed], ["cs.AI", "cs.CV"])
    assert candidate.announced_before == ("cs.CV",)
