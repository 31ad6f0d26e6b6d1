"""Choosing and condensing: topic queries, ranking, extractive summaries, composing a brief. Pure: no I/O but package data."""
