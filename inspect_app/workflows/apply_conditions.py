"""Apply conditions: what exemptions, assignments and the bureau's rules make of a week."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy.orm import Session

from gis.routing.problem import Crew, Lunch, PatrolTask, Weights
from gis.schedule import FrequencyPolicy, due_visits, policy_for, urgent_first
from inspect_app.domain.codes import ExemptionGround, ObjectKind
from inspect_app.models.base import Json
from inspect_app.queries.conditions import (
    DAYS_PER_WEEK,
    AssignedPlace,
    Assignment,
    crew_days_barred,
    crews_fixed,
    exempt_spells,
    exemptions,
)
from inspect_app.queries.crews import CrewOfWeek
from inspect_app.queries.patrol_week import HISTORY_DAYS, PatrolObject, visit_dates
from inspect_app.queries.policies import policy_value

MINUTES_PER_HOUR = 60
SECONDS_PER_MIN = 60
SECONDS_PER_HOUR = 3600
LONGEST_PERIOD_DAYS = 366
"""Exemptions so far ahead still matter: what the rest of a year cannot take is due before."""
GridPaths = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Exempted:
    """An object whose visits are not due this week because it is exempt (免巡)."""

    kind: ObjectKind
    object_id: int
    name: str
    ground: ExemptionGround
    reason: str
    from_day: date
    to_day: date | None
    visits: int

    def facts(self) -> Json:
        """Return what a plan keeps of it."""
        return {
            "object_kind": str(self.kind),
            "object_id": self.object_id,
            "name": self.name,
            "ground": str(self.ground),
            "reason": self.reason,
            "from_day": self.from_day.isoformat(),
            "to_day": None if self.to_day is None else self.to_day.isoformat(),
            "visits": self.visits,
        }


@dataclass(frozen=True, slots=True)
class ShiftRules:
    """The bureau's break and the overtime it allows, in minutes."""

    lunch_from_min: int
    lunch_min: int
    overtime_min: int

    def facts(self) -> Json:
        """Return what a plan keeps of it, by the keys of the policy rows."""
        return {
            "lunch_from_h": self.lunch_from_min / MINUTES_PER_HOUR,
            "lunch_min": self.lunch_min,
            "overtime_max_min": self.overtime_min,
        }

    def lunch_of(self, crew: CrewOfWeek) -> Lunch | None:
        """Return the break of a crew; None for shifts that do not span it."""
        begins = crew.shift_start_min <= self.lunch_from_min
        ends = self.lunch_from_min + self.lunch_min <= crew.shift_start_min + crew.shift_min
        if not self.lunch_min or not begins or not ends:
            return None
        return Lunch(self.lunch_from_min, self.lunch_min)


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """What is due in a week: the frame of the schedule, its objects, and what is exempt."""

    visits: pd.DataFrame
    objects: Mapping[str, PatrolObject]
    exempted: tuple[Exempted, ...]


def planner_weights(session: Session, *, day: date) -> Weights:
    """Return what visits are worth, from the policy rows that hold on a day."""

    def value(key: str) -> float:
        return policy_value(session, key, day=day)

    return Weights(
        visit_s=round(value("plan_visit_value_h") * SECONDS_PER_HOUR),
        overdue_s_per_day=round(value("plan_overdue_min_per_day") * SECONDS_PER_MIN),
        overdue_days_cap=round(value("plan_overdue_days_max")),
        priority_s=round(value("plan_priority_min") * SECONDS_PER_MIN),
        must_factor=max(1, round(value("plan_must_factor"))),
        overtime_factor=round(value("plan_overtime_factor")),
        balance=value("plan_balance_weight"),
    )


def shift_rules(session: Session, *, day: date) -> ShiftRules:
    """Return break and overtime from the policy rows that hold on a day."""
    return ShiftRules(
        lunch_from_min=round(policy_value(session, "lunch_from_h", day=day) * MINUTES_PER_HOUR),
        lunch_min=round(policy_value(session, "lunch_min", day=day)),
        overtime_min=round(policy_value(session, "overtime_max_min", day=day)),
    )


def due_objects(
    session: Session,
    objects: Sequence[PatrolObject],
    policies: Sequence[FrequencyPolicy],
    *,
    week: date,
    zone: ZoneInfo,
) -> Due:
    """Return what is due in a week, and what would be if it were not exempt.

    A policy with hours is a duty of its own: its visits are counted apart from those of the policy
    without, and an object may have both.

    Parameters
    ----------
    objects
        Everything that is patrolled.
    policies
        The frequency policies of the week.
    week
        The Monday.
    zone
        The bureau's time zone; patrol history counts by its days.
    """
    plain = [policy for policy in policies if policy.window is None]
    timed = [policy for policy in policies if policy.window is not None]
    duties = [*objects, *timed_objects(objects, timed, week=week)]
    windows = {one.key: one.window for one in duties if one.window is not None}
    history = visit_dates(session, week=week, zone=zone, windows=windows)
    spells = exempt_spells(
        session,
        since=week - timedelta(days=HISTORY_DAYS),
        until=week + timedelta(days=LONGEST_PERIOD_DAYS),
    )
    exempt = _of_both_duties(spells)

    def due(of: Iterable[PatrolObject], spells: pd.DataFrame) -> pd.DataFrame:
        ordinary, with_hours = (
            ledger(one for one in of if (one.window is not None) == has_hours)
            for has_hours in (False, True)
        )
        parts = [
            due_visits(ordinary, plain, history, week=week, exempt=spells),
            due_visits(with_hours, timed, history, week=week, exempt=spells),
        ]
        filled = [part for part in parts if not part.empty]
        return urgent_first(pd.concat(filled, ignore_index=True)) if filled else parts[0]

    visits = due(duties, exempt)
    by_key = {one.key: one for one in duties}
    # What would be due without the exemptions that hold this week: only those objects are asked.
    sunday = week + timedelta(days=DAYS_PER_WEEK - 1)
    held = {(one.kind, one.object_id) for one in exemptions(session, week)}
    elsewhere = exempt[(exempt["last"] < week) | (exempt["first"] > sunday)]
    otherwise = due([one for one in duties if (one.kind, one.id) in held], elsewhere)
    return Due(
        visits,
        {key: by_key[key] for key in visits["object"]},
        _exempted(session, week, lost=_lost(otherwise, visits), objects=by_key),
    )


def timed_objects(
    objects: Iterable[PatrolObject], policies: Sequence[FrequencyPolicy], *, week: date
) -> list[PatrolObject]:
    """Return the objects to which a policy with hours applies, each once more with these hours."""
    found = []
    for one in objects if policies else ():
        policy = policy_for(policies, kind=str(one.kind), object_class=one.object_class, week=week)
        if policy is not None and policy.window is not None:
            found.append(
                replace(one, window=policy.window, name=f"{one.name} {hours(policy.window)}")
            )
    return found


def hours(window: tuple[int, int]) -> str:
    """Return hours as people write them: 18:00–06:00."""
    opens, closes = (f"{minute // 60 % 24:02d}:{minute % 60:02d}" for minute in window)
    return f"{opens}–{closes}"


def ledger(objects: Iterable[PatrolObject]) -> pd.DataFrame:
    """Return objects as the schedule takes them."""
    rows = [(one.key, str(one.kind), one.object_class) for one in objects]
    return pd.DataFrame(rows, columns=["object", "object_kind", "object_class"], dtype=object)


def assigned(
    tasks: Iterable[PatrolTask],
    rules: Sequence[Assignment],
    *,
    objects: Mapping[str, PatrolObject],
    crews: Sequence[CrewOfWeek],
    paths: GridPaths,
) -> tuple[PatrolTask, ...]:
    """Return the tasks with the crews that may serve them.

    Of fixed assignments the closest holds: the object's own, else that of its deepest grid; several
    crews at the same place share it. A forbidden assignment always holds. Without a fixed one,
    crews that go out at night serve only visits with hours.

    Parameters
    ----------
    tasks
        The tasks of the week, known to `objects` by their keys.
    rules
        The assignments of the week.
    crews
        The crews of the week.
    paths
        The path of every grid by its id.
    """
    by_day = frozenset(crew.name for crew in crews if not crew.at_night)
    everyone = frozenset(crew.name for crew in crews)
    done = []
    for task in tasks:
        one = objects[task.key]
        place = AssignedPlace(one.kind, one.id, paths.get(one.grid_id or 0))
        chosen = [crews_fixed(rules, place, day=day) for day in range(DAYS_PER_WEEK)]
        ordinary = None if one.window is not None or by_day == everyone else by_day
        all_week = chosen[0] if len(set(chosen)) == 1 else None
        done.append(
            replace(
                task,
                crews=ordinary if chosen == [None] * DAYS_PER_WEEK else all_week,
                barred=crew_days_barred(rules, place)
                | (frozenset() if all_week else _others(chosen, everyone)),
            )
        )
    return tuple(done)


def with_rules(crew: Crew, known: CrewOfWeek, *, rules: ShiftRules) -> Crew:
    """Return a crew of the problem with its break, overtime, vehicle and officers by day."""
    return replace(
        crew,
        officers_by_day=known.officers_by_day,
        lunch=rules.lunch_of(known),
        overtime_min=rules.overtime_min,
        vehicle=known.vehicle,
    )


def _of_both_duties(spells: pd.DataFrame) -> pd.DataFrame:
    """Return the spells for the visits with hours as well as for those without."""
    timed = spells.assign(object=[f"{key}:timed" for key in spells["object"]])
    return pd.DataFrame(
        [*spells.itertuples(index=False), *timed.itertuples(index=False)],
        columns=list(spells.columns),
        dtype=object,
    )


def _lost(otherwise: pd.DataFrame, visits: pd.DataFrame) -> dict[str, int]:
    """Return by key how many visits are not due because of this week's exemptions."""
    due = dict(zip(visits["object"], visits["visits"], strict=True))
    wanted = dict(zip(otherwise["object"], otherwise["visits"], strict=True))
    lost = {key: int(times) - int(due.get(key, 0)) for key, times in wanted.items()}
    return {key: times for key, times in lost.items() if times > 0}


def _exempted(
    session: Session, week: date, *, lost: Mapping[str, int], objects: Mapping[str, PatrolObject]
) -> tuple[Exempted, ...]:
    """Name each object once, with the exemption that takes most days of the week from it."""
    rows = sorted(exemptions(session, week), key=lambda row: len(row.days))
    widest = {(row.kind, row.object_id): row for row in rows}
    return tuple(
        Exempted(
            one.kind,
            one.id,
            one.name,
            row.ground,
            row.reason,
            row.from_day,
            row.to_day,
            visits,
        )
        for key, visits in sorted(lost.items())
        for one in [objects[key]]
        for row in [widest[one.kind, one.id]]
    )


def _others(
    chosen: Sequence[frozenset[str] | None], everyone: frozenset[str]
) -> frozenset[tuple[str, int]]:
    """Return the crews that may not come on the days on which others are fixed."""
    return frozenset(
        (crew, day)
        for day, fixed in enumerate(chosen)
        if fixed is not None
        for crew in everyone - fixed
    )
