"""What every view of the weekly plan starts from: the blueprint, and which plans one may see."""

from flask import Blueprint

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.models import PatrolPlan
from inspect_app.queries.plan_tasks import TaskSheet, task_sheet
from inspect_app.web.http import actor, database

pages = Blueprint("plans", __name__)

P = Permission
DIGITS_MAX = 18
"""More do not fit into a key of the database."""


def may_for_county(permission: Permission) -> bool:
    """Tell whether the person holds a permission, and it for the whole county."""
    return actor().may(permission) and actor().scope.everywhere


def is_visible(plan: PatrolPlan) -> bool:
    """Tell whether the person may see a plan: drafts are for those who make or review plans."""
    drafting = (P.PLAN_MAKE, P.PLAN_PUBLISH, P.PATROL_REVIEW)
    return plan.state != PlanState.DRAFT or any(actor().may(one) for one in drafting)


def plan_at(plan_id: int) -> PatrolPlan:
    """Return a plan the person may see."""
    plan = database().get(PatrolPlan, plan_id)
    if plan is None or not is_visible(plan):
        raise Problem("not_found", what="计划")
    return plan


def sheet_at(task_id: int) -> TaskSheet:
    """Return a crew-day that touches the person's scope."""
    found = task_sheet(database(), task_id, actor().scope)
    if found is None or not is_visible(found.plan):
        raise Problem("not_found", what="巡查任务")
    return found


def whole_number(field: str, text: str) -> int:
    """Return the number of a form's field."""
    if not text.isdecimal() or len(text) > DIGITS_MAX:
        raise Problem("field_invalid", field=field, expected="0, 1, 2 …", found=text)
    return int(text)
