"""Vectors of texts: the port, and the ways to get them."""
