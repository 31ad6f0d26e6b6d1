"""Every error this program raises on purpose.

    PaperBriefError
    ├── SettingsError            a setting is wrong: names the variable and the allowed values
    ├── UsageError               the user asked for something that cannot be: unknown topic, bad date, bad identifier
    │   └── QuerySyntaxError     a topic query does not parse: where, and what was expected
    ├── SourceError              arXiv could not be read
    │   ├── SourceUnavailable    refused, timed out, 4xx or 5xx after retries, or cooling down
    │   └── SourceMalformed      it answered, but not with what its interface promises
    ├── StoreError               the database could not be used
    │   ├── DatabaseBusy         another process holds it for too long; trying again may help
    │   ├── DatabaseCorrupt      the file is damaged or is not a database; restore a backup
    │   ├── DatabaseTooNew       written by a newer program; upgrade the program
    │   └── DatabaseUnwritable   read-only, missing directory or full disk
    ├── ModelError               the language model gave nothing that may be used
    │   ├── ModelUnavailable     no answer: timeout, 429, 5xx, connection, or the breaker is open
    │   ├── ModelRefused         the endpoint refuses this key, model or quota: only the owner can mend it
    │   ├── ModelAnswerInvalid   an answer that is empty, cut off, refused by the model, or not of the asked form
    │   │   └── ModelAnswerRejected  of the asked form, but a check of its content does not let it through
    │   └── BudgetExhausted      the day's ceiling leaves no room for this call; it was not made
    ├── DeliveryError            nothing may be sent any more
    │   ├── AlreadyRunning       another process sends from the same data
    │   └── LeaseLost            another process took over while this one was sending
    ├── SiteError                the web edition cannot be built: its directory is not ours, in use, or unwritable
    └── DiscordError             Discord cannot be used
        ├── DiscordRefused       it will not have this bot until its owner changes something
        │   └── TokenRefused     it does not accept the bot's token
        └── GatewayDead          it cannot be reached, or gives no sign of life; a new process is the remedy

The message is for the person who runs the program: it says what happened and what to do.
"""

from datetime import datetime

_SHOWN_BEFORE, _SHOWN_AFTER = 50, 30
"""Characters of a query shown around the place where it does not parse."""


class PaperBriefError(Exception):
    """The root of all errors raised on purpose; its text is fit to show to the owner."""


class SettingsError(PaperBriefError):
    """One or more settings are wrong; `problems` holds one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UsageError(PaperBriefError):
    """What was asked for does not exist or cannot be understood."""


class QuerySyntaxError(UsageError):
    """A topic query does not parse. `position` counts characters from 0 in `query`."""

    def __init__(self, query: str, position: int, expected: str) -> None:
        self.query = query
        self.position = position
        self.expected = expected
        start = max(0, position - _SHOWN_BEFORE)
        before = f"{'…' if start else ''}{query[start:position]}"
        after = query[position : position + _SHOWN_AFTER]
        more = "…" if position + _SHOWN_AFTER < len(query) else ""
        pointer = " " * len(before)
        super().__init__(f"at character {position + 1}: expected {expected}\n  {before}{after}{more}\n  {pointer}^")


class SourceError(PaperBriefError):
    """arXiv could not be read."""


class SourceUnavailable(SourceError):
    """No usable answer: `retry_at` is the earliest instant worth another try, where known."""

    def __init__(self, message: str, *, status: int | None = None, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_at = retry_at


class SourceMalformed(SourceError):
    """An answer came, but it is not what the interface promises (HTML in place of XML, counts that do not agree)."""


class StoreError(PaperBriefError):
    """The database could not be used."""


class DatabaseBusy(StoreError):
    """Another process kept the database locked for longer than the busy timeout."""


class DatabaseCorrupt(StoreError):
    """The file is damaged, or is not a database at all."""


class DatabaseTooNew(StoreError):
    """The schema was written by a newer version of this program."""


class DatabaseUnwritable(StoreError):
    """The database cannot be written: read-only, a missing directory, or a full disk."""


class ModelError(PaperBriefError):
    """The language model gave nothing that may be used; what needs it goes on without, and says so."""


class ModelUnavailable(ModelError):
    """No answer came. `retry_at`: the earliest instant worth another try, where known."""

    def __init__(self, message: str, *, status: int | None = None, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_at = retry_at


class ModelRefused(ModelError):
    """The endpoint does not accept the key, the model's name or the account's quota."""


class ModelAnswerInvalid(ModelError):
    """The answer cannot be used: empty, cut off, a refusal, or not of the asked form."""


class ModelAnswerRejected(ModelAnswerInvalid):
    """The answer has the asked form, and what it says does not pass the checks."""


class BudgetExhausted(ModelError):
    """The day's ceiling in money or tokens leaves no room for the call."""


class DeliveryError(PaperBriefError):
    """Nothing may be sent any more; the process ends with this message."""


class AlreadyRunning(DeliveryError):
    """Another process already sends from the same data directory or database."""


class LeaseLost(DeliveryError):
    """Another process took over sending while this one was at work."""


class SiteError(PaperBriefError):
    """The web edition cannot be built or served: its directory is somebody else's, in use, full or read-only."""


class DiscordError(PaperBriefError):
    """Discord cannot be used."""


class DiscordRefused(DiscordError):
    """Discord will not have this bot until its owner changes something: never try again by itself."""


class TokenRefused(DiscordRefused):
    """Discord does not accept the bot's token, at login, on the gateway or for a message."""

    def __init__(
        self,
        message: str = "Discord does not accept DISCORD_TOKEN; reset it in the developer portal and set the new one",
    ) -> None:
        super().__init__(message)


class GatewayDead(DiscordError):
    """The connection cannot be made, or gave no sign of life for minutes: end the process and start anew."""
