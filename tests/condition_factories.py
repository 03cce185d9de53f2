"""Conditions of a week in few words; days count from Monday 2026-03-23."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from inspect_app.models import (
    CrewAbsence,
    CrewAssignment,
    PatrolExemption,
    PersonAbsence,
    RoadClosure,
)
from inspect_app.models.conditions import Condition
from tests.conftest import NOW
from tests.factories import add
from tests.small_county import WEEK


def spell(first: int, last: int | None, **values: object) -> dict[str, Any]:
    """Return the columns every condition has."""
    return {
        "from_day": WEEK + timedelta(days=first),
        "to_day": None if last is None else WEEK + timedelta(days=last),
        "reason": "测试",
        "recorded_at": NOW,
    } | values


def exempt(session: Session, kind: str, number: int, *, days: tuple[int, int | None], **values):
    values = {"ground": "flood"} | spell(*days, **values)
    return add(session, PatrolExemption(object_kind=kind, object_id=number, **values))


def crew_away(session: Session, crew, *, days: tuple[int, int | None], **values) -> Condition:
    return add(session, CrewAbsence(crew_id=crew.id, **spell(*days, **values)))


def person_away(session: Session, person_id: int, *, days: tuple[int, int | None], **values):
    values = {"kind": "leave"} | spell(*days, **values)
    return add(session, PersonAbsence(person_id=person_id, **values))


def close(session: Session, road, *, days: tuple[int, int | None], **values) -> Condition:
    return add(session, RoadClosure(road_id=road.id, **spell(*days, **values)))


def rule(
    session: Session, crew, which: str, *, days: tuple[int, int | None] = (0, 6), **values
) -> Condition:
    """Return an assignment; `values` name the object or the grid."""
    return add(session, CrewAssignment(crew_id=crew.id, rule=which, **spell(*days, **values)))
