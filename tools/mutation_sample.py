"""How many small faults the tests notice: a seeded sample of mutants of some packages, each run against its tests.

    python -m tools.mutation_sample bot/deliver bot/sources [--count 60] [--seed 1]

A mutant is one change of one expression or statement (a comparison, a number, a condition, a call left out). It is
made in a temporary copy of the checkout and run against the tests that import its module, then, if it lives, against
those of its package. Survivors are listed with what was changed; whether one is a gap or means the same is for a
reader to judge. Of its own making, as mutmut and cosmic-ray run all mutants of a package, which takes hours here, and
want a layout or a service of theirs.
"""

import argparse
import ast
import copy
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 90
_SLOW = {"kill", "run"}
"""Folders of tests that start hundreds of processes."""

_COMPARED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.LtE(),
    ast.LtE: ast.Lt(),
    ast.Gt: ast.GtE(),
    ast.GtE: ast.Gt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
}
_COMPUTED: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.FloorDiv(),
    ast.FloorDiv: ast.Mult(),
    ast.Div: ast.Mult(),
    ast.BitOr: ast.BitAnd(),
    ast.BitAnd: ast.BitOr(),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: in which file, where, of what into what."""

    path: Path
    line: int
    start: int
    end: int
    old: str
    new: str

    def applied(self, source: bytes) -> bytes:
        """Return the source with the change made."""
        return source[: self.start] + self.new.encode() + source[self.end :]

    def __str__(self) -> str:
        shown = [re.sub(r"\s+", " ", text)[:100] for text in (self.old, self.new)]
        return f"{self.path}:{self.line}: {shown[0]} → {shown[1]}"


def find_mutants(path: Path, source: str) -> list[Mutant]:
    """Return all mutants of a module: of what functions do, not of words, logs, types or defaults."""
    places = [0]
    for line in source.encode().splitlines(keepends=True):
        places.append(places[-1] + len(line))
    found: list[Mutant] = []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for statement in function.body:
            for node in _walk(statement):
                for changed in _changes(node):
                    start = places[node.lineno - 1] + node.col_offset
                    end = places[node.end_lineno - 1] + node.end_col_offset  # type: ignore[operator,attr-defined]
                    old = source.encode()[start:end].decode()
                    new = changed if isinstance(changed, str) else f"({ast.unparse(changed)})"
                    found.append(Mutant(path, node.lineno, start, end, old, new))
    return list(dict.fromkeys(found))


def _walk(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield what is worth changing below a statement; nested functions are visited by themselves."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.JoinedStr):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        of = node.func.value
        if isinstance(of, ast.Name) and of.id == "_log":
            return
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _changes(node: ast.expr | ast.stmt) -> Iterator[ast.AST | str]:
    changed = copy.deepcopy(node)
    match changed:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARED:
            changed.ops = [_COMPARED[type(operator)]]
            yield changed
        case ast.BoolOp():
            changed.op = ast.Or() if isinstance(changed.op, ast.And) else ast.And()
            yield changed
        case ast.UnaryOp(op=ast.Not()):
            yield changed.operand
        case ast.BinOp() if type(changed.op) in _COMPUTED:
            changed.op = _COMPUTED[type(changed.op)]
            yield changed
        case ast.Constant(value=bool()):
            yield ast.Constant(not changed.value)
        case ast.Constant(value=int() | float()):
            yield ast.Constant(changed.value + 1)
        case ast.IfExp():
            yield changed.body
            yield changed.orelse
        case ast.Expr(value=ast.Call() | ast.Await()) if not _logs(changed.value):
            yield "pass"
        case ast.Return(value=ast.expr()) if not isinstance(changed.value, ast.Constant):
            yield "return None"
        case ast.Raise() | ast.Continue() | ast.Break():
            yield "pass"


def _logs(node: ast.expr) -> bool:
    return ast.unparse(node).startswith("_log.")


def tests_of(root: Path, path: Path) -> list[list[str]]:
    """Return the runs of tests for a module, the nearest first: those that import it, then its package's."""
    name = ".".join(path.with_suffix("").parts)
    imports = re.compile(rf"\b{re.escape(name)}\b|\b{re.escape(name.replace('.', '/'))}\.py\b")
    near = [
        str(one.relative_to(root))
        for folder in ("unit", "store", "wire")
        for one in sorted((root / "tests" / folder).rglob("test_*.py"))
        if not _SLOW & set(one.parts) and imports.search(one.read_text(encoding="utf-8"))
    ]
    return [*([near] if near else []), [f"tests/unit/{path.parts[1]}"]]


def survives(root: Path, mutant: Mutant) -> bool:
    """Return whether all its tests pass with the change made."""
    target = root / mutant.path
    source = target.read_bytes()
    target.write_bytes(mutant.applied(source))
    try:
        for tests in tests_of(root, mutant.path):
            command = [
                sys.executable,
                "-B",
                "-m",
                "pytest",
                "-x",
                "-q",
                "-p",
                "no:cacheprovider",
                "--timeout=30",
                *tests,
            ]
            try:
                done = subprocess.run(command, cwd=root, capture_output=True, timeout=_SECONDS, check=False)
            except subprocess.TimeoutExpired:
                return False
            if done.returncode:
                return False
        return True
    finally:
        target.write_bytes(source)


def main() -> None:
    """Draw the sample, run it, list the survivors; print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+", type=Path, help="such as bot/deliver")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    by_package = {
        package: [one for path in sorted(package.rglob("*.py")) for one in find_mutants(path, path.read_text("utf-8"))]
        for package in options.packages
    }
    rng = random.Random(options.seed)
    each = options.count // len(by_package)
    figures: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory(prefix="paperbrief-mutants-") as directory:
        root = Path(directory) / "checkout"
        ignored = shutil.ignore_patterns(".git", ".venv", ".stamps", "build", "data", "__pycache__", ".*_cache")
        shutil.copytree(Path.cwd(), root, ignore=ignored)
        if (shared := Path.cwd().parent / "shared").is_dir():
            (root.parent / "shared").symlink_to(shared)
        for package, mutants in by_package.items():
            sample = rng.sample(mutants, min(each, len(mutants)))
            alive = 0
            for number, mutant in enumerate(sample, 1):
                if survives(root, mutant):
                    alive += 1
                    print(f"survived: {mutant}", flush=True)
                print(f"{package}: {number} of {len(sample)}, {alive} alive", file=sys.stderr, flush=True)
            figures[str(package)] = {"mutants": len(mutants), "sampled": len(sample), "killed": len(sample) - alive}
    sampled, killed = (sum(one[key] for one in figures.values()) for key in ("sampled", "killed"))
    result = {
        "tool": "mutation_sample",
        "seed": options.seed,
        **figures,
        "score": round(killed / sampled, 3),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
