"""Whether the running bot is well: its heartbeat, its checks and figures, what its owner is told. Sends nothing."""
