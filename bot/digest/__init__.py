"""Choosing and condensing: topic queries, ranking, summaries, briefs. Pure: no I/O but package data."""
