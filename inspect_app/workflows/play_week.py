"""Play the demo's present week: plan and publish it as the bureau does, drive the days gone by."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

import numpy as np
import shapely
from geoalchemy2.shape import from_shape, to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.demo.county import County
from inspect_app.demo.crews import CrewPlan, first_day
from inspect_app.demo.lives import BY_KIND, WORDS
from inspect_app.demo.patrols import DRIVEN, HOME, at, lateness, life_of, log_of, result_of
from inspect_app.demo.plane import Floats, stream, to_metres
from inspect_app.demo.tracks import Leg, Trip
from inspect_app.domain.access import SYSTEM, Actor
from inspect_app.domain.codes import FindingOrigin, Severity, StopResult
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import transition
from inspect_app.models import (
    Account,
    CrewMember,
    PatrolLog,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    TrackSegment,
)
from inspect_app.models.base import SRID
from inspect_app.queries.owners import grid_at
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.edit_plan import MoveDay, edit_plan
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_week import PlanRequest, plan_week
from inspect_app.workflows.publish_plan import publish_plan
from inspect_app.workflows.raise_finding import FindingDraft, raise_finding

ITERATIONS = 400
"""A good plan of the demo county in a fraction of a second; a count gives the same plan again."""
FINDING_CHANCE = 0.06
SAME_PLACE_M = 1.0


def play_week(session: Session, county: County) -> PatrolPlan:
    """Make and publish the plan of the county's present week and drive the days before today.

    The plan is the planner's own, so it keeps every rule; drafted and published on the Friday
    before, as the bureau does.
    """
    week = first_day(county.today)
    friday = week - timedelta(days=3)
    deputy = _person(county.crews[0].reviewer)
    request = PlanRequest(zone=HOME, seed=county.seed, iterations=ITERATIONS)
    plan = plan_week(session, week, request=request, actor=deputy, now=at(friday, time(15, 10)))
    hand = Hand(deputy, now=at(friday, time(15, 40)), zone=HOME)
    for crew_id in _crews_with_accounts(session):
        _send_out(session, plan, crew_id=crew_id, day=county.today, hand=hand)
    publish_plan(session, plan, actor=deputy, now=at(friday, time(16, 40)))
    crews = {crew.id: crew for crew in county.crews}
    for task in sorted(plan.tasks, key=lambda one: (one.day, one.crew_id)):
        if task.day < county.today:
            rng = stream(county.seed, f"play {task.day} {task.crew_id}")
            _drive(session, task, crew=crews[task.crew_id], county=county, rng=rng)
    session.flush()
    return plan


def _person(number: int | None) -> Actor:
    """Return an actor who may do all, under a person's name: the demo's steps are theirs."""
    return replace(SYSTEM, person_id=number)


def _crews_with_accounts(session: Session) -> Sequence[int]:
    """Return the crews of which somebody can log in."""
    return session.scalars(
        select(CrewMember.crew_id)
        .join(Account, Account.person_id == CrewMember.person_id)
        .distinct()
        .order_by(CrewMember.crew_id)
    ).all()


def _send_out(session: Session, plan: PatrolPlan, *, crew_id: int, day: date, hand: Hand) -> None:
    """Move a crew-day of a crew that would stay at home to a day, where the rules allow it.

    So its tablet has a task on the county's present day.
    """
    mine = sorted((one.day, one.id) for one in plan.tasks if one.crew_id == crew_id)
    if any(planned == day for planned, _ in mine):
        return
    for _, task_id in reversed(mine):
        try:
            edit_plan(session, plan, MoveDay(task_id, crew_id, day), hand=hand)
        except Problem as refusal:
            if refusal.code != "move_breaks_rule":
                raise
        else:
            session.refresh(plan, ["tasks"])
            return


def _drive(
    session: Session,
    task: PatrolTask,
    *,
    crew: CrewPlan,
    county: County,
    rng: np.random.Generator,
) -> None:
    """Take a task through its life; write the results, log, track and findings of one driven."""
    trip, late_s = _trip(task), lateness(rng)
    steps = life_of(rng, crew, trip, day=task.day, today=county.today, late_s=late_s)
    for step in steps:
        row = transition("task", step.event, task.state)
        if step.event not in {"plan", "publish"} and row is not None:
            what = Step(step.reason, step.facts)
            record(session, task, row, step=what, actor=_person(step.actor), now=step.at)
    if task.state not in DRIVEN:
        return
    log, tracks = log_of(rng, crew, trip, task=task.id, late_s=late_s)
    session.add(PatrolLog(**log))
    session.flush()
    for track in tracks:
        _keep_track(session, track, task=task)
    for stop in task.stops:
        columns = result_of(rng, leave_s=stop.leave_at.timestamp(), late_s=late_s)
        for name, value in columns.items():
            setattr(stop, name, value)
        if stop.result == StopResult.DONE and rng.random() < FINDING_CHANCE:
            _find(session, stop, finder=crew.members[0], rng=rng)


def _keep_track(session: Session, track: dict[str, object], *, task: PatrolTask) -> None:
    """Keep a piece of a track with the deepest grid of its first fix."""
    line = track["line"]
    grid = None
    if isinstance(line, shapely.LineString):
        lon, lat = line.coords[0]
        grid = grid_at(session, lon, lat, day=task.day).id
        track |= {"line": from_shape(line, srid=SRID)}
    session.add(TrackSegment(**track, grid_id=grid))


def _find(session: Session, stop: PatrolStop, *, finder: int, rng: np.random.Generator) -> None:
    """Report something seen at a stop, a few minutes before the crew leaves it."""
    kinds = BY_KIND.get(stop.object_kind)
    if kinds is None or stop.done_at is None:
        return
    kind = kinds[int(rng.integers(len(kinds)))]
    words = WORDS[kind][int(rng.integers(len(WORDS[kind])))]
    place = to_shape(stop.geom).representative_point()
    found: datetime = stop.done_at - timedelta(minutes=int(rng.integers(4, 9)))
    draft = FindingDraft(
        uid=UUID(bytes=rng.bytes(16), version=4),
        finding_type=kind,
        severity=Severity.NORMAL.value,
        description=words.format(name=stop.name),
        lon=round(place.x, 7),
        lat=round(place.y, 7),
        found_at=found,
        origin=FindingOrigin.PATROL.value,
        photos=(),
        patrol_stop_id=stop.id,
        object_kind=stop.object_kind,
        object_id=stop.object_id,
    )
    raise_finding(session, draft, actor=_person(finder), now=found + timedelta(minutes=4))


def _trip(task: PatrolTask) -> Trip:
    """Return a task's route as a drive in metres, with the times of its stops.

    A piece of the route that ends where a visit begins is the way to it; a reach is a piece itself.
    """
    pieces = [] if task.route is None else list(to_shape(task.route).geoms)
    ways = [to_metres(shapely.get_coordinates(piece)) for piece in pieces]
    trip = Trip(task.starts_at.timestamp())

    def go(way: Floats) -> None:
        length = float(np.hypot(*np.diff(way, axis=0).T).sum())
        trip.legs.append(Leg(way, length))
        trip.length_m += length

    for stop in task.stops:
        shape = to_metres(shapely.get_coordinates(to_shape(stop.geom)))
        begin = shape[-1 if stop.reverse else 0]
        if ways and np.hypot(*(ways[0][-1] - begin)) < SAME_PLACE_M:
            go(ways.pop(0))
        trip.knots.append((stop.arrive_at.timestamp(), trip.length_m))
        if len(shape) > 1:
            go(ways.pop(0))
        trip.knots.append((stop.leave_at.timestamp(), trip.length_m))
    for way in ways:
        go(way)
    trip.now_s = task.ends_at.timestamp()
    trip.knots.append((trip.now_s, trip.length_m))
    return trip
