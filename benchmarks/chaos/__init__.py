"""Chaos: faithful tablets against the real server while both are killed, cut off and restarted.

`python -m benchmarks.chaos` proves the sync: nothing lost, doubled, different or skipped.
"""
