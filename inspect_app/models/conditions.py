"""Conditions of a week beyond frequencies: exemptions, absences, closed roads, assignments."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from inspect_app.domain.codes import (
    AbsenceKind,
    AssignmentRule,
    ExemptionGround,
    ObjectKind,
)
from inspect_app.models.base import Base, Key, code_check, reference


def condition_checks() -> tuple[CheckConstraint, ...]:
    """Return the CHECKs of every condition: days in order, a reason, both marks of an end."""
    return (
        CheckConstraint("to_day IS NULL OR to_day >= from_day", name="days"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("(ended_on IS NULL) = (ended_at IS NULL)", name="ended"),
    )


class Condition:
    """Columns of every condition: its days, the reason, who recorded and who ended it when.

    Both days are included; `to_day` None means until further notice. `ended_on` is the first day
    on which an ended condition no longer holds.
    """

    id: Mapped[Key] = mapped_column(sort_order=-1)
    from_day: Mapped[date] = mapped_column(sort_order=800)
    to_day: Mapped[date | None] = mapped_column(index=True, sort_order=801)
    reason: Mapped[str] = mapped_column(sort_order=802)
    recorded_at: Mapped[datetime] = mapped_column(sort_order=803)
    recorded_by: Mapped[int | None] = mapped_column(reference("person.id"), sort_order=804)
    ended_on: Mapped[date | None] = mapped_column(sort_order=805)
    ended_at: Mapped[datetime | None] = mapped_column(sort_order=806)
    ended_by: Mapped[int | None] = mapped_column(reference("person.id"), sort_order=807)


class PatrolExemption(Condition, Base):
    """An object that need not be patrolled on some days (免巡), and on what ground."""

    __tablename__ = "patrol_exemption"
    __table_args__ = (
        *condition_checks(),
        code_check("object_kind", ObjectKind),
        code_check("ground", ExemptionGround),
        Index("ix_patrol_exemption_object", "object_kind", "object_id"),
    )

    object_kind: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[int]
    ground: Mapped[str] = mapped_column(String(20))


class CrewAbsence(Condition, Base):
    """A crew that does not go out on some days."""

    __tablename__ = "crew_absence"
    __table_args__ = condition_checks()

    crew_id: Mapped[int] = mapped_column(reference("crew.id", cascade=True), index=True)


class PersonAbsence(Condition, Base):
    """A person who is away on some days; the crew goes without."""

    __tablename__ = "person_absence"
    __table_args__ = (*condition_checks(), code_check("kind", AbsenceKind))

    person_id: Mapped[int] = mapped_column(reference("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))


class RoadClosure(Condition, Base):
    """A road that cannot be driven on some days."""

    __tablename__ = "road_closure"
    __table_args__ = condition_checks()

    road_id: Mapped[int] = mapped_column(reference("road.id", cascade=True), index=True)


class CrewAssignment(Condition, Base):
    """A fixed or forbidden assignment: only this crew, or never this one, for an object or a grid.

    A grid stands for everything in it and below it.
    """

    __tablename__ = "crew_assignment"
    __table_args__ = (
        *condition_checks(),
        code_check("rule", AssignmentRule),
        code_check("object_kind", ObjectKind),
        CheckConstraint("(object_kind IS NULL) = (object_id IS NULL)", name="object"),
        CheckConstraint("(object_id IS NULL) <> (grid_id IS NULL)", name="object_or_grid"),
    )

    crew_id: Mapped[int] = mapped_column(reference("crew.id", cascade=True), index=True)
    rule: Mapped[str] = mapped_column(String(10))
    object_kind: Mapped[str | None] = mapped_column(String(20))
    object_id: Mapped[int | None]
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id", cascade=True))
