"""What the kill test counted, shown at the end of every run, `-n 2` and quiet ones included.

A property of the report and not printed: workers of pytest-xdist have no terminal.
"""

SUMMARY = "kill-summary"
