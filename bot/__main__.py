"""`python -m bot`: the same as the `paperbrief` command."""

from bot.cli import run

run()
