"""Where the optional folder of real data is: beside the checkout, never inside it."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(*parts: str) -> Path:
    """Return a path in `../shared`, or skip the test that asks for it."""
    path = _SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip("skipped: no ../shared")
    return path
