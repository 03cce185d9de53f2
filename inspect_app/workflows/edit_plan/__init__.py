"""Edit a draft by hand: move stops and crew-days, place what was left out, undo, look before."""

from inspect_app.workflows.edit_plan.draft import draft_of
from inspect_app.workflows.edit_plan.edits import Edit, MoveDay, MoveStop, PlaceVisit
from inspect_app.workflows.edit_plan.preview import CrewDayLook, Look, look_ahead
from inspect_app.workflows.edit_plan.undo import last_edit, undo_edit
from inspect_app.workflows.edit_plan.write import edit_plan

__all__ = [
    "CrewDayLook",
    "Edit",
    "Look",
    "MoveDay",
    "MoveStop",
    "PlaceVisit",
    "draft_of",
    "edit_plan",
    "last_edit",
    "look_ahead",
    "undo_edit",
]
