"""The embedded sample announcement day, and a loopback arXiv that serves it."""
