"""The language model: the only place that talks to one. Import the names from its modules."""
