"""The marker and the nonce of a part, for whoever plans a delivery.

The ledger writes the nonce itself, so the arithmetic is in `bot.store.delivery_keys`; here it has its name for the
layers above, and here is how a marker is shown.
"""

from bot.store.delivery_keys import MARKER_LENGTH, NONCE_LENGTH, delivery_key, make_marker, make_nonce

__all__ = ["MARKER_LENGTH", "NONCE_LENGTH", "delivery_key", "make_marker", "make_nonce", "shown_marker"]


def shown_marker(marker: str) -> str:
    """Return a marker as it stands in a message: short, quiet, and no word that a text would hold by chance."""
    return f"⟨{marker}⟩"
