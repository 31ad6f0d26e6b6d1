"""How many small faults the tests notice: a seeded sample of mutants of some packages, each run against its tests.

    python -m tools.mutation_sample bot/deliver bot/sources [--count 60] [--seed 1]

A mutant is one change of one expression or statement (a comparison, a number, a condition, a call left out); constants
of modules, defaults and texts are not changed. It is made in a temporary copy of the checkout and run against the tests
that import its module, then, if it lives, against those of its package that reach it through other modules. It counts
as killed only by a test that passes without it, and not by one that does not end. Survivors are listed with what was
changed; whether one is a gap or means the same is for a reader to judge. Of its own making, as mutmut and cosmic-ray
run all mutants of a package, which takes hours here, and want a layout or a service of theirs.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

import pytest

_ALL_SECONDS = 1200
"""For one run; a single test has the limit of the project."""

_TIMED_OUT = "from pytest-timeout"
_LIBRARIES = (
    "aiosqlite",
    "aiohttp.web",
    "alembic.command",
    "discord.ext.commands",
    "httpx2",
    "hypothesis.strategies",
    "lxml.html",
    "pydantic_settings",
    "pytest_asyncio.plugin",
    "pytest_httpserver",
    "sqlalchemy.ext.asyncio",
    "time_machine",
)
"""Imported once for all runs: they are two thirds of the time of a small one."""

_SLOW = {"kill", "run", "e2e"}
"""Folders of tests that start hundreds of processes, or browsers."""

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


def imports_of(root: Path) -> dict[str, set[str]]:
    """Return which modules of the checkout each of its modules imports or names whole, by their dotted names."""
    paths = [one for folder in ("bot", "cogs", "tests") for one in (root / folder).rglob("*.py")]
    known = {".".join(one.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): one for one in paths}
    found = {}
    for name, path in known.items():
        text = path.read_text("utf-8")
        named = set(re.findall(r"\b(?:bot|cogs|tests)(?:\.\w+)+", text))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module:
                named |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        # The files that are run and not imported are named as files.
        named |= {other for other, file in known.items() if f'"{file.name}"' in text}
        found[name] = named & known.keys() - {name}
    return found


def tests_of(root: Path, imports: Mapping[str, Collection[str]], path: Path) -> list[list[str]]:
    """Return the runs of tests for a module, the nearest first; no file is in two of them.

    Those of its package that import it, those from elsewhere that do, then those of its package that import what
    imports it, by as many steps as it takes.
    """
    own = f"tests.unit.{path.parts[1]}."
    reached = last = {".".join(path.with_suffix("").parts)}
    runs: list[list[str]] = []
    while last:
        last = {name for name, named in imports.items() if not last.isdisjoint(named)} - reached
        reached = reached | last
        tests = [name for name in sorted(last) if name.rpartition(".")[2].startswith("test_")]
        runs.append([name for name in tests if name.startswith(own)])
        if len(runs) == 1:
            runs.append([name for name in tests if not name.startswith(own) and not _SLOW & set(name.split("."))])
    files = [[f"{name.replace('.', '/')}.py" for name in run] for run in runs if run]
    # The tests called after the module first; properties last, which take long to say how little a failure takes.
    return [
        sorted(run, key=lambda one: (f"test_{path.name}" not in one, "hypothesis" in (root / one).read_text("utf-8")))
        for run in files
    ]


class Verdict(StrEnum):
    """What became of a mutant.

    killed: a test fails that passes without it. timed out: a test did not end, for it or for the machine. unstable: the
    test that failed also failed without it, twice, so nothing is known.
    """

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"
    UNSTABLE = "unstable"


def try_out(root: Path, mutant: Mutant, runs: Iterable[list[str]]) -> Verdict:
    """Return what the runs of tests say of the change, made in the checkout `root` and taken back."""
    target = root / mutant.path
    source = target.read_bytes()
    try:
        for tests in runs:
            for _ in range(2):
                target.write_bytes(mutant.applied(source))
                if _passes(root, tests):
                    break
                target.write_bytes(source)
                if _passes(root, ["--last-failed", *tests]):
                    return Verdict.KILLED
            else:
                return Verdict.UNSTABLE
    except TimeoutError:
        return Verdict.TIMED_OUT
    finally:
        target.write_bytes(source)
    return Verdict.SURVIVED


def _passes(root: Path, arguments: list[str]) -> bool:
    """Return whether the tests pass; raises `TimeoutError` when one does not end, `RuntimeError` when none was run."""
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            _run_tests(root, arguments, output.fileno())
        status = None
        try:
            status = _wait_for(child)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            if status is None:
                os.waitpid(child, 0)
        output.seek(0)
        said = output.read()
    code = os.waitstatus_to_exitcode(status)
    if code == pytest.ExitCode.TESTS_FAILED and _TIMED_OUT in said:
        raise TimeoutError
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"pytest could not run {arguments}:\n{said}")
    return code == pytest.ExitCode.OK


def _run_tests(root: Path, arguments: list[str], output: int) -> NoReturn:
    """Run pytest in this process, a fork that has the libraries already and nothing of the program, and end it."""
    code: int = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.chdir(root)
        os.dup2(output, 1)
        os.dup2(output, 2)
        # Here and in processes that tests start elsewhere, the mutant is imported and not what is installed.
        sys.path[0] = os.environ["PYTHONPATH"] = str(root)
        os.environ["CI"] = "1"  # properties without chance
        sys.dont_write_bytecode = True
        code = pytest.main(["-x", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", *arguments])
    finally:
        sys.stdout.flush()
        os._exit(code)


def _wait_for(child: int) -> int:
    """Return the status with which a process ended; raises `TimeoutError`."""
    until = time.monotonic() + _ALL_SECONDS
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.1)
    raise TimeoutError


def main() -> None:
    """Draw the sample, run it, list what was not killed; print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+", type=Path, help="such as bot/deliver")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # Ended from outside, too, the copy of the checkout is removed.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    began = time.monotonic()
    for library in _LIBRARIES:
        importlib.import_module(library)
    by_package = {
        package: [one for path in sorted(package.rglob("*.py")) for one in find_mutants(path, path.read_text("utf-8"))]
        for package in options.packages
    }
    rng = random.Random(options.seed)
    each = options.count // len(by_package)
    figures: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory(prefix="paperbrief-mutants-") as directory:
        root = Path(directory) / "checkout"
        ignored = shutil.ignore_patterns(".git", ".venv", ".stamps", "build", "data", ".*_cache")
        shutil.copytree(Path.cwd(), root, ignore=ignored)
        if (shared := Path.cwd().parent / "shared").is_dir():
            (root.parent / "shared").symlink_to(shared)
        imports = imports_of(root)
        for package, mutants in by_package.items():
            sample = rng.sample(mutants, min(each, len(mutants)))
            verdicts = Counter[Verdict]()
            for number, mutant in enumerate(sample, 1):
                verdict = try_out(root, mutant, tests_of(root, imports, mutant.path))
                verdicts[verdict] += 1
                if verdict is not Verdict.KILLED:
                    print(f"{verdict}: {mutant}", flush=True)
                print(
                    f"{package}: {number} of {len(sample)}, {verdicts[Verdict.KILLED]} killed",
                    file=sys.stderr,
                    flush=True,
                )
            figures[str(package)] = {"mutants": len(mutants), "sampled": len(sample)} | {
                verdict.value: verdicts[verdict] for verdict in Verdict
            }
    sampled, killed = (sum(one[key] for one in figures.values()) for key in ("sampled", Verdict.KILLED))
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
