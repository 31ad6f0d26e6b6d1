"""Recompile `requirements/*.txt` from pyproject.toml: pinned, hashed, for every supported Python, no index addresses.

Run through `make lock`. Output files are meant to be committed.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETS = {"runtime": ("--group", "build"), "demo": ("--group", "demo"), "dev": ("--group", "dev")}


def main() -> None:
    """Compile each set; stop at the first that does not resolve."""
    for name, groups in SETS.items():
        subprocess.run(
            [
                sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *groups,
                "--universal", "--python-version", "3.11",
                "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--quiet",
                "--custom-compile-command", "make lock",
                "--output-file", f"requirements/{name}.txt",
            ],
            cwd=ROOT,
            check=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
