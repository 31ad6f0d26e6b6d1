"""The orchestrator: the only package that knows the order of the stages. Each step commits before the next begins."""
