"""What of the due visits a plan covers, by kind and township, and what it leaves out and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session

from gis.routing.explain import Reason, Remedy
from inspect_app.domain.access import Scope
from inspect_app.domain.codes import ObjectKind
from inspect_app.models import Grid, PatrolPlan, PatrolStop, PatrolTask, PlanUncovered
from inspect_app.queries.scope import in_scope

TOWNSHIP_DEPTH = 2
"""Depth of the grids below the county, by which coverage is told."""


@dataclass(frozen=True, slots=True)
class Covered:
    """How many of the due visits of a kind or township are planned."""

    label: str
    served: int
    due: int

    @property
    def share(self) -> float:
        """Planned per due; 1 where nothing is due."""
        return self.served / self.due if self.due else 1.0


@dataclass(frozen=True, slots=True)
class Remark:
    """A reason or a remedy: its code and the facts of its sentence."""

    code: Reason | Remedy
    facts: Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class UncoveredLine:
    """A due visit without a place in the plan, why, and what would help.

    `reason` is None for plans taken over from elsewhere whose reason is none of ours.
    """

    id: int
    kind: ObjectKind
    object_id: int
    name: str
    grid_name: str | None
    missing: int
    reason: Remark | None
    fixes: tuple[Remark, ...]


def coverage(
    session: Session, plan: PatrolPlan, scope: Scope
) -> tuple[list[Covered], list[Covered]]:
    """Return planned and due visits by kind, and by township in the order of its code."""
    township = township_of_grid()
    stops = (
        select(PatrolStop.object_kind, township, func.count(), literal(0))
        .join(PatrolTask, PatrolTask.id == PatrolStop.task_id)
        .outerjoin(Grid, Grid.id == PatrolStop.grid_id)
        .where(PatrolTask.plan_id == plan.id, in_scope(PatrolStop.grid_id, scope))
        .group_by(PatrolStop.object_kind, township)
    )
    left = (
        select(
            PlanUncovered.object_kind,
            township,
            literal(0),
            func.coalesce(func.sum(PlanUncovered.visits_missing), 0),
        )
        .outerjoin(Grid, Grid.id == PlanUncovered.grid_id)
        .where(PlanUncovered.plan_id == plan.id, in_scope(PlanUncovered.grid_id, scope))
        .group_by(PlanUncovered.object_kind, township)
    )
    kinds: dict[str, list[int]] = {}
    towns: dict[str, list[int]] = {}
    for kind, town, served, missing in [*session.execute(stops), *session.execute(left)]:
        for sums in (
            kinds.setdefault(kind, [0, 0]),
            towns.setdefault(town or "", [0, 0]),
        ):
            sums[0] += served
            sums[1] += served + int(missing)
    names = township_names(session)
    order = {code: place for place, code in enumerate(names)}
    by_town = sorted(towns.items(), key=lambda one: order.get(one[0], len(order)))
    return (
        [Covered(one.label, *kinds[one.value]) for one in ObjectKind if one.value in kinds],
        [Covered(names.get(code, "县级或无网格"), *sums) for code, sums in by_town],
    )


def uncovered(session: Session, plan: PatrolPlan, scope: Scope) -> list[UncoveredLine]:
    """Return what a plan leaves out in the scope, in the order of its urgency."""
    rows = session.execute(
        select(PlanUncovered, Grid.name)
        .outerjoin(Grid, Grid.id == PlanUncovered.grid_id)
        .where(PlanUncovered.plan_id == plan.id, in_scope(PlanUncovered.grid_id, scope))
        .order_by(PlanUncovered.id)
    )
    return [
        UncoveredLine(
            id=row.id,
            kind=ObjectKind(row.object_kind),
            object_id=row.object_id,
            name=row.name,
            grid_name=grid_name,
            missing=row.visits_missing,
            reason=Remark(Reason(row.reason), row.facts["facts"])
            if row.reason in {str(reason) for reason in Reason}
            else None,
            fixes=tuple(
                Remark(Remedy(fix["remedy"]), fix["facts"]) for fix in row.facts.get("fixes", [])
            ),
        )
        for row, grid_name in rows
    ]


def township_of_grid() -> ColumnElement[str]:
    """Return the id, as text, of the grid at township depth above a grid; path is `/1/5/29/`."""
    return func.nullif(func.split_part(Grid.path, "/", TOWNSHIP_DEPTH + 1), "")


def township_names(session: Session) -> dict[str, str]:
    """Return the names of the townships by their ids as text, in the order of their codes."""
    rows = session.execute(
        select(Grid.id, Grid.name).where(Grid.depth == TOWNSHIP_DEPTH).order_by(Grid.code)
    )
    return {str(number): name for number, name in rows}
