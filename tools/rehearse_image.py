"""Run the Dockerfile's steps in a directory, where no engine is at hand: `python -m tools.rehearse_image DIR`.

COPY copies what `.dockerignore` lets through, RUN runs with the image's paths moved under DIR, ENV and ARG set names.
What a container adds is not shown: the base image's files, users, the read-only root, signals. The Python that runs
this stands for the base image's. Leaves with 1 at the first step that fails, and says which steps it left out.
"""

import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOVED = ("/opt/paperbrief", "/wheels", "/data", "/src")
"""Directories of the image that its steps name."""

LEFT_OUT = {
    "LABEL": "metadata",
    "USER": "needs the image's own users",
    "VOLUME": "needs an engine",
    "STOPSIGNAL": "needs an engine",
    "HEALTHCHECK": "needs an engine",
    "ENTRYPOINT": "tried at the end, with --version",
    "CMD": "needs a token",
}
ONLY_IN_IMAGE = ("useradd", "python -m pip uninstall")
"""Commands that change the machine: they are left out, by name."""


def instructions(text: str) -> list[tuple[str, str]]:
    """Return (instruction, arguments) in order, with continued lines joined and comments removed."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def main(directory: str) -> int:
    """Run all steps under `directory`, which must not exist yet, and return the exit code."""
    top = Path(directory).resolve()
    top.mkdir(parents=True)
    environment = {
        **os.environ,
        "PATH": f"{top / 'tool/bin'}:{os.environ['PATH']}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    # `pip` and `python` of the first stage: a venv of its own stands for the base image.
    subprocess.run([sys.executable, "-m", "venv", str(top / "tool")], check=True)
    for word, rest in instructions((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        shown = f"{word} {rest}"[:110]
        if word in LEFT_OUT:
            print(f"left out  {shown}  ({LEFT_OUT[word]})")
        elif word == "RUN" and any(name in rest for name in ONLY_IN_IMAGE):
            print(f"left out  {shown}  (changes the machine)")
        elif word == "RUN":
            print(f"run       {shown}", flush=True)
            done = subprocess.run(["/bin/sh", "-ec", _moved(rest, top)], cwd=top / "src", env=environment, check=False)
            if done.returncode:
                print(f"FAILED with {done.returncode}")
                return 1
        elif word == "COPY" and not rest.startswith("--from"):
            print(f"copy      {shown}")
            *sources, target = rest.split()
            _copy(sources, top / "src" / target)
        elif word in ("ENV", "ARG"):
            for name, value in re.findall(r"(\w+)=(\S+)", rest):
                environment[name] = os.path.expandvars(_moved(value, top))
    return subprocess.run([str(top / "opt/paperbrief/bin/paperbrief"), "--version"], check=False).returncode


def _moved(command: str, top: Path) -> str:
    return re.sub("|".join(rf"(?<![\w/]){path}\b" for path in MOVED), lambda found: f"{top}{found[0]}", command)


def _copy(sources: list[str], target: Path) -> None:
    for source in sources:
        if not _sent(source):
            sys.exit(f"COPY {source}: .dockerignore keeps it from the builder")
        here = ROOT / source
        if here.is_dir():
            shutil.copytree(here, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            place = target / here.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(here, place)


def _sent(source: str) -> bool:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    return any(fnmatch.fnmatch(source, pattern) for pattern in allowed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the Dockerfile's steps in a directory that does not exist yet.")
    parser.add_argument("directory", metavar="DIR")
    sys.exit(main(parser.parse_args().directory))
