"""Tell the figures of a plan: hours, how far from the best, due and served by policy."""

from gis.routing.bound import visits_of, week_bound
from gis.routing.explain import Explanation
from gis.routing.problem import WeekPlan
from inspect_app.models.base import Json
from inspect_app.workflows.apply_conditions import hours
from inspect_app.workflows.build_week import WeekToPlan

BOUND_SECONDS = 3.0
"""Time for proving how far from the best a plan is; more of it hardly raises the bound."""


def plan_figures(built: WeekToPlan, found: WeekPlan, *, explanation: Explanation) -> Json:
    """Return hours, policies and conditions of a plan as they stood when it was made."""
    return {
        "iterations": found.iterations,
        "overhead_share": found.overhead_share,
        "needed_s": explanation.needed_s,
        "available_s": explanation.available_s,
        "short_s": explanation.short_s,
        "crews": {
            hours.crew: {
                "available_s": hours.available_s,
                "travel_s": hours.travel_s,
                "service_by_kind_s": dict(hours.service_by_kind_s),
            }
            for hours in explanation.crews
        },
        "policies": _by_policy(built, found),
        "unruled": dict(built.unruled),
        **built.condition_facts(),
    }


def bound_figures(built: WeekToPlan, found: WeekPlan) -> Json:
    """Return the least hours that visits like the plan's take, and how far the plan is above."""
    bound_s = week_bound(built.problem, served=visits_of(found), seconds=BOUND_SECONDS)
    if bound_s <= 0:
        return {}
    return {
        "bound_s": bound_s,
        "gap_share": (found.travel_s + found.service_s) / bound_s - 1.0,
    }


def _by_policy(built: WeekToPlan, found: WeekPlan) -> list[Json]:
    """Return due and served visits of each frequency policy, as the policy stood."""
    missing = {item.task: item.missing for item in found.unserved}
    rows: dict[str, Json] = {}
    for task in built.problem.tasks:
        policy = built.policies[built.policy_of[task.key]]
        row = rows.setdefault(
            policy.key,
            {
                "object_kind": policy.object_kind,
                "object_class": policy.object_class,
                "times": policy.times,
                "unit": str(policy.unit),
                "hours": None if policy.window is None else hours(policy.window),
                "source": policy.source,
                "due": 0,
                "served": 0,
            },
        )
        row["due"] += task.times
        row["served"] += task.times - missing.get(task.key, 0)
    return [rows[key] for key in sorted(rows, key=int)]
