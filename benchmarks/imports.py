"""Import and assignment: rows a second for generated complaints, points a second in the database.

DATABASE_URL names a migrated database; everything is rolled back.
"""

import csv
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from inspect_app.config import Settings
from inspect_app.db import make_engine
from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.assign_grids import assign_grids
from inspect_app.workflows.import_file import ImportRequest, import_file

ROWS = 50_000
SIDE = 40
NOW = datetime(2026, 3, 24, 1, 0, tzinfo=UTC)


def write_complaints(path: Path, *, rng: np.random.Generator) -> None:
    """Write complaints spread over one degree, with Chinese headers."""
    places = rng.uniform([120, 30], [121, 31], (ROWS, 2)).round(6)
    with path.open("w", newline="", encoding="gb18030") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["外部编号", "来件时间", "来源渠道", "污染类型", "事发地址", "反映内容", "经度", "纬度"]
        )
        for n, (lon, lat) in enumerate(places):
            at = f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d} {n % 24:02d}:{n % 60:02d}:00"
            writer.writerow(
                [f"G{n}", at, "12345热线", "大气", f"路{n % 997}号", f"夜间异味{n}", lon, lat]
            )


def make_grids(session: Session) -> None:
    """Make a county of SIDE × SIDE cells."""
    session.execute(
        text(
            "INSERT INTO grid (code, name, depth, level_name, path, area_km2, valid_from, geom)"
            " SELECT (990000000 + x * :side + y)::text, 'cell', 2, 'cell', '/', 1, '2020-01-01',"
            " ST_Multi(ST_MakeEnvelope(120 + x / :side::float, 30 + y / :side::float,"
            " 120 + (x + 1) / :side::float, 30 + (y + 1) / :side::float, 4490))"
            " FROM generate_series(0, :last) x, generate_series(0, :last) y".replace(
                ":side::float", "CAST(:side AS float)"
            )
        ),
        {"side": SIDE, "last": SIDE - 1},
    )


def main() -> None:
    """Print rows and points a second."""
    engine = make_engine(Settings())  # type: ignore[call-arg]  # filled from the environment
    with tempfile.TemporaryDirectory() as folder, Session(engine) as session:
        path = Path(folder) / "complaints.csv"
        write_complaints(path, rng=np.random.default_rng(1))
        make_grids(session)
        request = ImportRequest("complaints", path, path.name, NOW.date(), crs="GCJ02")
        for title in ("import", "again"):
            start = time.perf_counter()
            report = import_file(session, request, actor=SYSTEM, now=NOW)
            took = time.perf_counter() - start
            print(f"{title:8} {ROWS / took:10,.0f} rows/s   {dict(report.counts)}")
        start = time.perf_counter()
        (result,) = assign_grids(
            session, ["complaints"], tolerance_m=30, day=NOW.date(), actor=SYSTEM, now=NOW
        )
        took = time.perf_counter() - start
        print(f"{'assign':8} {result.rows / took:10,.0f} points/s {dict(result.how)}")
        session.rollback()
    engine.dispose()


if __name__ == "__main__":
    main()
