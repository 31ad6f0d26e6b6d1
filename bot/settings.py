"""Every setting, once: name, type, default, unit, meaning. `.env.example` is kept equal to this file by a test.

Only the door (`bot.cli`) and the composition root (`bot.app`) read settings. Values come, strongest first, from the
environment, from files named by `<NAME>_FILE`, from a `.env` file, and from the directory `SECRETS_DIR` names.
"""

import difflib
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as PydanticSettingsError,
)

from bot.errors import SettingsError
from bot.setting_groups import DiscordSettings, FigureSettings, HealthSettings, RetentionSettings, WebSettings
from bot.setting_types import BareAddress, DatabaseAddress, HttpAddress, Key, is_loopback, split_names

ANNOUNCE_ZONE = "America/New_York"
OPENAI_URL = "https://api.openai.com/v1"


class ArxivSettings(BaseModel):
    """Where arXiv is and how politely it is asked."""

    list_url: HttpAddress = Field("https://arxiv.org/list", description="Listing pages: <address>/<category>/new.")
    feed_url: HttpAddress = Field("https://rss.arxiv.org", description="RSS and Atom feeds.")
    api_url: HttpAddress = Field("https://export.arxiv.org/api/query", description="The search API.")
    oai_url: HttpAddress = Field("https://oaipmh.arxiv.org/oai", description="OAI-PMH, for licences and catching up.")
    html_url: HttpAddress = Field("https://arxiv.org/html", description="Papers as HTML, read to answer questions.")
    pdf_url: HttpAddress = Field("https://arxiv.org/pdf", description="Papers as PDF, where there is no HTML.")
    contact: str = Field(
        "",
        max_length=200,
        pattern=r"^[\x20-\x7e]*$",
        description="An e-mail address or URL sent to arXiv in the User-Agent. Please set it.",
    )
    min_interval: float = Field(
        3.0,
        ge=0,
        le=60,
        description="Seconds between two requests, over all processes and interfaces. Below 3 only for loopback.",
    )
    deadline: float = Field(60.0, gt=0, le=600, description="Seconds after which one request is given up as a whole.")
    patience: float = Field(
        90.0,
        ge=0,
        le=3600,
        description="Seconds one run waits when arXiv asks to; a longer wait is left to a later run.",
    )
    cutoff_hours: float = Field(
        4.0, gt=0, lt=24, description="Hours after the 20:00 US Eastern release when a missing batch counts as stalled."
    )
    calendar: Path | None = Field(
        None, description="A TOML file with deferred announcement days to use in place of the built-in list."
    )

    @model_validator(mode="after")
    def _polite_outside_loopback(self) -> "ArxivSettings":
        addresses = [getattr(self, name) for name in type(self).model_fields if name.endswith("_url")]
        if self.min_interval < 3 and not all(map(is_loopback, addresses)):
            raise ValueError("ARXIV__MIN_INTERVAL: below 3 seconds only when all ARXIV__*_URL are loopback addresses")
        return self


class DatabaseSettings(BaseModel):
    """Where the data is kept."""

    url: DatabaseAddress = Field(
        None,
        description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME. Default: a SQLite file in DATA_DIR.",
    )
    busy_timeout: float = Field(10.0, ge=0, le=120, description="Seconds to wait for another process's write lock.")


class BriefSettings(BaseModel):
    """What a brief holds unless a command says otherwise."""

    categories: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_names)] = Field(
        ("cs.CL", "cs.CV", "cs.AI"),
        min_length=1,
        description="Categories that are read, comma-separated. `run` also reads those of subscribed topics.",
    )
    max_papers: int = Field(10, ge=1, le=10, description="Papers per brief at the most.")
    overview: bool = Field(False, description="Three sentences of the model over the papers of a brief, above them.")
    rerank: bool = Field(False, description="Let the model order the best 40 papers of a topic before the cut.")


class DeliverySettings(BaseModel):
    """How fast briefs go out, and how late they still do."""

    pace: float = Field(30.0, gt=0, le=45, description="Messages a second at the most, over all channels.")
    in_flight: int = Field(20, ge=1, le=20, description="Channels that are sent to at the same time at the most.")
    late_hours: float = Field(
        48.0, gt=0, le=24 * 14, description="Hours after which a missed brief becomes one line in place of a message."
    )


class LlmSettings(BaseModel):
    """Which language model writes, and what it may cost."""

    base_url: BareAddress = Field(None, description="An OpenAI-compatible server, with its /v1. Default: OpenAI's own.")
    api_key: Key = Field(
        None, description="The key of that server. May be absent where BASE_URL is set and needs none."
    )
    model: str = Field("", max_length=200, description="The model's name there. Unset: no model is asked.")
    fallback_model: str = Field(
        "",
        max_length=200,
        description="A model of the same server for when the first is missing, fails with 5xx or declines to answer.",
    )
    input_price: Decimal | None = Field(None, ge=0, le=10**6, description="Price of a million tokens read.")
    output_price: Decimal | None = Field(None, ge=0, le=10**6, description="Price of a million tokens written.")
    fallback_input_price: Decimal | None = Field(None, ge=0, le=10**6, description="The same for FALLBACK_MODEL.")
    fallback_output_price: Decimal | None = Field(None, ge=0, le=10**6, description="The same for FALLBACK_MODEL.")
    daily_budget: Annotated[Decimal, Field(ge=0, le=10**9)] | None = Field(
        None, description="Money per day (UTC) in the currency of the prices; a call that might pass it is not made."
    )
    daily_tokens: int | None = Field(None, ge=0, description="Tokens per day (UTC), read and written together.")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds for one request as a whole; also for all retries.")
    concurrency: int = Field(8, ge=1, le=64, description="Requests to the model under way at once at the most.")
    patience: float = Field(60.0, ge=0, le=3600, description="Seconds that due briefs wait for the model at the most.")
    currency: str = Field("$", max_length=8, description="Sign of the currency of the prices, as in the cost line.")

    @model_validator(mode="after")
    def _whole(self) -> "LlmSettings":
        for name in ("base_url", "api_key", "fallback_model"):
            if getattr(self, name) and not self.model:
                raise ValueError(f"LLM__MODEL: name the model to ask, as LLM__{name.upper()} is set (or unset that)")
        for kind, one, other in (
            ("", self.input_price, self.output_price),
            ("FALLBACK_", self.fallback_input_price, self.fallback_output_price),
        ):
            if (one is None) != (other is None):
                raise ValueError(f"LLM__{kind}INPUT_PRICE: give it and LLM__{kind}OUTPUT_PRICE together, or neither")
            asked = self.model if not kind else self.fallback_model
            if self.daily_budget is not None and one is None and asked:
                names = f"LLM__{kind}INPUT_PRICE and LLM__{kind}OUTPUT_PRICE"
                raise ValueError(f"LLM__DAILY_BUDGET: needs {names}, or nobody can tell what a call costs")
        return self


class EmbeddingSettings(BaseModel):
    """Where vectors of texts come from, by which papers are ranked and found; nothing needs them."""

    provider: Literal["none", "minilm", "server"] = Field(
        "none",
        description="minilm: a small model on this machine (make embeddings). server: an OpenAI-compatible one.",
    )
    base_url: BareAddress = Field(None, description="That server, with its /v1. Default: OpenAI's own.")
    api_key: Key = Field(None, description="The key of that server. May be absent where BASE_URL needs none.")
    model: str = Field("", max_length=200, description="The embedding model's name there.")
    dimensions: int | None = Field(
        None, ge=8, le=8192, description="Numbers in a vector, for models that can shorten theirs. Unset: all."
    )
    price: Decimal | None = Field(
        None, ge=0, le=10**6, description="Price of a million tokens there; counts to LLM__DAILY_BUDGET."
    )
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds for one request to the server as a whole.")
    patience: float = Field(60.0, ge=0, le=3600, description="Seconds that one run spends on vectors of new papers.")
    threads: int = Field(1, ge=1, le=16, description="Processors that minilm uses.")

    @model_validator(mode="after")
    def _whole(self) -> "EmbeddingSettings":
        for name in ("base_url", "api_key", "model"):
            if getattr(self, name) and self.provider != "server":
                raise ValueError(f"EMBEDDINGS__PROVIDER: set it to server, as EMBEDDINGS__{name.upper()} is set")
        if self.provider == "server" and not self.model:
            raise ValueError("EMBEDDINGS__MODEL: name the model to ask, as EMBEDDINGS__PROVIDER is server")
        return self


class LimitSettings(BaseModel):
    """What a Discord server and a person may use."""

    subscriptions_per_guild: int = Field(50, ge=1, description="Subscriptions a server may have.")
    topics_per_guild: int = Field(25, ge=0, description="Topics of its own a server may have.")
    questions_per_user: int = Field(
        10, ge=0, description="Questions and translations a person may ask for per day (UTC)."
    )
    questions_per_guild: int = Field(
        100, ge=0, description="The same for a server per day; also for all direct messages together."
    )


class LogSettings(BaseModel):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least severe level shown.")
    format: Literal["auto", "pretty", "json"] = Field("auto", description="auto: pretty on a terminal, JSON elsewhere.")


class _FileVariables(PydanticBaseSettingsSource):
    """Reads `<NAME>_FILE`: the value is the named file's text without the line end."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  # the base class names them
        raise AssertionError("this source is read as a whole")

    def __call__(self) -> dict[str, Any]:
        named = {
            name.removesuffix("_FILE"): path
            for name, path in os.environ.items()
            if name.endswith("_FILE") and name.removesuffix("_FILE") in setting_names()
        }
        values: dict[str, str] = {}
        for name, path in named.items():
            try:
                values[name] = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError([f"{name}_FILE: cannot read {path}: {_os_reason(error)}"]) from error
        source = EnvSettingsSource(self.settings_cls)
        source.env_vars = {name.lower(): value for name, value in values.items()}
        return source()


def _os_reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"


class Settings(BaseSettings):
    """All settings; build it once with `load_settings`."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="__",
        env_ignore_empty=True,
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        hide_input_in_errors=True,
    )

    discord_token: SecretStr | None = Field(
        None, description="The bot's token. Not needed for anything but Discord itself."
    )
    openai_api_key: Key = Field(
        None,
        description="A key of OpenAI; the same as LLM__API_KEY, which goes first. Sent to no other LLM__BASE_URL.",
    )
    data_dir: Path = Field(Path("data"), description="Directory for the SQLite file; created when missing.")
    discord: DiscordSettings = Field(default_factory=DiscordSettings)
    arxiv: ArxivSettings = Field(default_factory=ArxivSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    brief: BriefSettings = Field(default_factory=BriefSettings)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)
    embeddings: EmbeddingSettings = Field(default_factory=EmbeddingSettings)
    figures: FigureSettings = Field(default_factory=FigureSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    health: HealthSettings = Field(default_factory=HealthSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, strongest first."""
        sources = (init_settings, env_settings, _FileVariables(settings_cls), dotenv_settings)
        directory = os.environ.get("SECRETS_DIR")
        if not directory:
            return sources
        if not Path(directory).is_dir():
            raise SettingsError([f"SECRETS_DIR: {directory} is not a directory"])
        nested = NestedSecretsSettingsSource(
            file_secret_settings,
            secrets_dir=directory,
            secrets_nested_delimiter="__",
        )
        return (*sources, nested)

    @model_validator(mode="after")
    def _reachable_model(self) -> "Settings":
        if self.llm.model and self.llm.base_url is None and self.model_key is None:
            raise ValueError(
                "LLM__MODEL: needs LLM__API_KEY or OPENAI_API_KEY, or LLM__BASE_URL for a server without a key"
            )
        embeddings = self.embeddings
        if embeddings.provider == "server":
            if embeddings.base_url is None and self.embedding_key is None:
                raise ValueError(
                    "EMBEDDINGS__MODEL: needs EMBEDDINGS__API_KEY or OPENAI_API_KEY, or EMBEDDINGS__BASE_URL"
                )
            if self.llm.daily_budget is not None and embeddings.price is None:
                raise ValueError("LLM__DAILY_BUDGET: needs EMBEDDINGS__PRICE, or nobody can tell what vectors cost")
        return self

    @property
    def model_key(self) -> SecretStr | None:
        """Return the key for the model's server; one meant for OpenAI is given to OpenAI alone."""
        return self.llm.api_key or self._openai_key(self.llm.base_url)

    @property
    def embedding_key(self) -> SecretStr | None:
        """Return the key for the server of embeddings; one meant for OpenAI is given to OpenAI alone."""
        return self.embeddings.api_key or self._openai_key(self.embeddings.base_url)

    def _openai_key(self, base_url: str | None) -> SecretStr | None:
        host = urlsplit(base_url or OPENAI_URL).hostname or ""
        return self.openai_api_key if host == "openai.com" or host.endswith(".openai.com") else None

    @property
    def database_url(self) -> str:
        """Return the database address, with the default filled in. May hold a password: never print it."""
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'paperbrief.sqlite3'}"


def setting_names() -> dict[str, Any]:
    """Return every environment variable this program reads as a setting, mapped to its pydantic field."""
    names: dict[str, Any] = {}
    for name, info in Settings.model_fields.items():
        model = info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            names.update({f"{name}__{inner}".upper(): field for inner, field in model.model_fields.items()})
        else:
            names[name.upper()] = info
    return names


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises `SettingsError` with one line for each wrong value: the variable, what is wrong, what is allowed. The wrong
    value itself is not repeated, as it may be a secret.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError([_problem_line(problem) for problem in error.errors()]) from None
    except PydanticSettingsError as error:
        group = re.search(r'field "(\w+)"', str(error))
        name = group[1].upper() if group else "a setting"
        raise SettingsError([f"{name}: the settings of this group are given one by one, as {name}__NAME"]) from None


def unknown_variables() -> dict[str, str]:
    """Return variables of the environment and of `.env` that look like misspelt settings, with what was meant."""
    known = list(setting_names())
    given = {*os.environ, *dotenv_values(".env")} - {*known, *(f"{name}_FILE" for name in known)}
    groups = tuple(f"{name.partition('__')[0]}_" for name in known if "__" in name)
    found = {}
    for name in sorted(given):
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.85)
        if name.upper().startswith(groups) and near:
            found[name] = near[0]
    return found


def _problem_line(problem: Any) -> str:
    variable = "__".join(str(part) for part in problem["loc"][:2]).upper()
    message = problem["msg"].removeprefix("Value error, ")
    if message.startswith(f"{variable}__") or variable == "":
        return str(message)
    return f"{variable}: {message[:1].lower()}{message[1:]}"


def secret_values(settings: Settings) -> list[str]:
    """Return every secret in `settings`, and a database password apart from its address, for redaction."""
    keys = (settings.openai_api_key, settings.llm.api_key, settings.embeddings.api_key)
    held = (settings.discord_token, *keys, settings.database.url)
    secrets = [secret.get_secret_value() for secret in held if secret is not None]
    password = urlsplit(settings.database_url).password if settings.database.url is not None else None
    return [*secrets, *([password] if password else [])]
