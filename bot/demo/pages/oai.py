"""Answers of arXiv's OAI-PMH interface (oaipmh.arxiv.org/oai) in the `arXiv` metadata format.

As on the real one: errors come with HTTP 200, `created` is the date of the current version, `updated` is there from
the second version on, and a datestamp is the day of the last change, never that of the announcement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.demo.pages.names import CATEGORY_NAMES, category_name, group_of
from bot.demo.pages.template import render
from bot.model import Paper

_REASONS = {
    "badArgument": "The request includes illegal arguments, is missing required arguments, includes a repeated "
    "argument, or values for arguments have an illegal syntax.",
    "badResumptionToken": "The value of the resumptionToken argument is invalid or expired.",
    "badVerb": "Value of the verb argument is not a legal OAI-PMH verb, the verb argument is missing, or the verb "
    "argument is repeated.",
    "cannotDisseminateFormat": "The metadata format identified by the value given for the metadataPrefix argument is "
    "not supported by the item or by the repository.",
    "idDoesNotExist": "The value of the identifier argument is unknown or illegal in this repository.",
    "noRecordsMatch": "The combination of the values of the from, until, set and metadataPrefix arguments results in "
    "an empty list.",
}


@dataclass(frozen=True, slots=True)
class DatedPaper:
    """A paper as it stands, and the UTC day it last changed: OAI's datestamp."""

    paper: Paper
    datestamp: date


@dataclass(frozen=True, slots=True)
class _Author:
    keyname: str
    forenames: str


@dataclass(frozen=True, slots=True)
class _Record:
    paper: Paper
    datestamp: date
    sets: tuple[str, ...]
    created: date
    authors: tuple[_Author, ...]


def set_spec(category: str) -> str:
    """Return OAI's name for a category: "cs:cs:CL", "physics:hep-th"."""
    group = group_of(category)
    archive, _, subject = category.partition(".")
    return ":".join(part for part in (group, archive, subject) if part)


def oai_records(
    records: Sequence[DatedPaper],
    *,
    request: Mapping[str, str],
    at: datetime,
    token: str | None = None,
    headers_only: bool = False,
) -> bytes:
    """Return one ListRecords page (ListIdentifiers if `headers_only`), with `token` when more follows.

    `request` is echoed, as the protocol asks. The token expires at the next midnight UTC.
    """
    verb = "ListIdentifiers" if headers_only else "ListRecords"
    return _render(verb, [_record(record) for record in records], request, at, token)


def oai_record(record: DatedPaper, *, request: Mapping[str, str], at: datetime) -> bytes:
    """Return the GetRecord answer."""
    return _render("GetRecord", [_record(record)], request, at, None)


def oai_error(code: str, *, at: datetime, request: Mapping[str, str] | None = None, reason: str = "") -> bytes:
    """Return an OAI error, which arXiv sends with HTTP 200; `code` is one of the protocol's six for requests."""
    message = f"{_REASONS[code]} Reason: {reason}" if reason else _REASONS[code]
    return render("oai_error.xml.j2", code=code, message=message, request=_echo(request or {}), at=_instant(at))


def oai_identify(at: datetime) -> bytes:
    """Return the Identify answer."""
    return render("oai_identify.xml.j2", request=_echo({"verb": "Identify"}), at=_instant(at))


def oai_metadata_formats(at: datetime) -> bytes:
    """Return the ListMetadataFormats answer: the one format that this imitation can give."""
    return render("oai_formats.xml.j2", request=_echo({"verb": "ListMetadataFormats"}), at=_instant(at))


def oai_sets(at: datetime) -> bytes:
    """Return the ListSets answer: groups, archives and categories of the built-in name list."""
    specs: dict[str, str] = {}
    for category in sorted(CATEGORY_NAMES):
        spec = set_spec(category)
        parts = spec.split(":")
        for depth in range(1, len(parts)):
            specs.setdefault(":".join(parts[:depth]), parts[depth - 1])
        specs[spec] = category_name(category)
    return render("oai_sets.xml.j2", sets=specs.items(), request=_echo({"verb": "ListSets"}), at=_instant(at))


def _render(
    verb: str, records: Sequence[_Record], request: Mapping[str, str], at: datetime, token: str | None
) -> bytes:
    midnight = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return render(
        "oai_records.xml.j2",
        verb=verb,
        records=records,
        token=token,
        expires=_instant(midnight),
        request=_echo(request),
        at=_instant(at),
    )


def _record(record: DatedPaper) -> _Record:
    paper = record.paper
    current = paper.updated_at or paper.submitted_at
    return _Record(
        paper,
        record.datestamp,
        tuple(dict.fromkeys(map(set_spec, paper.categories))),
        current.astimezone(UTC).date() if current else record.datestamp - timedelta(days=1),
        tuple(_author(name) for name in paper.authors),
    )


def _author(name: str) -> _Author:
    forenames, _, keyname = name.rpartition(" ")
    return _Author(keyname, forenames)


def _echo(request: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(request.items())


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
