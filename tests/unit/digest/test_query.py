import pytest

from bot.digest.query import Field, MatchedTerm, PaperText, Query, parse_query
from bot.errors import QuerySyntaxError
from tests.unit.digest.samples import make_paper

PAPER = PaperText.of(
    make_paper(
        title="Few-Shot Reward Models for R1-style Reasoning",
        abstract="We use large language models (LLMs) with $\\alpha$-scaled rewards. The model's café has naïve agents",
        authors=("Yann LeCun", "José García Márquez", "Nguyễn Thị Łukasz", "Y. Bengio"),
        categories=("cs.CL", "cs.LG", "quant-ph"),
        comment="Accepted at NeurIPS 2026",
    )
)


def found(query: str) -> bool:
    return parse_query(query).match(PAPER) is not None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "reward",
        "REWARD",
        "few-shot",
        '"few shot"',
        "few-shot reward",
        '"reward model"',
        "“reward model”",
        "R1-style",
        "r1",
        "LLM",
        "rew*",
        '"reward mod*"',
        "few-sho*",
        "cafe",
        "NAÏVE",
        '"model cafe"',
        '"large language model"',
        "reward AND agent",
        "nothing OR agent",
        "reward NOT nothing",
        "NOT nothing",
        "NOT NOT reward",
        "nothing OR (reward agent)",
        "ti:reward abs:agent",
        "ti:(reward reasoning)",
        "ti: reward",
        "TI:reward",
        "ti:(nothing OR abs:agent)",
        "co:neurips",
        "cat:cs.CL",
        "cat:CS.cl",
        "cat:cs",
        "cat:quant-ph",
        "cat:(cs.CV OR cs.LG)",
        "cat:cs.*",
        "cat:quant*",
        "au:lecun",
        'au:"Yann LeCun"',
        'au:"LeCun, Yann"',
        'au:"Y LeCun"',
        "au:garcia",
        'au:"Jose Marquez"',
        "au:nguyen",
        "au:lukasz",
        "au:gar*",
        "reward, agents;",
    ],
)
def test_matches(query: str) -> None:
    assert found(query)


@pytest.mark.parametrize(
    "query",
    [
        "nothing",
        "rewar",
        "ward",
        '"model reward"',
        '"reward reasoning"',
        "abs:few-shot",
        "ti:agent",
        "NeurIPS",
        "LeCun",
        "alpha",
        "reward nothing",
        "reward NOT agent",
        "NOT reward",
        "reward AND (nothing OR missing)",
        "cat:cs.C",
        "cat:cs.CV",
        "cat:math",
        "au:yan",
        'au:"Yann García"',
        'au:"Yann Bengio"',
        "co:accept",
        "models'x",
        "reasonings-style",
    ],
)
def test_does_not_match(query: str) -> None:
    assert not found(query)


def test_a_short_word_has_no_plural() -> None:
    assert parse_query("a").match(PaperText.of(make_paper(title="as", abstract="as it is"))) is None


@pytest.mark.parametrize("query", ["强化学习", '"强化学习"', "学习"])
def test_chinese_terms_need_no_spaces(query: str) -> None:
    text = PaperText.of(make_paper(title="基于强化学习的推理", abstract=""))
    assert parse_query(query).match(text) is not None
    assert parse_query("化强").match(text) is None


def test_math_is_not_text_and_does_not_hide_text() -> None:
    text = PaperText.of(
        make_paper(title=r"D$^2$-Align costs $5 and $10", abstract=r"the $\log reward$ of \textbf{bold} moves")
    )
    assert parse_query("reward").match(text) is None
    assert parse_query("textbf").match(text) is None
    assert parse_query("align bold").match(text) is not None
    assert parse_query("costs").match(text) is not None


def test_reports_every_term_with_field_and_count() -> None:
    match = parse_query('Reward OR "LLM" OR nothing OR agents NOT missing').match(PAPER)
    assert match is not None
    assert match.terms == (
        MatchedTerm("Reward", Field.TITLE, 1),
        MatchedTerm("Reward", Field.ABSTRACT, 1),
        MatchedTerm("LLM", Field.ABSTRACT, 1),
        MatchedTerm("agents", Field.ABSTRACT, 1),
    )


def test_a_branch_that_fails_leaves_no_reason_behind() -> None:
    match = parse_query("(reward nothing) OR agents").match(PAPER)
    assert match is not None
    assert [term.text for term in match.terms] == ["agents"]


def test_the_empty_query_matches_without_reasons() -> None:
    match = parse_query("").match(PAPER)
    assert match is not None
    assert match.terms == ()


@pytest.mark.parametrize(
    ("query", "position", "expected"),
    [
        ("reward AND", 10, "a word"),
        ("OR reward", 0, "a word"),
        ("reward OR AND agent", 10, "a word"),
        ("(reward OR agent", 0, "a closing “)”"),
        ("reward)", 6, "“(” before"),
        ("()", 1, "a word"),
        ('reward "agent', 7, "a closing quotation mark"),
        ('""', 0, "a word with letters"),
        ("++", 0, "a word with letters"),
        ("NOT", 3, "a word"),
        ("ti:", 3, "a word"),
        ("ti:NOT x", 3, "a word"),
        ("title:reward", 0, "one of the fields"),
        ("a -reward", 2, "NOT in place"),
        ("re*ward", 0, "only at the end"),
        ("r*", 0, "at least 2 letters"),
        ("*", 0, "a word with letters"),
        ("cat:123", 4, "an arXiv category"),
        ("cat:(cs.CL OR reward!x)", 14, "an arXiv category"),
    ],
)
def test_an_error_points_at_the_place(query: str, position: int, expected: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(query)
    assert caught.value.position == position
    assert expected in caught.value.expected
    assert str(caught.value).splitlines()[-1].index("^") == position + 2


def test_length_and_depth_are_limited() -> None:
    assert parse_query("(" * 50 + "a" + ")" * 50).root is not None
    with pytest.raises(QuerySyntaxError, match="at most 50 levels"):
        parse_query("(" * 51 + "a" + ")" * 51)
    with pytest.raises(QuerySyntaxError, match="at most 50 levels"):
        parse_query("NOT " * 51 + "a")
    with pytest.raises(QuerySyntaxError, match="at most 50 levels"):
        parse_query("(" * 1_999)
    assert parse_query("a" * 2_000).root is not None
    with pytest.raises(QuerySyntaxError, match="at most 2,000 characters") as caught:
        parse_query("a " * 500_000)
    assert len(str(caught.value)) < 5_000


def test_invisible_characters_do_not_change_how_a_query_reads() -> None:
    assert parse_query("re\u200bward\u202e") == parse_query("reward")
    assert parse_query("reward\nagent") == parse_query("reward agent")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("a AND b", "a b"),
        ("(a b) c", "a b c"),
        ("((a OR b))", "a OR b"),
        ("(a OR b) c", "(a OR b) c"),
        ("a OR (b c)", "a OR b c"),
        ("NOT (a b)", "NOT (a b)"),
        ("ti:(a OR b)", "ti:(a OR b)"),
        ("ti:(a OR abs:b)", "ti:(a OR abs:b)"),
        ('ti:"few  shot"', 'ti:"few shot"'),
        ('"AND"', '"AND"'),
        ('"x:y"', '"x:y"'),
        ('"word"', "word"),
        ("CAT:cs.CV", "cat:cs.CV"),
        ("", ""),
    ],
)
def test_canonical_form(written: str, canonical: str) -> None:
    assert str(parse_query(written)) == canonical
    assert parse_query(canonical) == parse_query(written)


def test_queries_compare_by_meaning_not_by_spelling() -> None:
    assert parse_query("Few-Shot") == parse_query('"few shot"')
    assert parse_query("a") != parse_query("ti:a")
    assert Query() == parse_query("")
