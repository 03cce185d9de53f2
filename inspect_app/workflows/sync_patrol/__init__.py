"""Sync a patrol: keep what tablets send, once, unchanged, with its effects, in any order."""

from inspect_app.workflows.sync_patrol.keep import keep_record, try_record
from inspect_app.workflows.sync_patrol.photos import complete_photo
from inspect_app.workflows.sync_patrol.receipt import Receipt, Sent
from inspect_app.workflows.sync_patrol.segments import Origin, keep_segment, try_segment
from inspect_app.workflows.sync_patrol.settle import EffectRefused

__all__ = [
    "EffectRefused",
    "Origin",
    "Receipt",
    "Sent",
    "complete_photo",
    "keep_record",
    "keep_segment",
    "try_record",
    "try_segment",
]
