"""Patrols: frequency policies, crews, weekly plans, tasks with stops, logs and tracks."""

from datetime import date, datetime, time
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Float, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inspect_app.domain.codes import (
    ChangeWay,
    ObjectKind,
    PatrolKind,
    PeriodUnit,
    StopResult,
    TrackSource,
    TravelMode,
)
from inspect_app.domain.transitions import PlanState, TaskState
from inspect_app.models.base import (
    Base,
    Json,
    Key,
    code_check,
    geometry,
    geometry_checks,
    reference,
)
from inspect_app.models.people import Person


class FrequencyPolicy(Base):
    """How often objects of a kind and class are to be patrolled; a policy row with its source.

    `object_class` narrows the kind (a waterway level, an outlet class, a permit class, a zone
    level); None holds for all. Season bounds are `MM-DD` and may wrap the year. A policy with a
    window is a duty of its own beside the one without: a night check does not replace the visit by
    day. A window whose end is not after its start crosses midnight.
    """

    __tablename__ = "frequency_policy"
    __table_args__ = (
        code_check("object_kind", ObjectKind),
        code_check("period_unit", PeriodUnit),
        CheckConstraint("times >= 1", name="times"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        CheckConstraint("season_from ~ '^[01][0-9]-[0-3][0-9]$'", name="season_from_form"),
        CheckConstraint("season_to ~ '^[01][0-9]-[0-3][0-9]$'", name="season_to_form"),
        CheckConstraint("(window_from IS NULL) = (window_to IS NULL)", name="window"),
        CheckConstraint("window_from <> window_to", name="window_length"),
    )

    id: Mapped[Key]
    object_kind: Mapped[str] = mapped_column(String(20))
    object_class: Mapped[str | None] = mapped_column(String(40))
    times: Mapped[int] = mapped_column(Integer)
    period_unit: Mapped[str] = mapped_column(String(20))
    season_from: Mapped[str | None] = mapped_column(String(5))
    season_to: Mapped[str | None] = mapped_column(String(5))
    window_from: Mapped[time | None]
    window_to: Mapped[time | None]
    min_gap_h: Mapped[float] = mapped_column(Float, server_default=text("0"))
    service_min: Mapped[float] = mapped_column(Float)
    two_officers: Mapped[bool] = mapped_column(server_default=text("false"))
    priority: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str]


class Crew(Base):
    """A crew with its home station, working days (ISO 1–7), shift and speed.

    A shift whose end is before its start crosses midnight; it belongs to the day it starts on.
    Of crews with the same `vehicle_no` only one goes out on a day.
    """

    __tablename__ = "crew"
    __table_args__ = (
        code_check("mode", TravelMode),
        CheckConstraint("shift_end <> shift_start", name="shift"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    station_id: Mapped[int] = mapped_column(reference("station.id"))
    org_id: Mapped[int | None] = mapped_column(reference("org.id"))
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    shift_start: Mapped[time]
    shift_end: Mapped[time]
    mode: Mapped[str] = mapped_column(String(10), server_default=text("'car'"))
    speed_kmh: Mapped[float] = mapped_column(Float)
    vehicle_no: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class CrewMember(Base):
    """A person of a crew in a period."""

    __tablename__ = "crew_member"

    crew_id: Mapped[int] = mapped_column(reference("crew.id", cascade=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(reference("person.id"), primary_key=True, index=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]

    person: Mapped[Person] = relationship()


class CrewGrid(Base):
    """A grid (with all below it) that a crew may serve; a crew without rows serves the county."""

    __tablename__ = "crew_grid"

    crew_id: Mapped[int] = mapped_column(reference("crew.id", cascade=True), primary_key=True)
    grid_id: Mapped[int] = mapped_column(reference("grid.id", cascade=True), primary_key=True)


class PatrolPlan(Base):
    """One version of a week's plan; at most one version of a week is published.

    `revision` counts the changes a published plan has taken since; see `PlanChange`.
    """

    __tablename__ = "patrol_plan"
    __table_args__ = (
        UniqueConstraint("week", "version"),
        code_check("state", PlanState),
        CheckConstraint("extract(isodow from week) = 1", name="week_is_monday"),
    )

    id: Mapped[Key]
    week: Mapped[date]
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(20), server_default=text("'draft'"))
    seed: Mapped[int]
    parameters: Mapped[Json] = mapped_column(JSONB)
    figures: Mapped[Json] = mapped_column(JSONB)
    verdict: Mapped[Json] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(reference("person.id"))
    published_at: Mapped[datetime | None]
    base_plan_id: Mapped[int | None] = mapped_column(reference("patrol_plan.id"))
    """The version this one was copied from, or began its search with."""
    revision: Mapped[int] = mapped_column(Integer, server_default=text("0"))

    tasks: Mapped[list["PatrolTask"]] = relationship(back_populates="plan")


class PlanRun(Base):
    """One request to make a week's plan: what the background job has come to so far.

    `started_at` None means that no worker has taken the job yet; `plan_id` or `problem` ends it.
    `cancelled_at` asks the worker to stop; `keep_best` tells whether the best plan so far becomes
    a draft. `points` are the best plans over time: seconds, iteration, missing visits, hours of
    travel.
    """

    __tablename__ = "plan_run"

    id: Mapped[Key]
    week: Mapped[date] = mapped_column(index=True)
    seed: Mapped[int]
    parameters: Mapped[Json] = mapped_column(JSONB)
    requested_at: Mapped[datetime]
    requested_by: Mapped[int] = mapped_column(reference("person.id"))
    started_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    stage: Mapped[str | None] = mapped_column(String(20))
    iteration: Mapped[int | None]
    missing_visits: Mapped[int | None]
    travel_s: Mapped[int | None]
    points: Mapped[list[list[float]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    cancelled_at: Mapped[datetime | None]
    keep_best: Mapped[bool] = mapped_column(server_default=text("false"))
    ended_at: Mapped[datetime | None]
    plan_id: Mapped[int | None] = mapped_column(reference("patrol_plan.id", cascade=True))
    problem: Mapped[str | None]


class PlanChange(Base):
    """One way to change a published plan, as it was offered; with `revision` it has been adopted.

    `request` says what happened, `orders` the remaining visits of each changed crew-day, `moves`
    what goes where; `standing` is a digest of what the crews had done when it was offered.
    """

    __tablename__ = "plan_change"
    __table_args__ = (
        UniqueConstraint("plan_id", "revision"),
        code_check("way", ChangeWay),
        CheckConstraint(
            "(revision IS NULL) = (adopted_at IS NULL) AND (revision IS NULL) = (reason IS NULL)",
            name="adopted_whole",
        ),
    )

    id: Mapped[Key]
    plan_id: Mapped[int] = mapped_column(reference("patrol_plan.id", cascade=True), index=True)
    way: Mapped[str] = mapped_column(String(20))
    request: Mapped[Json] = mapped_column(JSONB)
    orders: Mapped[Json] = mapped_column(JSONB)
    moves: Mapped[Json] = mapped_column(JSONB)
    figures: Mapped[Json] = mapped_column(JSONB)
    standing: Mapped[str] = mapped_column(String(64))
    offered_at: Mapped[datetime]
    offered_to: Mapped[int | None] = mapped_column(reference("person.id"))
    revision: Mapped[int | None] = mapped_column(Integer)
    adopted_at: Mapped[datetime | None]
    adopted_by: Mapped[int | None] = mapped_column(reference("person.id"))
    reason: Mapped[str | None]


class PatrolTask(Base):
    """What one crew does on one day: ordered stops along a way."""

    __tablename__ = "patrol_task"
    __table_args__ = (
        UniqueConstraint("plan_id", "crew_id", "day"),
        code_check("state", TaskState),
        code_check("patrol_kind", PatrolKind),
        *geometry_checks("route"),
    )

    id: Mapped[Key]
    plan_id: Mapped[int] = mapped_column(reference("patrol_plan.id", cascade=True), index=True)
    crew_id: Mapped[int] = mapped_column(reference("crew.id"), index=True)
    day: Mapped[date] = mapped_column(index=True)
    patrol_kind: Mapped[str] = mapped_column(String(20), server_default=text("'routine'"))
    state: Mapped[str] = mapped_column(String(20), server_default=text("'planned'"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    travel_min: Mapped[float] = mapped_column(Float)
    service_min: Mapped[float] = mapped_column(Float)
    length_m: Mapped[float] = mapped_column(Float)
    route: Mapped[WKBElement | None] = mapped_column(geometry("MULTILINESTRING"))

    plan: Mapped[PatrolPlan] = relationship(back_populates="tasks")
    crew: Mapped[Crew] = relationship()
    stops: Mapped[list["PatrolStop"]] = relationship(
        back_populates="task", order_by="PatrolStop.seq"
    )


class PatrolStop(Base):
    """One visit of a task: a segment in a direction, or a place; with its result once done.

    `timed` tells the visit that a policy with hours asks for (a night check) from the other one.
    """

    __tablename__ = "patrol_stop"
    __table_args__ = (
        UniqueConstraint("task_id", "seq"),
        Index("ix_patrol_stop_object", "object_kind", "object_id"),
        code_check("object_kind", ObjectKind),
        code_check("result", StopResult),
        *geometry_checks(),
    )

    id: Mapped[Key]
    task_id: Mapped[int] = mapped_column(reference("patrol_task.id", cascade=True), index=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    seq: Mapped[int] = mapped_column(Integer)
    object_kind: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[int]
    name: Mapped[str]
    timed: Mapped[bool] = mapped_column(server_default=text("false"))
    reverse: Mapped[bool] = mapped_column(server_default=text("false"))
    pinned: Mapped[bool] = mapped_column(server_default=text("false"))
    """Settled by hand: the visit keeps its crew and day when the plan is made anew."""
    arrive_at: Mapped[datetime]
    leave_at: Mapped[datetime]
    result: Mapped[str] = mapped_column(String(20), server_default=text("'pending'"))
    result_reason: Mapped[str | None]
    done_at: Mapped[datetime | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"))

    task: Mapped[PatrolTask] = relationship(back_populates="stops")


class PlanUncovered(Base):
    """A due visit that a plan does not cover, with the binding rule."""

    __tablename__ = "plan_uncovered"
    __table_args__ = (code_check("object_kind", ObjectKind),)

    id: Mapped[Key]
    plan_id: Mapped[int] = mapped_column(reference("patrol_plan.id", cascade=True), index=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"))
    object_kind: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[int]
    name: Mapped[str]
    timed: Mapped[bool] = mapped_column(server_default=text("false"))
    visits_missing: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(60))
    facts: Mapped[Json] = mapped_column(JSONB)


class PatrolLog(Base):
    """The log of a task as the tablet wrote it; `uid` is made by the tablet."""

    __tablename__ = "patrol_log"

    uid: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(reference("patrol_task.id"), unique=True)
    recorder_id: Mapped[int] = mapped_column(reference("person.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    weather: Mapped[str | None]
    distance_m: Mapped[float | None] = mapped_column(Float)
    covered_share: Mapped[float | None] = mapped_column(Float)
    form: Mapped[Json] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    remark: Mapped[str | None]
    received_at: Mapped[datetime]


class TrackSegment(Base):
    """An immutable piece of a log's track; raw fixes are kept beside the line.

    `line` is None where fewer than two usable fixes remain. Each fix is
    `[epoch ms, lon, lat, accuracy m]`. `source` tells the patrol tablet's own fixes from those of
    another device, of a drone, or drawn by hand.
    """

    __tablename__ = "track_segment"
    __table_args__ = (
        code_check("source", TrackSource),
        Index(
            "uq_track_segment_device_seq",
            "device_uid",
            "seq",
            unique=True,
            postgresql_where=text("device_uid IS NOT NULL"),
        ),
        *geometry_checks("line"),
    )

    log_uid: Mapped[UUID] = mapped_column(
        reference("patrol_log.uid", cascade=True), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    fixes: Mapped[list[list[float | None]]] = mapped_column(JSONB)
    sha256: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(20), server_default=text("'tablet'"))
    device_uid: Mapped[UUID | None]
    seq: Mapped[int | None]
    line: Mapped[WKBElement | None] = mapped_column(geometry("LINESTRING"))
