"""Row scope in SQL: which grids an actor sees; the same rule as `Scope.covers`."""

from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import KeyedColumnElement

from inspect_app.domain.access import Scope
from inspect_app.models import Grid


def in_scope(
    grid_id: InstrumentedAttribute[int]
    | InstrumentedAttribute[int | None]
    | KeyedColumnElement[Any],
    scope: Scope,
) -> ColumnElement[bool]:
    """Return the condition that a row's grid lies in the scope.

    A row without grid is seen county-wide only. The subquery reads `grid.path` by prefix.
    """
    if scope.everywhere:
        return true()
    if not scope.grid_paths:
        return false()
    inside = select(Grid.id).where(
        or_(*(Grid.path.startswith(path, autoescape=True) for path in scope.grid_paths))
    )
    return grid_id.in_(inside)
