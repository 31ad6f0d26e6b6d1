"""The machine of `tests/wire/run`: a Discord and an arXiv on loopback, and `paperbrief run` as a process."""

from tests.wire.run.conftest import machine, machine_directory

__all__ = ["machine", "machine_directory"]
