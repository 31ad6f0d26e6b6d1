"""The simulated Discord of `tests/cogs`, for the faults that come through commands."""

from tests.cogs.conftest import clock, extensions, limits, sample_file, services, simcord_bot, world

__all__ = ["clock", "extensions", "limits", "sample_file", "services", "simcord_bot", "world"]
