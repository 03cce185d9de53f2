"""Grids to choose from in a filter: those of a scope on a day, as a tree."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.models import Grid
from inspect_app.queries.scope import in_scope

DEPTH_MAX = 2
"""County and townships; the grids below are reached on the map."""


@dataclass(frozen=True, slots=True)
class GridChoice:
    """A grid and how deep it lies in the tree."""

    id: int
    name: str
    depth: int


def grid_choices(session: Session, scope: Scope, *, day: date) -> list[GridChoice]:
    """Return the upper grids of a scope in the order of the tree."""
    rows = session.execute(
        select(Grid.id, Grid.name, Grid.depth)
        .where(
            in_scope(Grid.id, scope),
            Grid.depth <= DEPTH_MAX,
            Grid.valid_from <= day,
            or_(Grid.valid_to.is_(None), Grid.valid_to > day),
        )
        .order_by(Grid.path)
    )
    return [GridChoice(*row) for row in rows]
