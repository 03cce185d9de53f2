"""The weekly patrol problem and its plan as plain values, independent of any solving engine."""

from gis.routing.problem.crews import Crew, Lunch, Start
from gis.routing.problem.plan import CrewDay, PlannedVisit, Unserved, WeekPlan
from gis.routing.problem.rules import (
    may_serve,
    may_serve_on,
    may_serve_then,
    patrol_service_s,
    worth_s,
    worths,
    worths_of,
)
from gis.routing.problem.tasks import Direction, PatrolTask, TimeWindow
from gis.routing.problem.units import (
    DAYS_PER_WEEK,
    FIRST_WEEKEND_DAY,
    MINUTES_PER_DAY,
    SECONDS_PER_DAY,
    SECONDS_PER_MIN,
    UNREACHABLE_S,
    InconsistentProblem,
    SecondsMatrix,
)
from gis.routing.problem.week import WeekProblem, Weights

__all__ = [
    "DAYS_PER_WEEK",
    "FIRST_WEEKEND_DAY",
    "MINUTES_PER_DAY",
    "SECONDS_PER_DAY",
    "SECONDS_PER_MIN",
    "UNREACHABLE_S",
    "Crew",
    "CrewDay",
    "Direction",
    "InconsistentProblem",
    "Lunch",
    "PatrolTask",
    "PlannedVisit",
    "SecondsMatrix",
    "Start",
    "TimeWindow",
    "Unserved",
    "WeekPlan",
    "WeekProblem",
    "Weights",
    "may_serve",
    "may_serve_on",
    "may_serve_then",
    "patrol_service_s",
    "worth_s",
    "worths",
    "worths_of",
]
