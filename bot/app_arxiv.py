"""What of the composition root asks arXiv, and how it names itself there. Never anything else."""

from typing import TYPE_CHECKING

from bot import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.clock import Clock
    from bot.settings import Settings
    from bot.sources.politeness import PoliteClient
    from bot.store.source_state import SourceStateStore


def user_agent(contact: str) -> str:
    """Return how this program names itself to arXiv, with the owner's contact where one is set."""
    return f"paper-brief-bot/{__version__} ({contact})" if contact else f"paper-brief-bot/{__version__}"


def build_client(
    settings: "Settings",
    state: "SourceStateStore",
    clock: "Clock",
    on_wait: "Callable[[str, float], None] | None",
    spacing_clock: "Clock",
) -> "PoliteClient":
    """Return the one way to arXiv, not opened yet; it keeps to the limit shared through the database."""
    from bot.sources.politeness import PoliteClient

    return PoliteClient(
        state,
        clock=clock,
        spacing_clock=spacing_clock,
        user_agent=user_agent(settings.arxiv.contact),
        min_interval=settings.arxiv.min_interval,
        deadline=settings.arxiv.deadline,
        patience=settings.arxiv.patience,
        on_wait=on_wait,
    )
