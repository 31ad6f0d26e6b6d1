"""arXiv identifiers as people write them: with a version, as an address, with "arXiv:" in front.

Forms: `YYMM.NNNN` until 1412, `YYMM.NNNNN` from 1501, and `archive/YYMMNNN` before April 2007
(https://info.arxiv.org/help/arxiv_identifier.html). An identifier without its version names the work.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import UsageError

_NEW = r"(?P<new>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})"
_OLD = r"(?P<archive>[a-z][a-z-]*)(?:\.[A-Z]{2})?/(?P<number>\d{2}(?:0[1-9]|1[0-2])\d{3})"
_ID = re.compile(rf"(?:{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d{{0,2}}))?", re.ASCII)
_PATH = re.compile(r"^/(?:abs|pdf|html|format|src|e-print)/(?P<id>.+?)(?:\.pdf)?/?$")
_HOSTS = {"arxiv.org", "www.arxiv.org", "export.arxiv.org", "browse.arxiv.org", "alphaxiv.org", "www.alphaxiv.org"}
_PREFIX = re.compile(r"^arxiv\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PaperReference:
    """What a person pointed at: the work, and the version if one was named."""

    arxiv_id: str
    version: int | None = None


def parse_reference(text: str) -> PaperReference:
    """Return the paper that `text` names: an identifier, "arXiv:…", or the address of its page on arxiv.org.

    Raises `UsageError` when it is none of these, or the address of another site.
    """
    text = text.strip()[:300]
    if re.match(r"https?://", text, re.IGNORECASE):
        host, path = _split(text)
        if host not in _HOSTS:
            raise UsageError(f"{host or 'this address'} is not arXiv; give an address on arxiv.org or an id")
        found = _PATH.match(path)
        if found is None:
            raise UsageError("this arxiv.org address is not that of a paper; expected arxiv.org/abs/2605.00847")
        candidate = found["id"]
    else:
        candidate = _PREFIX.sub("", text)
    match = _ID.fullmatch(candidate)
    if match is None:
        raise UsageError(
            f"{candidate[:60]!r} is not an arXiv identifier; expected one such as 2605.00847 or hep-th/9901001"
        )
    version = int(match["version"]) if match["version"] else None
    arxiv_id = match["new"] or f"{match['archive']}/{match['number']}"
    return PaperReference(arxiv_id, version)


def _split(address: str) -> tuple[str | None, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        # Brackets that are no IPv6 address, and hosts that change under Unicode normalisation.
        return None, ""
    return parts.hostname, parts.path
