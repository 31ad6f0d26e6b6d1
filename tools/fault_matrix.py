"""Write docs/faults.md: `python -m tools.fault_matrix`. Which fault, what must happen then, and the test that shows it.

Rows and words come from tests/faults/matrix.toml, names of tests from the marks `@pytest.mark.fault("A1")` in the
source. No test is run or imported: what stands on the page is what stands in the files.
"""

import ast
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MATRIX = ROOT / "tests/faults/matrix.toml"
PAGE = ROOT / "docs/faults.md"
ROOM = "tests/faults/"
"""Where each row's main test stands; others may carry the mark where they are."""

_INTRODUCTION = """\
# What goes wrong, and what happens then

Every fault below is injected where it would really occur (a socket, a file, a clock, a signal) by the test named with
it. `pytest tests/faults` runs them; the last lines of the run count the rows that pass. This page is written by
`python -m tools.fault_matrix`.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault: `untested` says why no test can show it, and is empty otherwise."""

    name: str
    fault: str
    expected: str
    untested: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """All rows by name, in order, and the headings of their groups by first letter."""

    groups: Mapping[str, str]
    rows: Mapping[str, Row]


def load_matrix(path: Path = MATRIX) -> Matrix:
    """Return the rows of a matrix file; `TypeError` when one lacks a field or has a foreign one."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return Matrix(found["groups"], {name: Row(name, **fields) for name, fields in found["rows"].items()})


def marked_tests(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the tests of each row as "path::name", those of `ROOM` first; `ValueError` for a row not literal."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        name = path.relative_to(root).as_posix()
        for test, row in _marks(ast.parse(path.read_text(encoding="utf-8")), name):
            found.setdefault(row, []).append(f"{name}::{test}")
    return {row: sorted(tests, key=lambda test: (not test.startswith(ROOM), test)) for row, tests in found.items()}


def _marks(module: ast.Module, path: str) -> Iterator[tuple[str, str]]:
    for node in module.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.fault":
                if not all(isinstance(one, ast.Constant) for one in decorator.args):
                    raise ValueError(f"{path}:{decorator.lineno}: the row of a mark is a literal")
                yield from ((node.name, str(ast.literal_eval(one))) for one in decorator.args)


def page(matrix: Matrix, tests: Mapping[str, Sequence[str]]) -> str:
    """Return the page's text."""
    lines = [_INTRODUCTION]
    for letter, heading in matrix.groups.items():
        lines += [f"## {heading}\n"]
        for row in matrix.rows.values():
            if row.name.rstrip("0123456789") == letter:
                lines += [f"### {row.name}: {row.fault}\n", f"{row.expected}\n", f"{_shown(row, tests)}\n"]
    return "\n".join(lines)


def _shown(row: Row, tests: Mapping[str, Sequence[str]]) -> str:
    names = [f"* `{test}`" for test in tests.get(row.name, ())]
    if row.untested:
        names.append(f"* Not tested here: {row.untested}")
    return "\n".join(names or ["* *open*: no test shows it yet"])


def main() -> None:
    """Write the page and name the rows that nothing shows."""
    matrix, tests = load_matrix(), marked_tests()
    PAGE.write_text(page(matrix, tests), encoding="utf-8")
    for row in open_rows(matrix, tests):
        print(f"{row}: open")


def open_rows(matrix: Matrix, tests: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the rows with neither a test in `ROOM` nor a reason."""
    shown = {row for row, names in tests.items() if any(name.startswith(ROOM) for name in names)}
    return [row.name for row in matrix.rows.values() if row.name not in shown and not row.untested]


if __name__ == "__main__":
    main()
