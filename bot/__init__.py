"""Paper Brief: what arXiv announced today, complete, ranked and explained, in a Discord channel."""

__version__ = "0.1.0"
