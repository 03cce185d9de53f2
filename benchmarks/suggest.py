"""Likely same matters while typing: building the index and asking it, in process and over HTTP.

A PostGIS of its own is filled with a generated year of complaints. The time is that of the whole
answer: what is new is read, the index asked, the matters looked up.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.served import Reader, installation, make_reader, served
from gis.repeats import Complaint as Call
from inspect_app.db import transaction
from inspect_app.demo.complaint_texts import TOPICS
from inspect_app.domain.access import EVERYWHERE, Role
from inspect_app.queries.repeat_index import CHECK_EVERY_S, LiveRepeats, kind_key

NOW = datetime.now(UTC)
TOWNS = 40
PROMISED_MS = 150
LEAST = 0.1

MATTERS = text("""
    INSERT INTO complaint_matter (matter_no, title, pollution_types, opened_at)
    SELECT 'BENCH' || n, 'bench', '{air}', :now FROM generate_series(1, :matters) n
""")
COMPLAINTS = text("""
    INSERT INTO complaint (matter_id, complaint_no, source_channel, received_at, registered_at,
      pollution_types, summary, geom)
    SELECT m.id, 'BENCHC' || n, 'phone_12369', :now - random() * interval '364 days', :now,
      ARRAY[(ARRAY['air', 'water', 'noise', 'solid_waste'])[1 + n % 4]],
      replace(replace((CAST(:texts AS text[]))[1 + n % :kinds], '{who}', '第' || n % 900 || '号厂'),
        '{place}', '第' || n % 400 || '村'),
      ST_SetSRID(ST_MakePoint(106 + (n * 7919 % :towns) % 8 * 0.08 + random() * 0.03,
        38 + (n * 7919 % :towns) / 8 * 0.08 + random() * 0.03), 4490)
    FROM generate_series(1, :rows) n
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS turn FROM complaint_matter
      WHERE matter_no LIKE 'BENCH%') m ON m.turn = 1 + n % :matters
""")


def calls(count: int, rng: np.random.Generator) -> list[Call]:
    """Return calls as a clerk types them: a place, kinds, a text."""
    texts = [one for topic in TOPICS for one in topic.texts]
    made = []
    for _ in range(count):
        town = int(rng.integers(TOWNS))
        east, north = rng.uniform(0, 0.03, 2)
        place = (106 + town % 8 * 0.08 + east, 38 + town // 8 * 0.08 + north)
        said = texts[rng.integers(len(texts))]
        summary = said.format(who=f"第{rng.integers(900)}号厂", place=f"第{rng.integers(400)}村")
        made.append(Call("", NOW, place, kind_key(["air"]), summary))
    return made


def repeats(session: Session, count: int) -> list[Call]:
    """Return calls about what others have called about: the same words, some 30 m off."""
    found = session.execute(
        text("SELECT ST_X(geom), ST_Y(geom), pollution_types, summary FROM complaint"
             " WHERE received_at > :since ORDER BY id LIMIT :count"),
        {"since": NOW - timedelta(days=60), "count": count},
    )  # fmt: skip
    return [
        Call("", NOW, (lon + 0.0003, lat), kind_key(types), said) for lon, lat, types, said in found
    ]


def main(options: Sequence[str] = ()) -> None:
    """Print the time to build and the spread of the answers' times, in process and over HTTP."""
    parser = argparse.ArgumentParser(prog="benchmarks suggest")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=200)
    given = parser.parse_args(options)
    with installation() as sessions:
        with transaction(sessions) as session:
            _fill(session, given.rows)
            make_reader(session, Role.CLERK)
            asked = repeats(session, given.calls // 2)
        asked += calls(given.calls - len(asked) + 1, np.random.default_rng(1))
        with sessions() as session:
            in_process(session, asked, rows=given.rows)
        with served() as reader:
            over_http(reader, asked)
    print(f"promised: p95 at most {PROMISED_MS} ms; news are read every {CHECK_EVERY_S:g} s")


def in_process(session: Session, asked: Sequence[Call], *, rows: int) -> None:
    """Build the index and ask it; print what each costs."""

    def here(work: Callable[[Session], None]) -> None:
        work(session)

    live = LiveRepeats(here)
    begun, cpu = time.perf_counter(), time.process_time()
    live.suggest(session, asked[0], scope=EVERYWHERE, least=LEAST)
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(f"{rows:,} complaints: built in {wall:.1f} s ({cpu:.1f} s CPU)")
    times = [_asked(session, live, one) for one in asked[1:]]
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of the process {used:.0f} MB")
    _print("wall", [wall for wall, _ in times])
    _print("CPU", [cpu for _, cpu in times])


def over_http(reader: Reader, asked: Sequence[Call]) -> None:
    """Ask as the form does while a clerk types; the answers before the index is built count not."""
    reader.read_token("/complaints/new")
    bodies = [
        {"lon": one.xy[0], "lat": one.xy[1], "types": one.kind.split("+"), "summary": one.text}
        for one in asked
        if one.xy is not None
    ]
    path = "/api/complaints/suggestions"
    while not reader.tell(path, bodies[0])["ready"]:
        time.sleep(0.5)
    times, shown = [], 0
    for body in bodies[1:]:
        begun = time.perf_counter()
        shown += len(reader.tell(path, body)["matters"])
        times.append(time.perf_counter() - begun)
    _print("HTTP", times)
    print(f"matters shown an answer {shown / len(times):.1f}")


def _print(name: str, seconds: Sequence[float]) -> None:
    p50, p95, most = np.percentile(seconds, [50, 95, 100]) * 1000
    print(f"{name:5} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   max {most:6.1f} ms")


def _fill(session: Session, rows: int) -> None:
    texts = [one for topic in TOPICS for one in topic.texts]
    matters = max(rows * 6 // 10, 1)
    session.execute(MATTERS, {"now": NOW, "matters": matters})
    values = {"now": NOW, "texts": texts, "kinds": len(texts), "towns": TOWNS}
    session.execute(COMPLAINTS, values | {"rows": rows, "matters": matters})
    session.execute(text("ANALYZE complaint, complaint_matter"))


def _asked(session: Session, live: LiveRepeats, call: Call) -> tuple[float, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    found = live.suggest(session, call, scope=EVERYWHERE, least=LEAST)
    assert found is not None
    return time.perf_counter() - begun, time.process_time() - cpu


if __name__ == "__main__":
    main()
