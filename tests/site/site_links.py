"""Where the pages of a built site lead: inside it, to what is there."""

from collections.abc import Mapping
from html.parser import HTMLParser
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit


class _Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found += [value for name in ("href", "src") if (value := values.get(name))]
        self.ids |= {value for value in (values.get("id"),) if value}


def unresolved(files: Mapping[str, bytes]) -> list[str]:
    """Return the links of pages to pages that do not exist."""
    pages = {name: _Links(content.decode()) for name, content in files.items() if name.endswith(".html")}
    broken: list[str] = []
    for name, page in pages.items():
        for link in page.found:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = normpath(join(dirname(name), unquote(parts.path))) if parts.path else name
            if target not in files:
                broken.append(f"{name}: {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                broken.append(f"{name}: no {parts.fragment} in {target}")
    return broken
