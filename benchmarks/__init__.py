"""Figures: one module each, one JSON line each; what they measure stands in their docstrings."""
