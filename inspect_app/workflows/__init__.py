"""Writes: one verb each; they validate, act and flush, and never commit."""
