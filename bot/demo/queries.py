"""The API and OAI-PMH requests of the imitation arXiv: parameters in, page bytes out. Knows no network and no clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, quote, unquote, urlencode

from bot.demo.pages import (
    DatedPaper,
    api_error,
    api_feed,
    oai_error,
    oai_identify,
    oai_metadata_formats,
    oai_record,
    oai_records,
    oai_sets,
    set_spec,
)
from bot.demo.world import ArxivWorld
from bot.model import Paper
from bot.sources.categories import ALIASES, CATEGORIES

_ID = re.compile(r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v(?P<version>\d+))?", re.ASCII)
_DATES = re.compile(r'submittedDate:"?\[(\d{12,14}) TO (\d{12,14})\]"?')
_WORDS = re.compile(r'\b(?:all|ti|abs|au):(?:"([^"]*)"|([^\s()"]+))')
_MAX_RESULTS, _MAX_DEPTH, _MAX_IDS = 2000, 30_000, 100
_VERBS = {"Identify", "ListMetadataFormats", "ListSets", "ListRecords", "ListIdentifiers", "GetRecord"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer without its headers."""

    status: int
    body: bytes


def answer_api(parameters: Mapping[str, str], world: ArxivWorld, now: datetime) -> Answer:
    """Answer `/api/query`.

    `search_query` is understood as far as this program uses it: `cat:` terms are alternatives; `submittedDate:` and
    words (`all: ti: abs: au:`) must all hold. Unknown identifiers are left out without a word, as on the real one. More
    than 100 identifiers are refused, where the real one only may.
    """
    try:
        start, per_page = int(parameters.get("start", 0)), int(parameters.get("max_results", 10))
    except ValueError:
        return Answer(400, api_error("start and max_results must be integers", now))
    if start < 0 or not 0 <= per_page <= _MAX_RESULTS or start > _MAX_DEPTH:
        return Answer(400, api_error(f"max_results must be at most {_MAX_RESULTS}", now))
    id_list, search_query = parameters.get("id_list", ""), parameters.get("search_query", "")
    asked = [part.strip() for part in id_list.split(",") if part.strip()]
    if len(asked) > _MAX_IDS:
        return Answer(400, api_error(f"at most {_MAX_IDS} ids in one request", now))
    found: Sequence[Paper] = world.indexed(now)
    if asked:
        by_id = {paper.arxiv_id: paper for paper in found}
        found = []
        for text in asked:
            match = _ID.fullmatch(text)
            if match is None:
                return Answer(400, api_error(f"incorrect id format for {text}", now))
            paper = by_id.get(match["id"])
            version = int(match["version"] or (paper.version if paper else 1))
            if paper and 1 <= version <= paper.version:
                found.append(replace(paper, version=version))
    elif not search_query:
        found = []
    if search_query:
        found = [paper for paper in found if _matches(paper, search_query)]
    if parameters.get("sortBy") in ("submittedDate", "lastUpdatedDate"):
        newest_first = parameters.get("sortOrder", "descending") == "descending"
        found = sorted(found, key=_submitted, reverse=newest_first)
    page = found[start : start + per_page]
    body = api_feed(
        page,
        total=len(found),
        start=start,
        per_page=per_page,
        search_query=search_query,
        id_list=id_list,
        at=now,
    )
    return Answer(200, body)


def _submitted(paper: Paper) -> tuple[str, str]:
    return (paper.submitted_at.isoformat() if paper.submitted_at else "", paper.arxiv_id)


def _matches(paper: Paper, query: str) -> bool:
    span = _DATES.search(query)
    if span:
        stamp = paper.submitted_at.astimezone(UTC).strftime("%Y%m%d%H%M%S") if paper.submitted_at else ""
        if not span[1].ljust(14, "0") <= stamp <= span[2].ljust(14, "9"):
            return False
    categories = re.findall(r"\bcat:([A-Za-z.-]+)", query)
    if categories and not set(categories) & set(paper.categories):
        return False
    text = " ".join((paper.title, paper.abstract, *paper.authors)).casefold()
    return all((quoted or word).casefold() in text for quoted, word in _WORDS.findall(query))


class _OaiError(Exception):
    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


def answer_oai(
    parameters: Sequence[tuple[str, str]], world: ArxivWorld, now: datetime, *, page_size: int = 500
) -> Answer:
    """Answer `/oai`; errors of the protocol come with HTTP 200, as on the real one."""
    request = dict(parameters)
    if len(request) != len(parameters):
        return Answer(200, oai_error("badArgument", at=now, reason="Duplicate parameters not allowed"))
    try:
        return Answer(200, _oai(request, world, now, page_size))
    except _OaiError as error:
        echoed = {} if error.code in ("badVerb", "badArgument") else request
        return Answer(200, oai_error(error.code, at=now, request=echoed, reason=error.reason))


def _oai(request: dict[str, str], world: ArxivWorld, now: datetime, page_size: int) -> bytes:
    verb = request.get("verb")
    if verb not in _VERBS:
        raise _OaiError("badVerb", "Invalid verb provided")
    if verb == "Identify":
        return oai_identify(now)
    if verb == "ListMetadataFormats":
        return oai_metadata_formats(now)
    if verb == "ListSets":
        return oai_sets(now)
    if verb == "GetRecord":
        return _get_record(request, world, now)
    return _list_records(request, world, now, page_size)


def _get_record(request: dict[str, str], world: ArxivWorld, now: datetime) -> bytes:
    _require_format(request)
    arxiv_id = request.get("identifier", "").removeprefix("oai:arXiv.org:")
    if not _ID.fullmatch(arxiv_id):
        raise _OaiError("idDoesNotExist", "Invalid arXiv_id structure")
    record = next((dated for dated in world.harvestable(now) if dated.paper.arxiv_id == arxiv_id), None)
    if record is None:
        raise _OaiError("idDoesNotExist", "Nothing found for this ID")
    return oai_record(record, request=request, at=now)


def _list_records(request: dict[str, str], world: ArxivWorld, now: datetime, page_size: int) -> bytes:
    arguments, skip = request, 0
    if "resumptionToken" in request:
        arguments, skip = _read_token(request)
    _require_format(arguments)
    wanted = arguments.get("set")
    if wanted is not None and wanted not in _known_sets():
        raise _OaiError("badArgument", "Set does not exist")
    first = _day(arguments.get("from"), date(2007, 5, 23))
    today = now.astimezone(UTC).date()
    last = _day(arguments.get("until"), today)
    if last < first:
        raise _OaiError("badArgument", "until date must be greater than or equal to from date")
    if last > today:
        raise _OaiError("badArgument", "until date too late")
    records = [dated for dated in world.harvestable(now) if first <= dated.datestamp <= last and _in_set(dated, wanted)]
    if not records:
        raise _OaiError("noRecordsMatch")
    page = records[skip : skip + page_size]
    if not page:
        raise _OaiError("badResumptionToken", "Nothing is left.")
    token = _write_token(arguments, skip + page_size) if skip + page_size < len(records) else None
    verb = request["verb"]
    return oai_records(page, request=request, at=now, token=token, headers_only=verb == "ListIdentifiers")


def _require_format(arguments: Mapping[str, str]) -> None:
    if "metadataPrefix" not in arguments:
        raise _OaiError("badArgument", "metadataPrefix required.")
    if arguments["metadataPrefix"] != "arXiv":
        raise _OaiError("cannotDisseminateFormat", "Did not recognize requested format")


def _day(text: str | None, default: date) -> date:
    if text is None:
        return default
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise _OaiError("badArgument", "date format must be YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _OaiError("badArgument", "date format must be YYYY-MM-DD") from None


def _known_sets() -> set[str]:
    specs = {set_spec(category) for category in (*CATEGORIES, *ALIASES)}
    return specs | {spec.rsplit(":", depth)[0] for spec in specs for depth in (1, 2)}


def _in_set(dated: DatedPaper, wanted: str | None) -> bool:
    specs = [set_spec(category) for category in dated.paper.categories]
    return wanted is None or any(spec == wanted or spec.startswith(f"{wanted}:") for spec in specs)


def _write_token(arguments: Mapping[str, str], skip: int) -> str:
    kept = {name: arguments[name] for name in ("verb", "metadataPrefix", "from", "until", "set") if name in arguments}
    return quote(urlencode({**kept, "skip": skip}), safe="")


def _read_token(request: Mapping[str, str]) -> tuple[dict[str, str], int]:
    if set(request) - {"verb", "resumptionToken"}:
        raise _OaiError("badArgument", "resumptionToken is exclusive")
    arguments = dict(parse_qsl(unquote(request["resumptionToken"])))
    if arguments.get("verb") != request["verb"] or not re.fullmatch(r"\d{1,9}", arguments.get("skip", "")):
        raise _OaiError("badResumptionToken", "Token decoding failed or format is invalid.")
    return arguments, int(arguments["skip"])
