"""The web edition: stored briefs as static pages and feeds. Reads the store and writes one directory; asks nobody."""
