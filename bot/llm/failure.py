"""How a model's failure travels inside this package, with the one thing that its type does not say."""

from bot.errors import ModelError


class LaneFailed(Exception):
    """One model gives no answer, for the reason in `error`; `elsewhere`: another model of the same server might."""

    def __init__(self, error: ModelError, *, elsewhere: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.elsewhere = elsewhere
