"""The documentation as a site: `make docs`. Reads Markdown that reads as well on a code host; asks no network.

The root of the repository is the source, so that README, CONTRIBUTING and the pages here link to each other by the same
relative addresses everywhere. Pages stand in the table of contents in the order of the lists of `index.md`.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

from bot import __version__

_ROOT = Path(__file__).resolve().parents[1]
_LISTS = {"docs/index", "docs/adr/README"}
"""Pages whose lists of links are the table of contents."""

project = "Paper Brief"
project_copyright = "the authors of Paper Brief, MIT licence"
release = version = __version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = [f"{path.name}/**" for path in _ROOT.iterdir() if path.is_dir() and path.name != "docs"]
templates_path = ["_templates"]
html_additional_pages = {"index": "to_docs.html"}
html_theme = "furo"
html_title = f"Paper Brief {__version__}"
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 3
nitpicky = True
pygments_style = "tango"
pygments_dark_style = "monokai"


def setup(app: Sphinx) -> None:
    """Have the lists of links read as tables of contents."""
    app.connect("source-read", _add_contents)


def _add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    if name not in _LISTS:
        return
    for section in re.split(r"^## ", source[0], flags=re.MULTILINE)[0 if name != root_doc else 1 :]:
        caption, _, text = section.partition("\n")
        pages = re.findall(r"^[-*] .*?\]\(([\w./-]+\.md)\)", text, re.MULTILINE)
        if pages:
            listed = "\n".join(pages)
            shown = f":caption: {caption}\n" if name == root_doc else ""
            source[0] += f"\n```{{toctree}}\n:hidden:\n{shown}\n{listed}\n```\n"
