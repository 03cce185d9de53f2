"""Sync a patrol: keep what tablets send, once, unchanged, with its effects, in any order."""

from inspect_app.workflows.sync_patrol.keep import Receipt, Sent, keep_record
from inspect_app.workflows.sync_patrol.tracks import keep_segment

__all__ = ["Receipt", "Sent", "keep_record", "keep_segment"]
