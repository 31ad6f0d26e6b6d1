"""The documentation about itself: it builds without a warning, loads nothing remote, and its links lead somewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.project.test_project import ROOT, tracked

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
_REMOTE = re.compile(r"^(?:https?:)?//", re.IGNORECASE)


class _Assets(HTMLParser):
    """Collects what a page makes a browser load by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.extend(value for name, value in attrs if name == _LOADED.get(tag) and value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does, and return its directory."""
    out = tmp_path_factory.mktemp("site")
    words = ["-m", "sphinx", "-b", "html", "-W", "-n", "--keep-going", "-q", "-c", "docs", ".", str(out)]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_the_site_builds_and_its_pages_load_nothing_from_another_machine(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 10
    loaded = {page.relative_to(site).as_posix(): _assets(page) for page in pages}
    assert any(loaded.values())
    assert {page: [one for one in found if _REMOTE.match(one)] for page, found in loaded.items()} == {
        page: [] for page in loaded
    }


def test_the_sites_style_sheets_load_nothing_from_another_machine(site: Path) -> None:
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        assert re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)'\"]*", sheet.read_text(encoding="utf-8")) == []


def test_the_site_begins_at_the_documentation_and_holds_the_readme(site: Path) -> None:
    assert "docs/index.html" in (site / "index.html").read_text()
    assert "What arXiv announced today" in (site / "README.html").read_text()


def _assets(page: Path) -> list[str]:
    parser = _Assets()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


def test_every_relative_link_of_every_page_leads_to_a_file_and_to_a_heading_in_it() -> None:
    pages = tracked("*.md")
    assert len(pages) > 10
    assert [broken for page in pages for broken in _broken(page)] == []


def _broken(page: Path) -> Iterator[str]:
    for target in _LINK.findall(_without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        known = file.is_file() and file.is_relative_to(ROOT)
        if not known or (anchor and anchor not in _anchors(file)):
            yield f"{page.relative_to(ROOT)}: {target}"


def _without_code(text: str) -> str:
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "code", text)


def _anchors(page: Path) -> set[str]:
    """Return the names by which code hosts and the site know a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
