"""What must be true of every page, read as a browser reads it."""

import re
from collections import Counter
from itertools import pairwise
from urllib.parse import urlsplit

import html5lib
from lxml import html
from lxml.html import HtmlElement

from bot.web import mathml

ELEMENTS = frozenset(
    {"html", "head", "meta", "title", "link", "script", "body", "header", "footer", "main", "nav", "section", "article"}
    | {"aside", "h1", "h2", "h3", "p", "ol", "ul", "li", "a", "span", "strong", "br", "time", "details", "summary"}
    | {"dl", "dt", "dd", "div", "table", "thead", "tbody", "tr", "th", "td", "pre", "figure", "figcaption", "img"}
    | {"form", "label", "input", "button", "noscript"}
    | set(mathml.ALLOWED)
)
ATTRIBUTES = frozenset(
    {"lang", "dir", "id", "class", "href", "hreflang", "rel", "type", "title", "charset", "http-equiv", "content"}
    | {"name", "property", "src", "defer", "tabindex", "role", "scope", "datetime", "open", "width", "height", "alt"}
    | {"loading", "decoding", "action", "method", "for", "maxlength", "autocomplete", "spellcheck", "enterkeyhint"}
    | {"hidden", "mathvariant"}
    | {name for names in mathml.ALLOWED.values() for name in names}
)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
OUTSIDE = {"noopener", "noreferrer"}


def parse(page: bytes) -> HtmlElement:
    """Return a page's tree."""
    root: HtmlElement = html.document_fromstring(page)
    return root


def check_page(page: bytes) -> HtmlElement:
    """Check that a page is valid, holds only what ours hold, and links only where it should; return its tree."""
    text = page.decode("utf-8")
    html5lib.HTMLParser(strict=True).parse(text)
    assert not CONTROLS.search(text), repr(CONTROLS.search(text))
    root = parse(page)
    for element in root.iter():
        assert isinstance(element.tag, str), element
        assert element.tag in ELEMENTS, element.tag
        _check_attributes(element)
    twice = [name for name, count in Counter(root.xpath("//@id")).items() if count > 1]
    assert twice == []
    for link in root.xpath("//a/@href"):
        if link.startswith("#"):
            assert root.xpath("//*[@id=$name]", name=link[1:]), link
    _check_outline(root)
    _check_policy(root)
    return root


def _check_attributes(element: HtmlElement) -> None:
    for name, value in element.attrib.items():
        assert name in ATTRIBUTES or name.startswith(("aria-", "data-")), (element.tag, name)
        assert not name.startswith("on")
        if name in ("href", "src") and element.tag != "link":
            parts = urlsplit(value)
            assert parts.scheme in ("", "http", "https"), value
            assert not value.startswith("//"), value
            if parts.scheme:
                assert element.tag == "a", value
                assert set(element.get("rel", "").split()) >= OUTSIDE, value


def _check_outline(root: HtmlElement) -> None:
    assert len(root.xpath("//h1")) == 1
    assert len(root.xpath("//main")) == 1
    levels = [int(heading.tag[1]) for heading in root.xpath("//h1 | //h2 | //h3")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert all(heading.text_content().strip() for heading in root.xpath("//h1 | //h2 | //h3"))
    assert root.xpath("//body/a[1]/@href") == ["#content"]
    unnamed = [nav for nav in root.xpath("//nav") if not nav.get("aria-label")]
    assert unnamed == []


def _check_policy(root: HtmlElement) -> None:
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert set(rules.values()) <= {"'none'", "'self'"}
    assert ("script-src" in rules) is bool(root.xpath("//script"))
    assert root.xpath("//style | //*[@style]") == []
