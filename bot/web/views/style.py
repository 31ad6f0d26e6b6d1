"""The files that there are once: style sheet, script and icon, whose names follow their contents; a schema. Pure."""

import functools
from collections.abc import Mapping
from importlib import resources

from bot.web import addresses


def shared_files() -> Mapping[str, bytes]:
    """Return the style sheet, the search script, the icon and the schema of a day's briefs by site path."""
    return {
        style_path(): _style(),
        script_path(): _asset("search.js"),
        icon_path(): _asset("icon.svg"),
        addresses.briefs_schema(): _asset("briefs.schema.json"),
    }


@functools.cache
def style_path() -> str:
    """Return where the style sheet is."""
    return addresses.asset("site", _style(), "css")


@functools.cache
def script_path() -> str:
    """Return where the script of the search page is."""
    return addresses.asset("search", _asset("search.js"), "js")


@functools.cache
def icon_path() -> str:
    """Return where the icon is that browsers show beside a page's title."""
    return addresses.asset("icon", _asset("icon.svg"), "svg")


@functools.cache
def _style() -> bytes:
    pieces = resources.files("bot.render").joinpath("templates", "pieces.css").read_bytes()
    return pieces + _asset("site.css")


@functools.cache
def _asset(name: str) -> bytes:
    return resources.files("bot.web").joinpath("assets", name).read_bytes()
