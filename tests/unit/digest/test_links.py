import gzip
import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.links import KINDS, extract_urls, find_links, paper_urls
from tests.shared import shared
from tests.unit.digest.samples import make_paper


def test_all_kinds_in_their_order() -> None:
    paper = make_paper(
        abstract=r"Page: \url{https://a.github.io/p/}. Code: \href{https://github.com/a/b\_c}{here}.",
        comment="More at https://example.org/x.",
        doi="10.1000/182",
        has_html=True,
    )
    assert find_links(paper) == {
        "abs": "https://arxiv.org/abs/2605.00001",
        "pdf": "https://arxiv.org/pdf/2605.00001",
        "html": "https://arxiv.org/html/2605.00001",
        "code": "https://github.com/a/b_c",
        "project": "https://a.github.io/p/",
        "doi": "https://doi.org/10.1000/182",
        "cool_papers": "https://papers.cool/arxiv/2605.00001",
        "alphaxiv": "https://www.alphaxiv.org/abs/2605.00001",
        "hugging_face": "https://huggingface.co/papers/2605.00001",
    }
    assert tuple(find_links(paper)) == KINDS


def test_html_only_where_it_exists_and_no_files_of_withdrawn_papers() -> None:
    assert "html" not in find_links(make_paper())
    assert "html" not in find_links(make_paper(has_html=False))
    assert not {"pdf", "html"} & find_links(make_paper(has_html=True, withdrawn=True)).keys()


def test_old_identifiers_keep_their_slash() -> None:
    urls = paper_urls("cs/0112017")
    assert urls["abs"] == "https://arxiv.org/abs/cs/0112017"
    assert "hugging_face" not in urls
    assert paper_urls("x?y#z")["abs"] == "https://arxiv.org/abs/x%3Fy%23z"


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("See https://github.com/a/b.", ["https://github.com/a/b"]),
        ("(https://github.com/a/b)", ["https://github.com/a/b"]),
        ("https://x.org/a_(b) ok", ["https://x.org/a_(b)"]),
        (
            "[link](https://x.org/a), <https://y.org/b>; “https://z.org/c”",
            ["https://x.org/a", "https://y.org/b", "https://z.org/c"],
        ),
        (r"\url{https://x.org/\~{}me/a\%20b}", ["https://x.org/~me/a%20b"]),
        (r"\href{https://x.org/a}{https://y.org/b}", ["https://x.org/a", "https://y.org/b"]),
        ("代码：https://github.com/a/b。谢谢", ["https://github.com/a/b"]),
        ("HTTPS://GitHub.com/A/b", ["https://github.com/A/b"]),
        ("https://bücher.example.com/ü", ["https://xn--bcher-kva.example.com/%C3%BC"]),
        ("https://x.org/a?b=c&d=%E4#e", ["https://x.org/a?b=c&d=%E4#e"]),
        ("https://x.org/a... and **https://y.org/b**", ["https://x.org/a", "https://y.org/b"]),
    ],
)
def test_addresses_in_prose(text: str, urls: list[str]) -> None:
    assert list(extract_urls(text)) == urls


@pytest.mark.parametrize(
    "text",
    [
        "ftp://x.org/a",
        "javascript:alert(1)",
        "https://user:pw@github.com/a",
        "https://github.com@evil.org/a",
        "http://127.0.0.1/a",
        "http://2130706433/a",
        "http://0x7f.1/a",
        "http://[::1]/a",
        "http://localhost/a",
        "http://printer.local/a",
        "http://db.internal/a",
        "http://intranet/a",
        "https://x.org:8080/a",
        "https://x.org:99999/a",
        "https://github.com/\u202egnp.exe",
        "https://git\u200bhub.com/a",
        "https://x.org/" + "a" * 500,
        "https://x.org/" + ")" * 200_000,
        "https://" + "a" * 64 + ".org/",
        "https://-x.org/a",
        "https://x..org/a",
        "https:///a",
        "https://",
    ],
)
def test_addresses_that_should_not_be_clicked(text: str) -> None:
    assert list(extract_urls(text)) == []


@pytest.mark.parametrize(
    ("comment", "code", "project"),
    [
        ("https://lab.org/page and https://a.github.io/p", None, "https://a.github.io/p"),
        (
            "https://lab.org/page https://gitlab.com/a/b https://github.com/c/d",
            "https://gitlab.com/a/b",
            "https://lab.org/page",
        ),
        ("https://github.com", None, None),
        ("https://notgithub.com/a/b", None, "https://notgithub.com/a/b"),
        ("https://huggingface.co/papers/2605.00001", None, None),
        ("https://huggingface.co/datasets/a/b", "https://huggingface.co/datasets/a/b", None),
        ("https://anonymous.4open.science/r/x-1", "https://anonymous.4open.science/r/x-1", None),
        ("https://doi.org/10.5281/zenodo.123", "https://doi.org/10.5281/zenodo.123", None),
        ("https://arxiv.org/abs/2605.1 https://doi.org/10.1/x https://ieeexplore.ieee.org/document/1", None, None),
        (None, None, None),
    ],
)
def test_code_and_project(comment: str | None, code: str | None, project: str | None) -> None:
    links = find_links(make_paper(comment=comment))
    assert (links.get("code"), links.get("project")) == (code, project)


@pytest.mark.parametrize(
    ("doi", "url"),
    [
        ("10.1/x", None),
        ("10.1000/a b", "https://doi.org/10.1000/a"),
        ("doi:10.1000/<x>", "https://doi.org/10.1000/%3Cx%3E"),
        ("none", None),
    ],
)
def test_a_doi_is_quoted_or_left_out(doi: str, url: str | None) -> None:
    assert find_links(make_paper(doi=doi)).get("doi") == url


_PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "github.com",
        "/a",
        "@",
        ":",
        "[",
        "]",
        "(",
        ")",
        ".",
        "\\url{",
        "}",
        "%",
        "\u202e",
        "é",
        "127.0.0.1",
        " ",
    ]
)


@given(st.one_of(st.text(max_size=100), st.lists(_PIECES, max_size=20).map("".join)))
def test_whatever_comes_out_is_plain_and_public(text: str) -> None:
    for url in extract_urls("https://" + text):
        parts = urlsplit(url)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert not parts.hostname[-1].isdigit()
        assert "@" not in parts.netloc
        assert url.isascii()
        assert url.isprintable()
        assert " " not in url
        assert len(url) <= 500


def test_real_papers_link_to_code_as_often_as_expected() -> None:
    path = shared("data", "corpus", "papers_2026-01_to_2026-05.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in list(lines)[::20]]
    links = [find_links(make_paper(row["id"], "T", row["abstract"], comment=row["comment"])) for row in rows]
    assert 0.15 < sum("code" in found for found in links) / len(links) < 0.5
    assert 0.02 < sum("project" in found for found in links) / len(links) < 0.3
