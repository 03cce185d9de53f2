"""Reads: one question each, narrowed by scope."""
