"""What the bot runs on may be used by anybody: permissive, or named with the reason; and all of it is listed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.licences import ELSEWHERE, NAMED, PAGE, PERMISSIVE, listed, parts_of, pinned, render

ROOT = Path(__file__).resolve().parents[2]


def test_every_package_is_permissive_or_named_with_its_reason() -> None:
    rows = listed()
    assert len(rows) > 60
    assert {name: licence for name, licence, _ in rows if not parts_of(licence) <= PERMISSIVE | NAMED.keys()} == {}
    assert sorted(name for name, licence, _ in rows if parts_of(licence) & NAMED.keys()) == [
        "certifi",
        "orjson",
        "psycopg",
        "psycopg-binary",
    ]


@pytest.mark.parametrize(
    ("expression", "bound"),
    [
        ("MIT", {"MIT"}),
        ("GPL-3.0-only", {"GPL-3.0-only"}),
        ("GPL-3.0-only OR MIT", {"MIT"}),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", {"MPL-2.0", "Apache-2.0"}),
        ("", {""}),
    ],
)
def test_what_binds_in_an_expression(expression: str, bound: set[str]) -> None:
    assert parts_of(expression) == bound


def test_the_page_is_what_the_tool_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m tools.licences"


def test_what_was_read_by_hand_is_still_pinned() -> None:
    assert ELSEWHERE.keys() <= {*pinned("runtime"), *pinned("embeddings")}


def test_the_parts_list_names_every_pin_with_its_hashes(tmp_path: Path) -> None:
    out = tmp_path / "parts.json"
    subprocess.run(
        [Path(sys.executable).parent / "cyclonedx-py", "requirements", "--pyproject", "pyproject.toml",
         "--output-reproducible", "--output-file", str(out), "requirements/runtime.txt"],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    parts = json.loads(out.read_text())["components"]
    assert {part["name"] for part in parts} == set(pinned("runtime"))
    assert all(reference["hashes"] for part in parts for reference in part["externalReferences"])
