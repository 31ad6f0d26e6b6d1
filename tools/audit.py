"""Look for known vulnerabilities in the pinned requirements, or say that it could not be done.

`make check` runs it last. Leaves with 1 when a vulnerability is known. Where the advisory data cannot be had, it says
for how many packages and leaves with 0: not knowing is no finding, and is not called "clean" either.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Audit the largest requirement set, which holds the others, and return the exit code."""
    return _audit("dev")


def _audit(name: str) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off",
         "--timeout", "10", "--format", "json", "-r", f"requirements/{name}.txt"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        why = done.stderr.strip().splitlines()[-1:]
        print(f"audit of {name}: NOT DONE, pip-audit could not reach its data: {why}")
        return 0
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    vulnerable = [package for package in packages if package.get("vulns")]
    for package in vulnerable:
        for vulnerability in package["vulns"]:
            fixed = ", ".join(vulnerability["fix_versions"]) or "no fixed version yet"
            print(f"{package['name']} {package['version']}: {vulnerability['id']}; fixed in: {fixed}")
    if unknown:
        print(f"audit of {name}: NOT DONE for {len(unknown)} of {len(packages)} packages, no advisory data from here")
    else:
        print(f"audit of {name}: {len(packages)} packages, {len(vulnerable)} vulnerable")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
