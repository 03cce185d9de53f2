"""A crew's day: crew, published plan, task with stops, policies; and a tablet's records."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from itertools import count
from uuid import UUID, uuid4

from PIL import Image
from sqlalchemy.orm import Session

from inspect_app.models import (
    Account,
    Crew,
    CrewMember,
    Grid,
    PatrolLog,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    Station,
    TrackSegment,
)
from tests.factories import FROM, add, serial

DAY = date(2026, 3, 24)
START = datetime(2026, 3, 24, 0, 30, tzinfo=UTC)
CANAL = [(120.50, 30.50), (120.51, 30.50), (120.52, 30.50)]
"""A straight canal of about 1.9 km along a parallel; its two halves are stops 1 and 2."""


def make_crew(session: Session, *members: Account, **values) -> Crew:
    station = add(
        session,
        Station(
            name=f"环保站{next(serial)}",
            kind="township_station",
            geom="SRID=4490;POINT(120.5 30.5)",
        ),
    )
    values = {
        "name": f"巡查{next(serial)}组",
        "station_id": station.id,
        "weekdays": [1, 2, 3, 4, 5],
        "shift_start": time(8, 30),
        "shift_end": time(17, 30),
        "speed_kmh": 30.0,
    } | values
    crew = add(session, Crew(**values))
    for member in members:
        add(session, CrewMember(crew_id=crew.id, person_id=member.person_id, valid_from=FROM))
    return crew


def make_task(session: Session, crew: Crew, *, grid: Grid | None = None, **values) -> PatrolTask:
    """Return a published task with two segment stops along CANAL and one outlet stop."""
    plan = add(
        session,
        PatrolPlan(
            week=DAY - timedelta(days=DAY.weekday()),
            version=next(serial),
            state="published",
            seed=1,
            parameters={},
            figures={},
            verdict={},
            created_at=START,
        ),
    )
    values = {
        "plan_id": plan.id,
        "crew_id": crew.id,
        "day": DAY,
        "state": "published",
        "starts_at": START,
        "ends_at": START + timedelta(hours=8),
        "travel_min": 60.0,
        "service_min": 60.0,
        "length_m": 1920.0,
        "route": "SRID=4490;MULTILINESTRING((120.495 30.5, 120.525 30.5))",
    } | values
    task = add(session, PatrolTask(**values))
    (a, b, c), kinds = CANAL, ("segment", "segment", "outlet")
    shapes = [
        f"LINESTRING({a[0]} {a[1]}, {b[0]} {b[1]})",
        f"LINESTRING({b[0]} {b[1]}, {c[0]} {c[1]})",
        f"POINT({c[0]} {c[1]})",
    ]
    for seq, (kind, shape) in enumerate(zip(kinds, shapes, strict=True), start=1):
        add(
            session,
            PatrolStop(
                task_id=task.id,
                grid_id=None if grid is None else grid.id,
                seq=seq,
                object_kind=kind,
                object_id=next(serial),
                name=("东干渠上段", "东干渠下段", "三里桥排口")[seq - 1],
                arrive_at=START + timedelta(minutes=30 * seq),
                leave_at=START + timedelta(minutes=30 * seq + 20),
                geom=f"SRID=4490;{shape}",
            ),
        )
    session.refresh(task)
    return task


def make_patrol(
    session: Session, crew: Crew, recorder: Account, *, grid: Grid | None = None, **values
) -> PatrolTask:
    """Return a handed-in task whose tablet walked the first half of the canal in five minutes."""
    task = make_task(session, crew, grid=grid, **({"state": "submitted"} | values))
    tablet = Tablet(task)
    log = add(
        session,
        PatrolLog(
            uid=tablet.log_uid,
            task_id=task.id,
            recorder_id=recorder.person_id,
            started_at=task.starts_at,
            ended_at=task.starts_at + timedelta(hours=1),
            form={},
            received_at=task.starts_at + timedelta(hours=2),
        ),
    )
    body = tablet.fixes(120.50, 120.51)
    add(
        session,
        TrackSegment(
            log_uid=log.uid,
            number=0,
            grid_id=None if grid is None else grid.id,
            fixes=json.loads(body)["fixes"],
            sha256=sha256(body),
            received_at=log.received_at,
        ),
    )
    return task


def gpx(start_lon: float, stop_lon: float, *, start: datetime | None, steps: int = 60) -> bytes:
    """Return a GPX along the canal with a point every 5 s from `start` on; None: without times."""
    points = []
    for step in range(steps + 1):
        lon = start_lon + (stop_lon - start_lon) * step / steps
        at = None if start is None else start + timedelta(seconds=5 * step)
        time = "" if at is None else f"<time>{at:%Y-%m-%dT%H:%M:%SZ}</time>"
        points.append(f'<trkpt lat="30.5" lon="{lon:.7f}">{time}</trkpt>')
    head = '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
    return f"{head}{''.join(points)}</trkseg></trk></gpx>".encode()


def digest(body: bytes) -> dict[str, str]:
    """Return the Content-Digest header of bytes."""
    value = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return {"Content-Digest": f"sha-256=:{value}:"}


@dataclass
class Tablet:
    """Writes records as a tablet does: its own ids, its own counter, its own clock."""

    task: PatrolTask
    device: UUID = field(default_factory=uuid4)
    log_uid: UUID = field(default_factory=uuid4)
    at: datetime = START
    numbers: count = field(default_factory=lambda: count(1))

    def write(self, kind: str, **values) -> tuple[UUID, bytes]:
        self.at += timedelta(minutes=5)
        record = {
            "kind": kind,
            "task_id": self.task.id,
            "log_uid": str(self.log_uid),
            "device": str(self.device),
            "seq": next(self.numbers),
            "at": self.at.isoformat(),
        } | values
        return uuid4(), json.dumps(record, ensure_ascii=False).encode()

    def fixes(self, start: float, stop: float, *, first_s: int = 0) -> bytes:
        """Return a segment of fixes that walks along the canal from one longitude to another."""
        steps = 60
        began = int(START.timestamp())
        return json.dumps(
            {
                "fixes": [
                    [
                        (began + first_s + 5 * step) * 1000,
                        round(start + (stop - start) * step / steps, 6),
                        30.5,
                        8.0,
                    ]
                    for step in range(steps + 1)
                ]
            }
        ).encode()


def picture(kind: str = "JPEG", *, size: tuple[int, int] = (64, 48), exif=None) -> bytes:
    """Return a small picture with some grain."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    out = BytesIO()
    if exif is not None:
        image.save(out, kind, exif=exif)
    else:
        image.save(out, kind)
    return out.getvalue()


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
