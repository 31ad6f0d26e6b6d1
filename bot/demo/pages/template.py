"""The template environment that all page builders share: how text is escaped and linked on arXiv's pages."""

import re
import unicodedata
from functools import cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

# XML 1.0, production Char: what no parser would accept back.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINKS = re.compile(
    r"(?P<url>https?://[^\s<>\"'{}|\\^`\[\]]+)"
    r"|(?P<id>\b(?:arXiv:)?(?P<bare>\d{4}\.\d{4,5}(?:v\d+)?)\b)",
)
_PARTICLES = frozenset({"da", "de", "del", "della", "den", "der", "di", "du", "la", "le", "ten", "van", "von"})
_TRAILING = ".,;:!?)"


def paragraphs(text: str) -> Markup:
    """Return an abstract as arXiv prints it: links as in `link_text`, and a line break where a line is indented."""
    return link_text(text).replace("\n  ", Markup("\n<br>"))


def link_text(text: str) -> Markup:
    """Return `text` as arXiv prints comments: addresses and identifiers become links."""
    parts: list[str] = []
    end = 0
    for match in _LINKS.finditer(text):
        parts.append(escape(text[end : match.start()]))
        if match["url"]:
            url = match["url"].rstrip(_TRAILING)
            parts.append(_url_link(url))
            parts.append(escape(match["url"][len(url) :]))
        else:
            parts.append(
                Markup('<a href="https://arxiv.org/abs/{0}" data-arxiv-id="{0}" class="link-https">{1}</a>').format(
                    match["bare"], match["id"]
                )
            )
        end = match.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _url_link(url: str) -> Markup:
    scheme = url.split(":", 1)[0]
    if re.match(r"https?://arxiv\.org/", url):
        return Markup('<a href="{0}" class="link-internal link-{1}">{0}</a>').format(url, scheme)
    return Markup(
        '<a href="{0}" rel="external noopener nofollow" class="link-external link-{1}">this {1} URL</a>'
    ).format(url, scheme)


def author_link(name: str, archive: str) -> Markup:
    """Return one author as a listing page shows it: a search link, or the bare name where arXiv cannot build one."""
    words = name.split()
    if not words or any(unicodedata.east_asian_width(letter) in "WF" for letter in name):
        return escape(name)
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    initials = "".join(f"+{quote(word[0])}" for word in words[:start])
    query = "+".join(quote(word, safe="'") for word in words[start:]) + ("," + initials if initials else "")
    return Markup('<a href="https://arxiv.org/search/{}?searchtype=author&amp;query={}">{}</a>').format(
        archive, query, name
    )


def xml_text(text: str) -> Markup:
    """Return `text` escaped for XML element content, without the characters that XML forbids."""
    clean = _NOT_XML.sub("", text)
    return Markup(clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))  # noqa: S704  # escaped here


def xml_attribute(text: str) -> Markup:
    """Return `text` escaped for an attribute in double quotes."""
    return Markup(xml_text(text).replace('"', "&quot;"))  # noqa: S704  # escaped by xml_text


@cache
def environment() -> Environment:
    """Return the one template environment of this package."""
    made = Environment(
        loader=PackageLoader("bot.demo", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.filters.update(
        link_text=link_text, paragraphs=paragraphs, author_link=author_link, x=xml_text, xa=xml_attribute
    )
    return made


def render(template: str, **values: object) -> bytes:
    """Return the page as UTF-8 bytes; letters that UTF-8 cannot hold (lone surrogates) become question marks."""
    return environment().get_template(template).render(**values).encode("utf-8", "replace")
