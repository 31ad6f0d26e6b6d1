"""What every page has around its content: the policy, links to the same page in other languages, menus, the foot.

The one place that fills in the base template. Everything is escaped by Jinja unless it is markup that `bot.web.mathml`
made; every address comes from `bot.web.addresses` or has passed `is_web_address`.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import jinja2

from bot import __version__
from bot.i18n import LANGUAGES, Texts, load_texts
from bot.render import labels
from bot.render.page_items import Wording
from bot.render.text import is_web_address, readable, sanitise
from bot.web import addresses, words
from bot.web.mathml import rich_text
from bot.web.pages import Figure, Frame
from bot.web.views.style import icon_path, script_path, style_path

MAX_DESCRIPTION = 300
"""Characters of a page's description, for search engines and for the card that a link to it becomes."""

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_LOCALES = {"en": "en_GB", "zh-CN": "zh_CN"}


@dataclass(frozen=True, slots=True)
class View:
    """What a view works with: the page's frame, the texts of its interface, and how it words papers."""

    frame: Frame
    texts: Texts
    wording: Wording

    @classmethod
    def of(cls, frame: Frame) -> "View":
        """Return what the view of a page with this frame works with."""
        texts = load_texts(frame.ui)
        return cls(frame, texts, Wording(texts, rich_text))

    def link(self, path: str, fragment: str = "") -> str:
        """Return the relative link to a page of this site."""
        return addresses.relative(self.frame.path, path, fragment)

    def link_or_none(self, path: str | None) -> str | None:
        """Return the relative link to a page, None where there is no page."""
        return None if path is None else self.link(path)

    def instant(self, text: str, at: datetime) -> str:
        """Return `text` with the `date` and `time` of an instant in UTC."""
        return self.texts.say(text, date=self.texts.date(at.date()), time=f"{at:%H:%M}")

    def sentence(self, clause: str) -> str:
        """Return a clause as a sentence."""
        return self.texts.say("{clause}.", clause=clause)


def render(view: View, template: str, *, title: str, description: str, content: Mapping[str, Any]) -> bytes:
    """Return the page that `template` makes of `content`, in the frame, as UTF-8.

    `title` and `description` are plain text. Of `content` the key "script" asks for the search script, "kind" is the
    Open Graph type where it is not "website", and "picture" a figure that stands for the page.
    """
    frame, texts = view.frame, view.texts
    made = _environment().get_template(template)
    scripted = bool(content.get("script"))
    name = sanitise(frame.site_name) or "Paper Brief"
    page_title = title if title == name else f"{title} · {name}"
    shown = made.render(
        say=texts.say,
        labels=labels,
        words=words,
        version=__version__,
        ui=frame.ui,
        direction=direction(frame.ui),
        policy=_policy(scripted=scripted),
        style=view.link(style_path()),
        icon=view.link(icon_path()),
        search_script=view.link(script_path()) if scripted else "",
        page_title=page_title,
        title=title,
        description=description[:MAX_DESCRIPTION],
        site_name=name,
        canonical=_absolute(frame, frame.path),
        alternates=_alternates(frame),
        og_locale=_LOCALES.get(frame.ui, frame.ui),
        kind=content.get("kind", "website"),
        picture=_picture(frame, content.get("picture")),
        feeds=_feeds(view),
        menu=_menu(view),
        tongues=_tongues(view),
        home=view.link(addresses.front(frame.ui)),
        privacy=view.link(addresses.privacy(frame.ui)),
        about=view.link(addresses.about(frame.ui)),
        opml=view.link(addresses.opml()),
        **{key: value for key, value in content.items() if key not in ("script", "kind", "picture")},
    )
    # Lone surrogates are no UTF-8; texts that were sanitised have none.
    return shown.encode("utf-8", "replace")


def prepare_views() -> None:
    """Read and compile the templates: to be done before there are pages to make, by one that has time."""
    environment = _environment()
    for template in resources.files("bot.web").joinpath("templates").iterdir():
        environment.get_template(template.name)


def direction(language: str) -> str:
    """Return the direction in which a language is written, "ltr" or "rtl"."""
    parts = language.split("-")
    return "rtl" if parts[0].lower() in _RIGHT_TO_LEFT or {"Arab", "Hebr"} & set(parts[1:]) else "ltr"


def plain(text: str, limit: int = MAX_DESCRIPTION) -> str:
    """Return a stranger's text on one line for a title or a description."""
    return readable(text)[:limit]


def _policy(*, scripted: bool) -> str:
    rules = ["default-src 'none'", "style-src 'self'", "img-src 'self'", "base-uri 'none'"]
    rules += ["script-src 'self'", "connect-src 'self'", "form-action 'self'"] if scripted else ["form-action 'none'"]
    return "; ".join(rules)


def _absolute(frame: Frame, path: str) -> str:
    if frame.site_url is None:
        return ""
    address = addresses.absolute(frame.site_url, path)
    return address if is_web_address(address) else ""


def _picture(frame: Frame, one: Figure | None) -> dict[str, str | int] | None:
    address = _absolute(frame, one.path) if one is not None else ""
    if one is None or not address:
        return None
    return {"address": address, "width": one.width, "height": one.height, "says": plain(f"{one.label}. {one.caption}")}


def _alternates(frame: Frame) -> list[tuple[str, str]]:
    # hreflang counts only with whole addresses (https://developers.google.com/search/docs/specialty/international).
    return [(one.language, _absolute(frame, one.path)) for one in frame.alternates if _absolute(frame, one.path)]


def _feeds(view: View) -> list[tuple[str, str, str]]:
    key = view.frame.feed
    return [
        (media, view.texts.say(words.FEEDS), view.link(addresses.feed(key, ending)))
        for ending, media in addresses.FEED_TYPES.items()
    ]


def _menu(view: View) -> list[tuple[str, str, bool]]:
    frame, ui = view.frame, view.frame.ui
    entries = [
        (words.LATEST, addresses.front(ui)),
        (words.TOPICS, addresses.topics(ui)),
        (words.SEARCH, addresses.search(ui)),
        (words.ABOUT, addresses.about(ui)),
    ]
    return [(view.texts.say(name), view.link(path), path == frame.path) for name, path in entries]


def _tongues(view: View) -> list[tuple[str, str, str, bool]]:
    """Return (language, its name in itself, link, whether it is this one) for the languages of the interface."""
    paths = {one.language: one.path for one in view.frame.alternates}
    return [
        (ui, LANGUAGES.get(ui, ui), view.link(paths[ui]), ui == view.frame.ui) for ui in addresses.UIS if ui in paths
    ]


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader("bot.web"), jinja2.PackageLoader("bot.render")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
