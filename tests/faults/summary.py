"""How many rows of the fault matrix passed in a run, said at its end, `-n 2` and quiet ones included.

Properties of reports and not a counter: workers of pytest-xdist have no terminal and share no memory.
"""

from collections.abc import Iterable
from typing import Any

from tools.fault_matrix import load_matrix

FAULT = "fault-row"


def count_rows(reports: Iterable[Any]) -> str:
    """Return "fault rows passing: N / all", with those that failed, or nothing when no fault was tested."""
    seen: dict[str, set[str]] = {}
    for report in reports:
        for name, row in report.user_properties:
            # What set-up and clean-up say counts when it is bad news only.
            if name == FAULT and (report.when == "call" or not report.passed):
                seen.setdefault(str(row), set()).add(report.outcome)
    if not seen:
        return ""
    matrix = load_matrix()
    failed = [row for row in matrix.rows if "failed" in seen.get(row, ())]
    passing = [row for row in matrix.rows if "passed" in seen.get(row, ()) and row not in failed]
    reasons = [row for row in matrix.rows.values() if row.untested and row.name not in seen]
    told = f"fault rows passing: {len(passing)} / {len(matrix.rows)}"
    if reasons:
        told += f", untestable here: {len(reasons)}"
    return told + (f", failed: {' '.join(failed)}" if failed else "")
