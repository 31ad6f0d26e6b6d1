"""Groups of settings about what is shown outside Discord and to the owner; the others stand with `Settings` itself."""

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from bot.setting_types import SiteAddress, is_loopback


class DiscordSettings(BaseModel):
    """Where the owner of the program is told what they should know."""

    owner_channel: int | None = Field(
        None,
        ge=1,
        lt=2**63,
        description="Id of a channel for notices to you and a weekly report; the bot must be able to post there.",
    )
    owner_language: Literal["en", "zh-CN"] = Field("en", description="Language of those notices.")


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


class HealthSettings(BaseModel):
    """Where a monitor can ask the running bot how it is."""

    port: int | None = Field(
        None, ge=1, le=65535, description="Port of /healthz and /metrics, plain HTTP without a password. Unset: off."
    )
    host: str = Field(
        "127.0.0.1", description="IP address to listen on. Any but a loopback address also needs HEALTH__PUBLIC=true."
    )
    public: bool = Field(
        False, description="Says that HOST is meant: whoever reaches that address can read the bot's figures."
    )

    @field_validator("host")
    @classmethod
    def _address(cls, host: str) -> str:
        if host == "localhost":
            return host
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            raise ValueError("expected an IP address such as 127.0.0.1, or localhost") from None

    @model_validator(mode="after")
    def _meant(self) -> "HealthSettings":
        if not self.public and not is_loopback(f"http://{f'[{self.host}]' if ':' in self.host else self.host}"):
            raise ValueError(
                "HEALTH__HOST: whoever reaches this address could read the bot's figures; "
                "set HEALTH__PUBLIC=true as well if that is meant"
            )
        return self


class RetentionSettings(BaseModel):
    """How long is kept what nobody needs for ever. What was posted where is never forgotten while a server stays."""

    left_days: int = Field(
        30, ge=0, le=3650, description="Days that a server's data outlives the bot's removal; looked at once a day."
    )
    payload_days: int = Field(
        90, ge=30, le=36500, description="Days that the texts of posted messages are kept; that they were is for ever."
    )
    look_up_days: int = Field(
        365, ge=90, le=36500, description="Days of how often papers were looked up, for /trending."
    )
    text_vector_days: int = Field(30, ge=1, le=36500, description="Days that vectors of searched words are kept.")
