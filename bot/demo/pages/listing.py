"""arXiv's listing page `/list/<category>/new`, and the error pages of the same site.

Every oddity here is arXiv's: the blank in `href =`, three lists with the identifier "articles", `#item0`, authors cut
at 100 without a word. Templates and texts were written for this project after the public format.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from bot.demo.pages.names import category_name
from bot.demo.pages.template import render
from bot.model import AnnouncedPaper, AnnounceType, Counts, Paper

SHOW_VALUES = (25, 50, 100, 250, 500, 1000, 2000)
_SECTIONS = (
    ("New submissions", "New submissions", (AnnounceType.NEW,)),
    ("Cross submissions", "Cross-lists", (AnnounceType.CROSS,)),
    ("Replacement submissions", "Replacements", (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS)),
)
_MAX_AUTHORS = 100


@dataclass(frozen=True, slots=True)
class _Item:
    number: int
    paper: Paper
    mark: str
    authors: tuple[str, ...]
    subjects: tuple[str, ...]

    @property
    def archive(self) -> str:
        return self.paper.primary_category.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class _Section:
    heading: str
    items: tuple[_Item, ...]


def listing_page(
    category: str,
    announced_on: date,
    papers: Sequence[AnnouncedPaper],
    *,
    skip: int = 0,
    show: int = 2000,
    declared: Counts | None = None,
) -> bytes:
    """Return the page of one announcement, cut to `show` entries from `skip` on.

    `papers` may come in any order: they are set out in arXiv's (new, cross-lists, replacements, replaced cross-lists).
    `declared` makes the page claim other totals than it shows, as a lagging replica does.
    """
    groups = [[paper for kind in kinds for paper in papers if paper.announce_type is kind] for _, _, kinds in _SECTIONS]
    claimed = declared or Counts(*map(len, groups))
    totals = (claimed.new, claimed.cross, claimed.replace)
    sections: list[_Section] = []
    start = 0
    for (title, _, _), group, total in zip(_SECTIONS, groups, totals, strict=True):
        first, last = max(skip - start, 0), max(min(skip + show - start, len(group)), 0)
        if first < last:
            items = tuple(_item(group[index], start + index + 1) for index in range(first, last))
            heading = _heading(title, first, len(items), whole=last == len(group), total=total)
            sections.append(_Section(heading, items))
        start += total
    return _page(category, announced_on, totals, sections, skip=skip, show=show)


def outage_page(category: str, announced_on: date, declared: Counts) -> bytes:
    """Return a page as in the outage of 2026-06-25: totals and section links, but "No updates today." and no entry."""
    return _page(category, announced_on, (declared.new, declared.cross, declared.replace), [], skip=0, show=2000)


def error_page(heading: str) -> bytes:
    """Return the page arXiv sends with 400 and 404; `heading` says what is wrong, in arXiv's words."""
    return render("error.html.j2", heading=heading)


def unavailable_page() -> bytes:
    """Return the plain text arXiv sends with 503 and Retry-After while a listing is being made."""
    return b"This listing is temporarily unavailable; please retry in a few minutes.\n"


def _heading(title: str, first: int, count: int, *, whole: bool, total: int) -> str:
    if first == 0:
        part = "showing" if whole else "showing first"
    else:
        part = "continued, showing last" if whole else "continued, showing"
    return f"{title} ({part} {count} of {total} entries)"


def _item(entry: AnnouncedPaper, number: int) -> _Item:
    paper = entry.paper
    marks = {
        AnnounceType.NEW: "",
        AnnounceType.CROSS: f"(cross-list from {paper.primary_category})",
        AnnounceType.REPLACE: "(replaced)",
        AnnounceType.REPLACE_CROSS: "(replaced)",
    }
    # One author over the limit is shown: arXiv cuts only what it could call "2 more authors".
    authors = paper.authors if len(paper.authors) <= _MAX_AUTHORS + 1 else paper.authors[:_MAX_AUTHORS]
    others = sorted(set(paper.categories) - {paper.primary_category})
    subjects = tuple(f"{category_name(code)} ({code})" for code in (paper.primary_category, *others))
    return _Item(number, paper, marks[entry.announce_type], authors, subjects)


def _page(
    category: str,
    announced_on: date,
    totals: tuple[int, int, int],
    sections: Sequence[_Section],
    *,
    skip: int,
    show: int,
) -> bytes:
    total = sum(totals)
    return render(
        "listing.html.j2",
        name=category_name(category),
        category=category,
        day=f"{announced_on:%A}, {announced_on.day} {announced_on:%B %Y}",
        links=list(_section_links(category, totals, skip=skip, show=show)),
        paging=_paging(category, total, skip=skip, show=show) if total else None,
        sections=sections,
    )


def _section_links(category: str, totals: tuple[int, int, int], *, skip: int, show: int) -> Sequence[tuple[str, str]]:
    links = []
    before = 0
    for (_, label, _), count in zip(_SECTIONS, totals, strict=True):
        if count:
            anchor = "#item0" if label == "New submissions" else f"#item{before + 1}"
            page = before // show * show
            links.append((label, anchor if page == skip else f"/list/{category}/new?skip={page}&show={show}{anchor}"))
        before += count
    return links


def _paging(category: str, total: int, *, skip: int, show: int) -> Markup:
    address = f"/list/{category}/new"
    pages = []
    if total > show:
        starts = sorted({*range(0, total, show), skip})
        for start in starts:
            label = f"{start + 1}-{min(start + show, total)}"
            link = f"<a href={escape(address)}?skip={start}&amp;show={show}>{label}</a>"
            pages.append(f"<span>{label}</span>" if start == skip else link)
    place = SHOW_VALUES.index(show)
    fewer = SHOW_VALUES[place - 1] if place else None
    more = SHOW_VALUES[place + 1] if place + 1 < len(SHOW_VALUES) and SHOW_VALUES[place + 1] < total else None
    choices = (("fewer", fewer), ("more", more), ("all", SHOW_VALUES[-1] if show < total else None))
    lines = [f"      <div class='paging'>Total of {total} entries {_joined(pages)}"]
    lines += ["    </div>", f"    <div class='morefewer'>Showing up to {show} entries per page:"]
    for position, (label, value) in enumerate(choices):
        lines += [" |"] if position else []
        if value is None:
            lines.append(f'          <span style="color: #454545">{label}</span>')
        else:
            lines += [
                f'          <a href={escape(address)}?skip={skip}&amp;show={value} rel="nofollow">',
                f"      {label}</a>",
            ]
    lines += ["", "    </div>"]
    return Markup("\n".join(lines))  # noqa: S704  # numbers, and the category escaped above


def _joined(pages: Sequence[str]) -> str:
    return ":      " + "\n      ".join(pages) if pages else ""
