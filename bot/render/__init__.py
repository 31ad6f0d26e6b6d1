"""Turning a brief into what somebody reads: Discord message bodies, terminal text, Markdown, HTML, JSON. Pure."""
