"""The law of exact.md, written down a second time and slowly, and held against the engine."""
