"""Seed county: write the demo county into an empty database, in bulk, in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from datetime import time, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import shapely
from psycopg import Connection, sql
from psycopg.types.json import Jsonb
from sqlalchemy import Column, Table, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session

from inspect_app.demo.county import County
from inspect_app.demo.patrols import at
from inspect_app.domain.access import SYSTEM
from inspect_app.domain.calendar import CHINA
from inspect_app.domain.codes import ReporterMode
from inspect_app.domain.problems import Problem
from inspect_app.domain.reporters import ReporterData
from inspect_app.domain.weeks import monday_of
from inspect_app.models import (
    Base,
    BurstAlarm,
    Cluster,
    ClusterComplaint,
    ClusterScan,
    Grid,
    HotGrid,
    NearRepeat,
    Reporter,
)
from inspect_app.models.base import SRID
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.workflows.hand_out_tablets import hand_out_tablets
from inspect_app.workflows.log_in import password_hash
from inspect_app.workflows.play_week import play_week
from inspect_app.workflows.raise_overdue import raise_overdue
from inspect_app.workflows.ring_bursts import burst_rules, ring_bursts
from inspect_app.workflows.scan_clusters import ScanWish, scan_clusters
from inspect_app.workflows.seal_reporter import SEALED_COLUMNS, sealed_rows

PASSWORD = "demo"  # noqa: S105 - the demo's password is public
Progress = Callable[[str, int], None]


def is_empty(session: Session) -> bool:
    """Whether the database has no grid yet."""
    return session.scalar(select(func.count()).select_from(Grid)) == 0


def seed_county(
    session: Session,
    county: County,
    *,
    photos_dir: Path,
    progress: Progress,
    seal: ReporterSeal,
) -> dict[str, int]:
    """Write all frames and photos, play the present week; return the number of rows a table.

    Refuses with a Problem where the database has grids already. `progress` is told each table's
    name and number of rows after it is written; reporters are stored under the `seal`.
    """
    if not is_empty(session):
        raise Problem("not_empty")
    connection = cast("Connection[Any]", session.connection().connection.driver_connection)
    counts = {}
    for table in Base.metadata.sorted_tables:
        frame = county.frames.get(table.fullname)
        if frame is None or not len(frame):
            continue
        if table.name == "account":
            frame = frame.assign(password_hash=password_hash(PASSWORD))
        if table is Reporter.__table__:
            frame = _sealed(frame, seal)
        _copy(connection, table, frame)
        _advance_identity(session, table)
        counts[table.fullname] = len(frame)
        progress(table.fullname, len(frame))
    for name, content in county.photos.items():
        path = photos_dir / name[:2] / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    session.execute(text("ANALYZE"))
    progress("plan of the week", 0)
    plan = play_week(session, county)
    counts["patrol_plan"] += 1
    counts["patrol_task"] += len(plan.tasks)
    counts["patrol_stop"] += sum(len(task.stops) for task in plan.tasks)
    progress("tablets", 0)
    counts |= hand_out_tablets(session, county)
    progress("clusters and surges", 0)
    return counts | _watched(session, county)


def _watched(session: Session, county: County) -> dict[str, int]:
    """Do what the jobs of the night and of the hour would have done by this morning."""
    now = at(county.today, time(8))
    week = monday_of(county.today) - timedelta(days=7)
    wish = ScanWish(week, seed=county.seed, reason="每周例行扫描")
    scan_clusters(session, wish, zone=CHINA, actor=SYSTEM, now=now)
    ring_bursts(session, burst_rules(session, county.today), actor=SYSTEM, now=now)
    raise_overdue(session, actor=SYSTEM, now=now)
    return {
        table.__tablename__: rows
        for table in (ClusterScan, Cluster, ClusterComplaint, NearRepeat, HotGrid, BurstAlarm)
        if (rows := session.scalar(select(func.count()).select_from(table)) or 0)
    }


def _sealed(frame: pd.DataFrame, seal: ReporterSeal) -> pd.DataFrame:
    """Return the reporters as they are stored."""
    told = frame.astype(object).where(frame.notna(), "")
    rows = sealed_rows(
        (
            (int(one.complaint_id), ReporterData(ReporterMode(one.mode), *one[2:]))
            for one in told[["complaint_id", "mode", "name", "phone", "address"]].itertuples(
                index=False
            )
        ),
        seal=seal,
    )
    return pd.DataFrame(rows, columns=list(SEALED_COLUMNS), dtype=object)


def _copy(connection: Connection[Any], table: Table, frame: pd.DataFrame) -> None:
    columns = [column for column in table.columns if column.name in frame.columns]
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    target = sql.Identifier(*filter(None, (table.schema, table.name)))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(target, names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in _rows(frame, columns):
            copy.write_row(row)


def _rows(frame: pd.DataFrame, columns: Sequence[Column[Any]]) -> Iterator[tuple[object, ...]]:
    """Yield the rows as the driver takes them; missing values become None."""
    return zip(*(_values(frame[column.name], column) for column in columns), strict=True)


def _values(values: pd.Series, column: Column[Any]) -> Sequence[object]:
    if column.name in {"geom", "route", "line"}:
        shapes = np.array([None if _gone(shape) else shape for shape in values], dtype=object)
        with_srid = shapely.set_srid(shapes, SRID)
        return cast("Sequence[object]", shapely.to_wkb(with_srid, hex=True, include_srid=True))
    if isinstance(column.type, JSONB):
        return [Jsonb(value) for value in values]
    if isinstance(column.type, ARRAY):
        return list(values)
    known = values.notna().tolist()
    plain = values.astype(object).tolist()
    return [value if given else None for value, given in zip(plain, known, strict=True)]


def _gone(shape: object) -> bool:
    return not isinstance(shape, shapely.Geometry)


def _advance_identity(session: Session, table: Table) -> None:
    """Let the next row get the number after the last one written."""
    if "id" not in table.columns:
        return
    name = table.fullname
    session.execute(
        select(func.setval(func.pg_get_serial_sequence(name, "id"), func.max(table.c.id)))
    )
