"""Which lines and branches the tests reach, from coverage's JSON report: the figures, and the files with most missing.

    python -m tools.coverage_figures build/coverage.json --lines 92

Lines and branches are told apart: coverage's own limit is on their sum. Leaves with 1 below the limit.
"""

import argparse
import json
import sys
from pathlib import Path

_LISTED = 15
_SPANS = 8


def main() -> None:
    """Print the figures; leave with 1 below the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("--lines", type=float, required=True, help="percent of the lines, at the least")
    options = parser.parse_args()
    report = json.loads(options.report.read_text(encoding="utf-8"))
    totals = report["totals"]
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    missing = {name: one["summary"]["missing_lines"] for name, one in report["files"].items()}
    for name in sorted(missing, key=lambda name: (-missing[name], name))[:_LISTED]:
        if missing[name]:
            print(f"{missing[name]:5} lines of {name}: {_spans(report['files'][name]['missing_lines'])}")
    print(f"lines {lines:.1f} %, branches {branches:.1f} %, of {len(missing)} files")
    if lines < options.lines:
        sys.exit(f"below {options.lines:g} % of the lines")


def _spans(numbers: list[int]) -> str:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:_SPANS]]
    return ", ".join([*shown, *(["…"] if len(spans) > _SPANS else [])])


if __name__ == "__main__":
    main()
