"""Plan a published week again with least change: two offers, and the adoption of one.

A change amends the published plan in place; it makes no new version. Logs, tracks, findings and
tablets that are offline know tasks and stops by their numbers, so these never change: a visit that
goes to another crew is the same stop on another task, a task under way stays the task it is, and
what a tablet reports under the old task is still understood (the stop's `move` event says where it
was). The plan's `revision` counts the changes; each is kept whole in `plan_change` (who, why, what
moved) beside the events and audit rows of the plan and of every task it touches.
"""

from inspect_app.workflows.replan_week.adopt import adopt_change
from inspect_app.workflows.replan_week.offers import Offered, make_offers
from inspect_app.workflows.replan_week.request import ChangeRequest

__all__ = ["ChangeRequest", "Offered", "adopt_change", "make_offers"]
