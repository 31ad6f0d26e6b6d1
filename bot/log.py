"""Logging: structlog, one line an event, to standard error, with secrets removed from everything."""

import logging
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import structlog

_REDACTED = "[redacted]"


def redactor(secrets: Iterable[str]) -> structlog.typing.Processor:
    """Return a processor that replaces each of `secrets`, wherever it stands in an event's values.

    Secrets shorter than 6 characters are ignored: they would redact ordinary words.
    """
    needles = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {clean(key): clean(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [clean(inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        text = value if isinstance(value, str) else repr(value)
        for needle in needles:
            text = text.replace(needle, _REDACTED)
        return text

    def process(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {key: clean(value) for key, value in event.items()}

    return process


def configure_logging(level: str, style: str, secrets: Iterable[str], stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to `stream` (default: standard error).

    `level`: debug, info, warning or error. `style`: auto, pretty or json; auto is pretty on a terminal.
    """
    stream = stream or sys.stderr
    pretty = style == "pretty" or (style == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    tail: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redactor(secrets),
        structlog.dev.ConsoleRenderer(colors=stream.isatty())
        if pretty
        else structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=tail))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # The ticker says at every tick that it ticks, and warns of each that finds the last one's work still going on.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for chatty in ("httpx2", "httpcore2", "openai", "arxiv", "oaipmh_scythe", "aiosqlite", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger for a module; call it with an event name and keyword values."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
