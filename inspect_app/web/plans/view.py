"""Everything the page says of one plan, in the reader's scope."""

from datetime import timedelta

from flask_babel import gettext

from inspect_app.domain.codes import ObjectKind, PeriodUnit
from inspect_app.domain.frequencies import CLASSES
from inspect_app.domain.transitions import PlanState
from inspect_app.models import PatrolPlan
from inspect_app.queries.plans import (
    board,
    coverage,
    crews_going_out,
    township_names,
    uncovered,
)
from inspect_app.web.http import actor, database
from inspect_app.web.plans.blueprint import P, may_for_county

DAYS = 7
SECONDS_PER_HOUR = 3600


class PlanView:
    """Everything the page says of one plan, in the reader's scope."""

    def __init__(self, plan: PatrolPlan) -> None:
        # Plans that were taken over from elsewhere may lack the figures of our own search.
        scope = actor().scope
        may_edit = plan.state == PlanState.DRAFT and may_for_county(P.PLAN_MAKE)
        idle = crews_going_out(database()) if may_edit else []
        self.crews = board(database(), plan, scope, idle=idle)
        self.uncovered = uncovered(database(), plan, scope)
        self.by_kind, self.by_town = coverage(database(), plan, scope)
        self.everywhere = scope.everywhere
        used = {day for crew in self.crews for day in crew.cells}
        worked = {day for crew in self.crews for day in crew.working_days}
        seen = {
            one for crew in self.crews for cell in crew.cells.values() for one in cell.townships
        }
        names = township_names(database())
        self.towns = {number: name for number, name in names.items() if number in seen}
        every = [plan.week + timedelta(days=offset) for offset in range(DAYS)]
        self.days = [day for day in every if day.weekday() in worked or day in used]
        self.served = sum(one.served for one in self.by_kind)
        self.due = sum(one.due for one in self.by_kind)
        self.travel_hours = sum(crew.travel_hours for crew in self.crews)
        self.hours = sum(crew.hours for crew in self.crews)
        self.length_m = sum(crew.length_m for crew in self.crews)
        self.kinds = [k for k in ObjectKind if any(k in crew.kind_hours for crew in self.crews)]
        self.policies = [
            (
                ObjectKind(row["object_kind"]),
                class_label(row["object_kind"], row["object_class"]),
                row["times"],
                PeriodUnit(row["unit"]),
                row,
            )
            for row in plan.figures.get("policies", [])
        ]
        self._bound_s: int | None = plan.figures.get("bound_s")
        self.unruled = [(ObjectKind(k), n) for k, n in plan.figures.get("unruled", {}).items()]

    @property
    def overhead_share(self) -> float:
        """Travel per hour of patrol."""
        service = self.hours - self.travel_hours
        return self.travel_hours / service if service else 0.0

    @property
    def gap_share(self) -> float | None:
        """How far the hours are at most above the best; by the rows, for stops may have moved."""
        if not self.everywhere or not self._bound_s:
            return None
        return max(0.0, self.hours * SECONDS_PER_HOUR / self._bound_s - 1.0)


def class_label(kind: str, object_class: str | None) -> str:
    """Return what people call a class; a class no list knows is shown as it stands."""
    known = {code.value: code.label for code in CLASSES[kind]}
    return str(gettext(known.get(object_class, object_class))) if object_class else ""
