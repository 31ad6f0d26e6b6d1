"""Citations: right for the usual, harmless for the rest."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Paper
from bot.render.citations import CitationFormat, citation_key, render_bibtex, render_citations

PAPER = Paper(
    arxiv_id="2605.00847",
    title="Learning $\\alpha_i^*$ from 50% & less_data",
    abstract="We learn $x$.",
    authors=("José Müller", "Ludwig van Beethoven", "ATLAS Collaboration", "Sammy Davis Jr."),
    primary_category="cs.CL",
    categories=("cs.CL", "stat.ML"),
    doi="10.1000/xyz_(12)",
    journal_ref="J. Things {5} (2026)",
    submitted_at=datetime(2026, 5, 3, tzinfo=UTC),
)

hostile = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            [
                "{",
                "}",
                "\\",
                "$",
                "%",
                "#",
                "&",
                "_",
                "~",
                "^",
                "^^",
                " and ",
                ",",
                "@",
                '"',
                "\n",
                "\r\nER  - ",
                "TY  - ",
                "\\input{/etc/passwd}",
                "$\\write18{x}$",
                "$a_{b}$",
                "$}{$",
                "},\n note={x",
                "](https://evil.example)",
                "`" * 3,
            ]
        ),
        max_size=60,
    ).map("".join),
)


def fields_of(entry: str) -> dict[str, str]:
    """Read a BibTeX entry as BibTeX does: braces count whether escaped or not. Fails on anything but one entry."""
    opening = re.match(r"@misc\{([a-z0-9-]+),\n", entry)
    assert opening, entry
    found: dict[str, str] = {}
    position = opening.end()
    while not entry.startswith("}\n", position):
        name = re.compile(r"\s*([A-Za-z]+) = \{").match(entry, position)
        assert name, entry[position:]
        depth, start = 1, name.end()
        position = start
        while depth:
            depth += {"{": 1, "}": -1}.get(entry[position], 0)
            position += 1
        found[name[1]] = entry[start : position - 1]
        end = re.compile(r",?\n").match(entry, position)
        assert end, entry[position:]
        position = end.end()
    assert position + 2 == len(entry)
    return found


def test_an_entry_is_what_arxiv_itself_gives() -> None:
    assert render_bibtex(PAPER) == (
        "@misc{muller2026learning,\n"
        "  title = {{Learning $\\alpha_i^*$ from 50\\% \\& less\\_data}},\n"
        "  author = {José Müller and Ludwig van Beethoven and {ATLAS Collaboration} and Sammy Davis Jr.},\n"
        "  year = {2026},\n"
        "  eprint = {2605.00847},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.CL},\n"
        "  doi = {10.1000/xyz_(12)},\n"
        "  note = {J. Things \\textbraceleft{}5\\textbraceright{} (2026)},\n"
        "  url = {https://arxiv.org/abs/2605.00847}\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"authors": ("Ludwig van Beethoven",)}, "vanbeethoven2026learning"),
        ({"authors": (), "title": "50 of 100"}, "arxiv2026"),
        ({"authors": ("王小明",), "title": "The Ångström of α"}, "arxiv2026angstrom"),
        ({"arxiv_id": "hep-th/9901001", "submitted_at": None}, "muller1999learning"),
    ],
)
def test_keys_are_plain(changes: dict[str, object], key: str) -> None:
    assert citation_key(replace(PAPER, **changes)) == key  # type: ignore[arg-type]  # fields of all types


def test_no_two_entries_share_a_key() -> None:
    papers = [PAPER, replace(PAPER, arxiv_id="2605.00848"), replace(PAPER, arxiv_id="2605.00848"), PAPER]
    text = render_citations(papers, CitationFormat.BIBTEX)
    keys = re.findall(r"@misc\{([^,]+),", text)
    assert len(keys) == 4
    assert len(set(keys)) == 4
    assert keys[0] == "muller2026learning"


def test_lists_that_arxiv_cut_end_in_others() -> None:
    cut = replace(PAPER, authors_complete=False)
    assert fields_of(render_bibtex(cut))["author"].endswith(" and others")


def test_names_that_bibtex_would_take_apart_are_kept_whole() -> None:
    odd = replace(PAPER, authors=("Salt and Pepper", "others", "Lee, Jr.", "The Big Consortium"))
    assert (
        fields_of(render_bibtex(odd))["author"]
        == "{Salt and Pepper} and {others} and {Lee, Jr.} and {The Big Consortium}"
    )


def test_ris_is_one_entry_with_names_turned_round() -> None:
    lines = render_citations([PAPER], CitationFormat.RIS).split("\r\n")
    assert lines[:6] == [
        "TY  - UNPB",
        "TI  - Learning αᵢ* from 50% & less_data",
        "AU  - Müller, José",
        "AU  - van Beethoven, Ludwig",
        "AU  - ATLAS Collaboration",
        "AU  - Davis, Sammy, Jr.",
    ]
    assert "PY  - 2026" in lines
    assert "DA  - 2026/05/03" in lines
    assert "DO  - 10.1000/xyz_(12)" in lines
    assert lines[-3:] == ["ER  - ", "", ""]


def test_markdown_is_a_list_of_links() -> None:
    assert render_citations([PAPER], CitationFormat.MARKDOWN) == (
        "- [Learning αᵢ\\* from 50% & less\\_data](https://arxiv.org/abs/2605.00847). "
        "José Müller, Ludwig van Beethoven, ATLAS Collaboration, Sammy Davis Jr. 2026. arXiv:2605.00847. "
        "J. Things {5} (2026).\n"
    )


@given(title=hostile, author=hostile, arxiv_id=hostile, category=hostile, note=hostile)
def test_nothing_escapes_from_its_field(title: str, author: str, arxiv_id: str, category: str, note: str) -> None:
    paper = Paper(
        arxiv_id, title, title, (author, note), category, (category,), comment=note, journal_ref=note, doi=note
    )
    fields = fields_of(render_bibtex(paper))
    assert set(fields) <= {
        *("title", "author", "year", "eprint", "archivePrefix", "primaryClass", "doi", "note", "url"),
    }
    for text in fields.values():
        assert "\n" not in text
        # Outside of math every special character is spelt out, so no command of theirs is left.
        bare = re.sub(r"\$[^$]*\$", "", re.sub(r"\\\$", "", text))
        commands = set(re.findall(r"\\([A-Za-z]+)", bare))
        assert commands <= {"textbackslash", "textbraceleft", "textbraceright", "textasciitilde", "textasciicircum"}
        assert not re.search(r"\\(?:input|write|def|csname|include)", text)
        assert not re.search(r"(?<!\\)[%#&]", text)
    ris = render_citations([paper, paper], CitationFormat.RIS)
    assert ris.count("\r\nER  - \r\n") == 2
    assert [line for line in ris.split("\r\n") if line and not re.match(r"[A-Z][A-Z0-9]  - ", line)] == []
    assert "\n" not in ris.replace("\r\n", "")
    markdown = render_citations([paper, paper], CitationFormat.MARKDOWN)
    assert markdown.count("\n") == 2
    assert all(line.startswith("- [") for line in markdown.splitlines())
    for address in re.findall(r"(?<!\\)\]\(([^)]*)\)", markdown):
        assert address.startswith("https://arxiv.org/abs/")


def test_five_thousand_authors_are_all_there_for_one_paper_and_cut_for_many() -> None:
    crowd = replace(PAPER, authors=tuple(f"Author Number{n}" for n in range(5154)), abstract="word " * 400)
    assert fields_of(render_bibtex(crowd))["author"].count(" and ") == 5153
    for kind in CitationFormat:
        text = render_citations([crowd] * 20, kind)
        assert len(text.encode()) <= 20 * 8000
        assert "Author Number49" in text or "Number49, Author" in text or kind is CitationFormat.MARKDOWN
        assert text.count("https://arxiv.org/abs/2605.00847") == 20
        short = render_citations([crowd] * 20, kind, max_bytes=20_000)
        assert len(short.encode()) <= 20_000
        assert short.count("https://arxiv.org/abs/2605.00847") == 20
    assert "+5,151" in render_citations([crowd] * 20, CitationFormat.MARKDOWN, max_bytes=8_000)


def test_an_empty_export_is_empty() -> None:
    assert {render_citations([], kind) for kind in CitationFormat} == {""}
