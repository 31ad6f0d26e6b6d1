"""Thin Discord glue. `EXTENSIONS` is the explicit list of what the bot loads; a failure to load is fatal."""

EXTENSIONS: tuple[str, ...] = (
    "cogs.subscriptions",
    "cogs.topics",
    "cogs.briefs",
    "cogs.papers",
    "cogs.ask",
    "cogs.library",
    "cogs.admin",
)
