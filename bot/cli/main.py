"""Command line entry."""


def main() -> None:
    """Run."""
    raise SystemExit(2)
