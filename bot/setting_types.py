"""The kinds of values that settings take, and what is said of a value that is none of them.

Knows no setting by name. The value itself is never repeated in a complaint, as it may be a secret.
"""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr


def is_loopback(url: str) -> bool:
    """Return whether `url` points at this machine and nowhere else."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _http_address(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or not value.isprintable():
        raise ValueError("expected an address that begins with http:// or https://")
    # Reading the port checks it.
    _ = parts.port
    return value.rstrip("/")


def split_names(value: object) -> object:
    """Return the parts of a text that commas or blanks separate; anything else as it is."""
    return tuple(part for part in value.replace(",", " ").split() if part) if isinstance(value, str) else value


def _database_address(value: object) -> object:
    if isinstance(value, str):
        try:
            scheme = urlsplit(value).scheme
            _ = urlsplit(value).port
        except ValueError:
            scheme = ""
        if scheme not in ("sqlite", "postgresql", "postgres"):
            raise ValueError("expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
    return value


def _bare_address(value: object) -> object:
    if isinstance(value, str) and (urlsplit(value).username or urlsplit(value).query):
        raise ValueError("expected an address without user, password and ?…; the key has a setting of its own")
    return _http_address(value)


def _bare_key(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isprintable() and " " not in value):
        raise ValueError("expected a key: letters, digits and signs of ASCII, without blanks")
    return value


def _site_address(value: object) -> object:
    if isinstance(value, str):
        parts = urlsplit(value)
        if parts.username or parts.query or parts.fragment or not value.isascii() or set(value) & set(' "<>\\^`{|}'):
            raise ValueError("expected an address without user, ?… and #…, with other signs percent-encoded")
    return _http_address(value)


HttpAddress = Annotated[str, BeforeValidator(_http_address)]
BareAddress = Annotated[str | None, BeforeValidator(_bare_address)]
SiteAddress = Annotated[str | None, BeforeValidator(_site_address)]
DatabaseAddress = Annotated[SecretStr | None, BeforeValidator(_database_address)]
Key = Annotated[SecretStr | None, BeforeValidator(_bare_key)]
