"""The leader's pages at 100,000 complaints: page time over HTTP, the scan, the test for surges.

A PostGIS of its own (or an empty database at LEADER_DATABASE, dropped by nobody) is filled with a
year of complaints from the seed, gunicorn serves it as `inspect-app serve` does, and one client
asks for the pages in turn. Aim: the leader's page below 1.5 s.
"""

import os
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.served import Reader, installation, make_reader, served
from inspect_app.db import transaction
from inspect_app.domain.access import SYSTEM, Role
from inspect_app.domain.weeks import monday_of
from inspect_app.models import Grid, PollutionSource
from inspect_app.workflows.ring_bursts import burst_rules, ring_bursts
from inspect_app.workflows.scan_clusters import ScanWish, scan_clusters

COMPLAINTS = 100_000
ROUNDS = 40
SEED = 1
AIM_S = 1.5
TOWNS, UNITS = 12, 20
SOURCES = 400
WEST, SOUTH, WIDTH = 106.0, 38.0, 0.6
FROM = date(2020, 1, 1)
ZONE = ZoneInfo("Asia/Shanghai")
PAGES = {
    "leader's page": "/summary",
    "map of clusters": "/clusters",
    "circles, 4 weeks": "/api/clusters/cells?zoom=10",
    "circles, 52 weeks, all": "/api/clusters/cells?zoom=10&span=52&min=1",
    "list, 4 weeks": "/api/clusters/list",
    "list, 52 weeks, all": "/api/clusters/list?span=52&min=1",
}


def square(column: float, row: float, *, size: tuple[float, float]) -> str:
    """Return a square of the county as EWKT."""
    west, south = WEST + column, SOUTH + row
    east, north = west + size[0], south + size[1]
    ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
    return f"SRID=4490;MULTIPOLYGON((({ring})))"


def make_grids(session: Session) -> list[int]:
    """Make a county of townships of unit grids; return the ids of the units."""

    def grid(code: str, parent: Grid | None, geom: str) -> Grid:
        depth = 1 if parent is None else parent.depth + 1
        found = Grid(
            code=code,
            name=f"网格{code}",
            depth=depth,
            level_name="网格",
            area_km2=1.0,
            valid_from=FROM,
            path="/",
            parent_id=None if parent is None else parent.id,
            geom=geom,
        )
        session.add(found)
        session.flush()
        found.path = f"{'/' if parent is None else parent.path}{found.id}/"
        session.flush()
        return found

    county = grid("640100", None, square(0, 0, size=(WIDTH, WIDTH)))
    units, step, high = [], WIDTH / TOWNS, WIDTH / UNITS
    for town in range(TOWNS):
        parent = grid(f"640100{town:03d}", county, square(town * step, 0, size=(step, WIDTH)))
        for unit in range(UNITS):
            place = square(town * step, unit * high, size=(step, high))
            units.append(grid(f"640100{town:03d}{unit:03d}", parent, place).id)
    return units


def fill(session: Session, *, count: int, now: datetime, rng: np.random.Generator) -> None:
    """Fill an empty county: a year of complaints, six in ten of them about a repeated matter."""
    units = np.array(make_grids(session))
    make_reader(session, Role.DIRECTOR)
    for number in range(SOURCES):
        lon, lat = WEST + rng.random() * WIDTH, SOUTH + rng.random() * WIDTH
        kind = "construction_site" if number % 20 == 0 else "chemical"
        permit = "key" if number % 10 == 1 else "none"
        place = f"SRID=4490;POINT({lon} {lat})"
        session.add(
            PollutionSource(name=f"企业{number}", kind=kind, permit_class=permit, geom=place)
        )
    session.flush()
    sizes = np.minimum(rng.zipf(2.1, count), 150)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), count)) + 1]
    _matters(session, sizes, units=units, now=now, rng=rng)
    session.execute(text("ANALYZE"))


def _matters(
    session: Session,
    sizes: np.ndarray,
    *,
    units: np.ndarray,
    now: datetime,
    rng: np.random.Generator,
) -> None:
    """Write matters and complaints with COPY."""
    x, y = rng.random(len(sizes)) * WIDTH * 0.999, rng.random(len(sizes)) * WIDTH * 0.999
    cell = (x // (WIDTH / TOWNS)).astype(int) * UNITS + (y // (WIDTH / UNITS)).astype(int)
    opened = rng.random(len(sizes)) * 364
    kinds = np.array(["air", "water", "noise", "solid_waste"])[rng.integers(0, 4, len(sizes))]
    raw = session.connection().connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor:
        with cursor.copy(
            "COPY complaint_matter (id, grid_id, matter_no, title, state, pollution_types,"
            " respondent_source_id, opened_at, closed_at, geom) FROM STDIN"
        ) as copy:
            for number in range(len(sizes)):
                at = now - timedelta(days=float(opened[number]))
                closed = at + timedelta(days=20)
                copy.write_row(
                    (
                        number + 1,
                        int(units[cell[number]]),
                        f"SX{number:07d}",
                        f"事项{number}",
                        "closed" if closed < now else "handling",
                        [str(kinds[number])],
                        number % SOURCES + 1 if number % 3 == 0 else None,
                        at,
                        closed if closed < now else None,
                        f"SRID=4490;POINT({WEST + x[number]} {SOUTH + y[number]})",
                    )
                )
        with cursor.copy(
            "COPY complaint (id, matter_id, grid_id, complaint_no, source_channel, received_at,"
            " registered_at, pollution_types, summary, geom) FROM STDIN"
        ) as copy:
            serial = 0
            for number, size in enumerate(sizes):
                later = rng.exponential(25, size)
                later = np.where(later > opened[number], opened[number] * rng.random(size), later)
                later[0] = 0
                for wait in later:
                    serial += 1
                    at = now - timedelta(days=float(opened[number] - wait))
                    copy.write_row(
                        (
                            serial,
                            number + 1,
                            int(units[cell[number]]),
                            f"TS{serial:07d}",
                            "proposal" if serial % 200 == 0 else "hotline_12345",
                            at,
                            at,
                            [str(kinds[number])],
                            "夜间有刺鼻气味",
                            f"SRID=4490;POINT({WEST + x[number]} {SOUTH + y[number]})",
                        )
                    )
        cursor.execute(
            "INSERT INTO pii.reporter (complaint_id, mode, phone_hash)"
            " SELECT id, 'named', md5((id % 60000)::text) FROM complaint"
        )


def measure(reader: Reader, *, rounds: int) -> Table:
    """Return p50 and p95 of every page; the first, cold request is left out."""
    table = Table("page", "KB", "p50 ms", "p95 ms", title=f"over HTTP, {rounds} requests each")
    for name, path in PAGES.items():
        spent = []
        for _ in range(rounds + 1):
            start = time.perf_counter()
            status, body = reader.get(path)
            spent.append((time.perf_counter() - start) * 1000)
            assert status == 200, (path, status, body[:500])
        p50, p95 = np.percentile(spent[1:], [50, 95])
        table.add_row(name, f"{len(body) / 1024:.0f}", f"{p50:.0f}", f"{p95:.0f}")
    return table


def work(session: Session, *, now: datetime) -> Table:
    """Return what the jobs cost: a week's scan, and the test for surges."""
    table = Table("job", "seconds", "CPU s", "found", title="jobs")
    day = now.astimezone(ZONE).date()
    wish = ScanWish(monday_of(day), seed=SEED, reason="bench", workers=2)
    for name, run in (
        (
            "scan of a week, 999 replications",
            lambda: scan_clusters(session, wish, zone=ZONE, actor=SYSTEM, now=now)[0].complaints,
        ),
        (
            "test for surges",
            lambda: len(ring_bursts(session, burst_rules(session, day), actor=SYSTEM, now=now)),
        ),
    ):
        start, cpu = time.perf_counter(), time.process_time()
        found = run()
        spent = time.perf_counter() - start, time.process_time() - cpu
        table.add_row(name, f"{spent[0]:.1f}", f"{spent[1]:.1f}", str(found))
    return table


def main() -> None:
    """Fill, serve, measure, print."""
    console, now = Console(width=120), datetime.now(UTC)
    with installation(os.environ.get("LEADER_DATABASE")) as sessions:
        with transaction(sessions) as session:
            if not session.scalar(text("SELECT EXISTS (SELECT FROM complaint)")):
                fill(session, count=COMPLAINTS, now=now, rng=np.random.default_rng(SEED))
            counted = "SELECT count(*), count(DISTINCT matter_id) FROM complaint"
            complaints, matters = session.execute(text(counted)).one()
        console.print(f"{complaints:,} complaints about {matters:,} matters")
        with transaction(sessions) as session:
            console.print(work(session, now=now))
        with served() as reader:
            console.print(measure(reader, rounds=ROUNDS))
        console.print(f"aim: the leader's page below {AIM_S} s")


if __name__ == "__main__":
    main()
