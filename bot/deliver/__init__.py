"""Sending: the outbox worker, its pacing, and the one adapter to Discord."""
