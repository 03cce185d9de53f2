"""The stamp of everything a week is built from: equal stamps, equal weeks."""

from typing import Any

from sqlalchemy import Select, String, cast, func, literal_column, select, text, union_all
from sqlalchemy.orm import Session

from inspect_app.domain.codes import StopResult
from inspect_app.models import (
    ComplaintMatter,
    Crew,
    CrewAbsence,
    CrewAssignment,
    CrewGrid,
    CrewMember,
    FrequencyPolicy,
    Grid,
    KeyUnitListing,
    Outlet,
    PatrolExemption,
    PatrolSegment,
    PatrolStop,
    Person,
    PersonAbsence,
    Policy,
    PollutionSource,
    ProtectionZone,
    Road,
    RoadClosure,
    Station,
    WaterSource,
    Waterway,
)

SOURCES: tuple[Any, ...] = (
    ComplaintMatter,
    Crew,
    CrewAbsence,
    CrewAssignment,
    CrewGrid,
    CrewMember,
    FrequencyPolicy,
    Grid,
    KeyUnitListing,
    Outlet,
    PatrolExemption,
    PatrolSegment,
    Person,
    PersonAbsence,
    Policy,
    PollutionSource,
    ProtectionZone,
    Road,
    RoadClosure,
    Station,
    WaterSource,
    Waterway,
)
"""The tables `build_week` reads; of `patrol_stop` only the visits done count."""

DATABASE = "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"


def week_stamp(session: Session) -> tuple[Any, ...]:
    """Return a value that changes with every row a week is built from.

    A row's place and the transaction that wrote it (`ctid`, `xmin`) name one version of the row;
    their hashes are summed per table, so that neither a change nor a deletion goes unseen. The
    database's own number stands first. Milliseconds on a county's tables.
    """
    done = _versions(PatrolStop).where(PatrolStop.result == StopResult.DONE)
    rows = session.execute(union_all(*(_versions(table) for table in SOURCES), done)).all()
    return (session.scalar(text(DATABASE)), *sorted(tuple(row) for row in rows))


def _versions(table: Any) -> Select[Any]:  # noqa: ANN401 - any mapped class
    name = table.__tablename__
    version = func.hashtextextended(
        literal_column(f"{name}.ctid::text || ':' || {name}.xmin::text"), 0
    )
    columns: list[Any] = [
        literal_column(f"'{name}'"),
        func.count(),
        cast(func.sum(version), String),
    ]
    return select(*columns).select_from(table)
