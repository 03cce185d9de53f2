"""What an edit would do, without doing it: minutes more or less, new times, broken rules."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gis.routing.problem import CrewDay
from gis.routing.verify import Rule, Violation
from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Phrase
from inspect_app.models import PatrolPlan
from inspect_app.queries.patrol_week import grid_names
from inspect_app.queries.plan_orders import CrewDayName
from inspect_app.workflows.build_week import WeekToPlan
from inspect_app.workflows.edit_plan.draft import (
    Checked,
    Draft,
    draft_of,
    new_violations,
)
from inspect_app.workflows.edit_plan.edits import Edit, propose
from inspect_app.workflows.plan_week import instant, require_county
from inspect_app.workflows.tell_verdict import violation_phrase
from inspect_app.workflows.travel_cache import MatrixStore

SECONDS_PER_MIN = 60
OVERTIME = "%(crew)s %(date)s 超出班次 %(minutes)s 分钟"


@dataclass(frozen=True, slots=True)
class StopLook:
    """A visit with its new times."""

    key: str
    name: str
    arrive_at: datetime
    leave_at: datetime


@dataclass(frozen=True, slots=True)
class CrewDayLook:
    """A crew-day that the edit changes: minutes out before and after, and its new stops."""

    crew_id: int
    crew: str
    day: date
    minutes_before: float
    minutes: float
    shift_minutes: float
    stops: tuple[StopLook, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What an edit would do to the whole plan; `faults` are the rules it would break."""

    faults: tuple[Phrase, ...]
    travel_minutes: float
    served: int
    days: tuple[CrewDayLook, ...]


def look_ahead(
    session: Session,
    plan: PatrolPlan,
    edit: Edit,
    *,
    zone: ZoneInfo,
    actor: Actor,
    store: MatrixStore | None = None,
) -> Look:
    """Return what an edit of a draft would do; nothing is written.

    Raises
    ------
    Problem
        As `edit_plan`, but for broken rules: they are told in the answer.
    """
    require_county(actor, Permission.PLAN_MAKE)
    draft = draft_of(session, plan, zone=zone, store=store)
    proposal = propose(session, draft, edit)
    before, after = draft.checked(draft.arrangement), draft.checked(proposal.arrangement)
    broken = new_violations(before.verdict.violations, after.verdict.violations)
    return Look(
        faults=broken_rules(session, draft.built, broken),
        travel_minutes=(after.verdict.travel_s - before.verdict.travel_s) / SECONDS_PER_MIN,
        served=after.verdict.served_visits - before.verdict.served_visits,
        days=tuple(
            _crew_day(draft, name, states=(before, after), zone=zone) for name in proposal.touched
        ),
    )


def broken_rules(
    session: Session, built: WeekToPlan, violations: list[Violation]
) -> tuple[Phrase, ...]:
    """Return broken rules as sentences, overtime in minutes of a date."""
    names = grid_names(session) if violations else {}
    return tuple(
        _overtime(one, built)
        if one.rule is Rule.overtime
        else violation_phrase(one, built, names=names)
        for one in violations
    )


def _overtime(violation: Violation, built: WeekToPlan) -> Phrase:
    over_s, day = int(violation.facts["over_s"]), int(violation.facts["day"])
    facts = {
        "crew": violation.facts["crew"],
        "date": built.problem.date_of(day).isoformat(),
        "minutes": -(-over_s // SECONDS_PER_MIN),
    }
    return Phrase(OVERTIME, facts)


def _crew_day(
    draft: Draft, name: CrewDayName, *, states: tuple[Checked, Checked], zone: ZoneInfo
) -> CrewDayLook:
    crew, day = name
    before, after = (state.routes.get(name) for state in states)
    built = draft.built
    return CrewDayLook(
        crew_id=built.crews[crew].id,
        crew=crew,
        day=built.problem.date_of(day),
        minutes_before=_minutes(before),
        minutes=_minutes(after),
        shift_minutes=float(built.crews[crew].shift_min),
        stops=()
        if after is None
        else tuple(
            StopLook(
                visit.task,
                built.objects[visit.task].name,
                instant(draft.plan.week, day=day, second=visit.arrival_s, zone=zone),
                instant(draft.plan.week, day=day, second=visit.departure_s, zone=zone),
            )
            for visit in after.visits
        ),
    )


def _minutes(route: CrewDay | None) -> float:
    return 0.0 if route is None else (route.return_s - route.leave_s) / SECONDS_PER_MIN
