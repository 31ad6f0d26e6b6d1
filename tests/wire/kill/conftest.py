"""Shows at the end of a run how many steps the kill test found."""

import pytest

from tests.wire.kill.summary import SUMMARY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line for each kind of end and restart."""
    reports = [
        report for group in terminalreporter.stats.values() for report in group if hasattr(report, "user_properties")
    ]
    lines = sorted({str(value) for report in reports for name, value in report.user_properties if name == SUMMARY})
    if lines:
        terminalreporter.section("kill test")
        for line in lines:
            terminalreporter.write_line(line)
