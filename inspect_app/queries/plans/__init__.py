"""Weekly plans for those who read them: versions, the board of crew-days, coverage, load."""

from inspect_app.queries.plans.board import Cell, CrewWeek, Load, board, crews_going_out
from inspect_app.queries.plans.coverage import (
    TOWNSHIP_DEPTH,
    Covered,
    Remark,
    UncoveredLine,
    coverage,
    township_names,
    uncovered,
)
from inspect_app.queries.plans.versions import (
    Difference,
    MovedStop,
    VersionFigures,
    difference,
    last_run,
    moved_stops,
    plan_in_force,
    touches,
    version_figures,
    versions,
)

__all__ = [
    "TOWNSHIP_DEPTH",
    "Cell",
    "Covered",
    "CrewWeek",
    "Difference",
    "Load",
    "MovedStop",
    "Remark",
    "UncoveredLine",
    "VersionFigures",
    "board",
    "coverage",
    "crews_going_out",
    "difference",
    "last_run",
    "moved_stops",
    "plan_in_force",
    "touches",
    "township_names",
    "uncovered",
    "version_figures",
    "versions",
]
