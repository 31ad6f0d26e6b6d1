from hypothesis import given
from hypothesis import strategies as st

from bot.digest.query import PaperText, parse_query
from bot.errors import QuerySyntaxError
from tests.unit.digest.samples import make_paper

_TERMS = st.sampled_from(
    [
        "reward",
        "Few-Shot",
        '"language model"',
        '"OR"',
        "agen*",
        '"x:y, z"',
        "ti:vision",
        'au:"Y. LeCun"',
        "cat:cs.CL",
        "cat:cs",
        "co:ICML",
    ]
)
_QUERIES = st.recursive(
    _TERMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} AND {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} OR {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} {pair[1]})"),
        inner.map(lambda text: f"NOT {text}"),
        inner.map(lambda text: f"abs:({text})" if "cat:" not in text else f"({text})"),
    ),
    max_leaves=8,
)
_PIECES = st.sampled_from(
    [
        "(",
        ")",
        '"',
        "“",
        "AND ",
        "OR ",
        "NOT ",
        "ti:",
        "cat:",
        "*",
        "-",
        ":",
        " ",
        "reward",
        "cs.CV",
        "\u202e",
        "\x00",
        "é",
        "强",
    ]
)
_TEXTS = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=30).map("".join))
_PAPERS = st.sampled_from(
    [
        make_paper(title="Reward agents", abstract="A vision language model."),
        make_paper(
            title="Few-shot", abstract="x y z: language models", authors=("Yann LeCun",), categories=("math.OC",)
        ),
        make_paper(title="", abstract="", authors=(), comment="ICML"),
    ]
)


@given(_QUERIES)
def test_the_canonical_form_means_the_same(text: str) -> None:
    query = parse_query(text)
    canonical = str(query)
    assert parse_query(canonical) == query
    assert str(parse_query(canonical)) == canonical
    assert len(canonical) <= len(text)


@given(_TEXTS)
def test_any_text_parses_or_says_where_it_does_not(text: str) -> None:
    failure: QuerySyntaxError | None = None
    try:
        query = parse_query(text)
    except QuerySyntaxError as error:
        failure = error
    else:
        assert parse_query(str(query)) == query
    if failure:
        assert 0 <= failure.position <= len(failure.query)
        assert failure.expected


@given(_QUERIES, _QUERIES, _PAPERS.map(PaperText.of))
def test_operators_are_logic(left: str, right: str, text: PaperText) -> None:
    a, b = (parse_query(query).match(text) is not None for query in (left, right))
    assert (parse_query(f"({left}) AND ({right})").match(text) is not None) == (a and b)
    assert (parse_query(f"({left}) OR ({right})").match(text) is not None) == (a or b)
    assert (parse_query(f"NOT ({left})").match(text) is not None) == (not a)


@given(st.text(max_size=200), st.text(max_size=200), st.lists(st.text(max_size=30), max_size=5))
def test_any_paper_can_be_indexed_and_holds_its_own_words(title: str, abstract: str, authors: list[str]) -> None:
    text = PaperText.of(make_paper(title=title, abstract=abstract, authors=tuple(authors)))
    for index in text.fields.values():
        for word, positions in index.positions.items():
            assert word in text.vocabulary
            assert all(index.words[position] == word for position in positions)
