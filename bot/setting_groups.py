"""Groups of settings that concern what is shown outside Discord; the others stand with `Settings` itself."""

from pathlib import Path

from pydantic import BaseModel, Field

from bot.setting_types import SiteAddress


class FigureSettings(BaseModel):
    """Figures of papers, where their licence lets anybody show them."""

    enabled: bool = Field(False, description="Show first figures of papers under CC BY, CC BY-SA or CC0; no others.")
    per_paper: int = Field(3, ge=1, le=4, description="Figures of one paper at the most.")


class WebSettings(BaseModel):
    """The web edition: whether it is built, and where it is published."""

    out: Path | None = Field(
        None,
        description="Directory of the web edition, rebuilt after every run. Unset: only by `paperbrief web build`.",
    )
    url: SiteAddress = Field(
        None, description="Where that directory is published: briefs in Discord link to their pages there. Needs OUT."
    )
    name: str = Field("Paper Brief", min_length=1, max_length=60, description="What the web edition calls itself.")
    days: int | None = Field(
        None, ge=1, le=36500, description="Days back from today that have pages; older ones are removed. Unset: all."
    )
    server_topics: bool = Field(
        False, description="Publish briefs of topics that a server made for itself as well; anybody can read them then."
    )
