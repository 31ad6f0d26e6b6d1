"""What the cogs have in common: answers, checks, reading what a user typed, topics. No commands of its own."""
