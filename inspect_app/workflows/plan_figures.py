"""The figures stored with a plan: hours needed and used, visits by policy, what is left out."""

from collections.abc import Mapping

from gis.routing.bound import visits_of, week_bound
from gis.routing.explain import Explanation, UnservedReason
from gis.routing.problem import WeekPlan
from inspect_app.models import PatrolPlan, PlanUncovered
from inspect_app.models.base import Json
from inspect_app.workflows.apply_conditions import hours
from inspect_app.workflows.build_week import WeekToPlan


def uncovered_row(
    plan: PatrolPlan, built: WeekToPlan, reason: UnservedReason, *, names: Mapping[int, str]
) -> PlanUncovered:
    """Return the row of a visit without a place, with its reason and remedies."""
    one = built.objects[reason.task]

    def named(facts: Mapping[str, object]) -> Json:
        """Put the grid's name in the place of its id, which says nothing to people."""
        if "grid" not in facts:
            return dict(facts)
        return {**facts, "grid": names.get(one.grid_id or 0, "")}

    return PlanUncovered(
        plan_id=plan.id,
        grid_id=one.grid_id,
        object_kind=one.kind.value,
        object_id=one.id,
        name=one.name,
        timed=one.timed,
        visits_missing=reason.missing,
        reason=str(reason.reason),
        facts={
            "facts": named(reason.facts),
            "fixes": [{"remedy": str(f.remedy), "facts": named(f.facts)} for f in reason.fixes],
        },
    )


def figures_of(built: WeekToPlan, found: WeekPlan, *, explanation: Explanation) -> Json:
    """Return the figures that the page shows beside the rows."""
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
        "policies": by_policy(built, found),
        "unruled": dict(built.unruled),
        **built.condition_facts(),
    }


def by_policy(built: WeekToPlan, found: WeekPlan) -> list[Json]:
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


def bound_figures(built: WeekToPlan, found: WeekPlan, *, seconds: float) -> Json:
    """Return the least hours that visits like the plan's take, and how far the plan is above."""
    bound_s = week_bound(built.problem, served=visits_of(found), seconds=seconds)
    if bound_s <= 0:
        return {}
    return {
        "bound_s": bound_s,
        "gap_share": (found.travel_s + found.service_s) / bound_s - 1.0,
    }
