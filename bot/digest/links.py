"""Links of a paper, from its metadata alone: nothing is fetched, and no address from prose is trusted as it stands.

Abstracts and comments are written by strangers and our links are clicked: only plain http(s) addresses of public host
names pass.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

from bot.model import Paper

MAX_URL_LENGTH = 500

# Order of the kinds in what `find_links` returns.
KINDS = ("abs", "pdf", "html", "code", "project", "doi", "cool_papers", "alphaxiv", "hugging_face")

CODE_HOSTS = (
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "huggingface.co",
    "hf.co",
    "zenodo.org",
    "anonymous.4open.science",
    "gitee.com",
    "sr.ht",
    "sourceforge.net",
    "modelscope.cn",
    "osf.io",
    "kaggle.com",
)
# Addresses that are about the paper but are neither its code nor a page that its authors made for it.
_OTHER_HOSTS = (
    "arxiv.org",
    "alphaxiv.org",
    "papers.cool",
    "doi.org",
    "creativecommons.org",
    "openreview.net",
    "aclanthology.org",
    "thecvf.com",
    "mlr.press",
    "ceur-ws.org",
    "ieee.org",
    "acm.org",
    "springer.com",
    "sciencedirect.com",
    "elsevier.com",
    "wiley.com",
    "nature.com",
    "mdpi.com",
    "ssrn.com",
    "semanticscholar.org",
    "wikipedia.org",
    "orcid.org",
)
_PAGE_HOSTS = ("github.io", "gitlab.io", "pages.dev", "netlify.app", "vercel.app", "sites.google.com")
_PRIVATE_SUFFIXES = (
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "arpa",
    "test",
    "onion",
)

_URL = re.compile(r"https?://[^\s<>\"{}|\\^`\[\]，。；、）】」』”]+", re.IGNORECASE)
_ESCAPED = re.compile(r"\\~\{\}|\\([_%#&~$])|\\textasciitilde(?:\{\}|\s)?")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})")
_DOI = re.compile(r"10\.\d{4,9}/[^\s;,]+")
_OLD_ID = re.compile(r"[a-z-]+(?:\.[A-Z]{2})?/\d{7}")


def paper_urls(arxiv_id: str) -> dict[str, str]:
    """Return the addresses that follow from an identifier (no version): abs, pdf, html, and three readers' sites."""
    identifier = quote(arxiv_id, safe="/")
    urls = {
        "abs": f"https://arxiv.org/abs/{identifier}",
        "pdf": f"https://arxiv.org/pdf/{identifier}",
        "html": f"https://arxiv.org/html/{identifier}",
        "cool_papers": f"https://papers.cool/arxiv/{identifier}",
        "alphaxiv": f"https://www.alphaxiv.org/abs/{identifier}",
    }
    # Hugging Face has no page for identifiers from before April 2007.
    if not _OLD_ID.fullmatch(arxiv_id):
        urls["hugging_face"] = f"https://huggingface.co/papers/{identifier}"
    return urls


def find_links(paper: Paper) -> dict[str, str]:
    """Return the paper's links by kind, in the order of `KINDS`; kinds without a link are missing.

    `html` only where the source says that there is one; neither `pdf` nor `html` for a withdrawn paper, which has none.
    """
    links = paper_urls(paper.arxiv_id)
    if not paper.has_html or paper.withdrawn:
        del links["html"]
    if paper.withdrawn:
        del links["pdf"]
    found = list(dict.fromkeys(url for text in (paper.abstract, paper.comment) if text for url in extract_urls(text)))
    code = next((url for url in found if _is_code(url)), None)
    pages = [url for url in found if not _on(url, (*CODE_HOSTS, *_OTHER_HOSTS))]
    if code:
        links["code"] = code
    if pages:
        links["project"] = next((url for url in pages if _on(url, _PAGE_HOSTS)), pages[0])
    if paper.doi and (doi := _DOI.search(paper.doi)):
        links["doi"] = "https://doi.org/" + quote(doi[0], safe="/:;().-_")
    return {kind: links[kind] for kind in KINDS if kind in links}


def extract_urls(text: str) -> Iterator[str]:
    r"""Yield the safe http(s) addresses in prose, in order, without clinging punctuation or LaTeX (`\url{…}`)."""
    plain = _ESCAPED.sub(lambda match: match[1] or "~", text)
    for match in _URL.finditer(plain):
        # The margin is for what clings to an address; longer ones are no addresses, and trimming them costs time.
        if len(match[0]) <= 2 * MAX_URL_LENGTH and (url := _safe(_trimmed(match[0]))):
            yield url


def _trimmed(url: str) -> str:
    while url:
        last = url[-1]
        if last in ".,;:!?'’*_$~" or (last == ")" and url.count(")") > url.count("(")):
            url = url[:-1]
        else:
            break
    return url


def _safe(url: str) -> str | None:
    """Return `url` in plain ASCII, or None where it should not be clicked."""
    if len(url) > MAX_URL_LENGTH or any(unicodedata.category(c)[0] in "CZ" for c in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii").lower()
    except ValueError:
        return None
    if "@" in parts.netloc or port is not None or not _HOST.fullmatch(host) or len(host) > 253:
        return None
    if host.rsplit(".", 1)[-1] in _PRIVATE_SUFFIXES:
        return None
    path, query, fragment = (
        quote(part, safe="/%:@!$&'()*+,;=~?-._") for part in (parts.path, parts.query, parts.fragment)
    )
    safe = urlunsplit((parts.scheme.lower(), host, path, query, fragment))
    return safe if len(safe) <= MAX_URL_LENGTH else None


def _on(url: str, hosts: tuple[str, ...]) -> bool:
    host = urlsplit(url).hostname or ""
    return any(host == known or host.endswith("." + known) for known in hosts)


def _is_code(url: str) -> bool:
    parts = urlsplit(url)
    if not parts.path.strip("/"):
        return False
    if _on(url, ("huggingface.co",)) and parts.path.startswith("/papers/"):
        return False
    return _on(url, CODE_HOSTS) or (_on(url, ("doi.org",)) and "/zenodo." in parts.path)
