"""Recompile `requirements/*.txt` from pyproject.toml: pinned, hashed, for every supported Python, no index addresses.

Run through `make lock`. Output files are meant to be committed.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETS = {"runtime": (), "demo": ("--group", "demo"), "dev": ("--group", "dev")}


def main() -> None:
    """Compile each set; stop at the first that does not resolve."""
    common = (
        "--universal", "--python-version", "3.11",
        "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--quiet",
        "--custom-compile-command", "make lock",
    )  # fmt: skip
    for name, groups in SETS.items():
        _compile("pyproject.toml", *groups, *common, "--output-file", f"requirements/{name}.txt")
    _compile(
        "--group", "build", "--constraints", "requirements/dev.txt", *common,
        "--output-file", "requirements/build.txt",
    )  # fmt: skip
    # As it says itself: nothing but what it names, at the versions of the other sets where they have them.
    _compile(
        "requirements/embeddings.in", "--no-deps", "--constraints", "requirements/dev.txt", *common,
        "--no-annotate", "--output-file", "requirements/embeddings.txt",
    )  # fmt: skip


def _compile(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", "pip", "compile", *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
