"""Tracks: what the fixes of segments say: a line, a grid, a log's distance and covered share."""

from datetime import date
from itertools import pairwise

from shapely.geometry import LineString
from sqlalchemy.orm import Session

from inspect_app.models import PatrolLog
from inspect_app.queries.owners import grid_id_at
from inspect_app.queries.patrol_proof import coverage_of, track_of
from inspect_app.workflows.sync_patrol.records import Fix


def usable_places(fixes: tuple[Fix, ...], *, accuracy_max_m: float) -> list[tuple[float, float]]:
    """Return the places (lon, lat) of usable fixes in order of time, no place twice in a row.

    Of several fixes at one time the most accurate counts; equally accurate ones go by place, so
    that the order in the file decides nothing. Unknown accuracy (None) is let through last.
    """
    best: dict[int, tuple[float, float, float]] = {}
    for at, lon, lat, accuracy in fixes:
        if (accuracy is not None and accuracy > accuracy_max_m) or (lon == 0 and lat == 0):
            continue
        candidate = (accuracy_max_m if accuracy is None else accuracy, lon, lat)
        best[at] = min(best.get(at, candidate), candidate)
    places = [(best[at][1], best[at][2]) for at in sorted(best)]
    return places[:1] + [after for before, after in pairwise(places) if after != before]


def refresh_figures(session: Session, log: PatrolLog, *, day: date) -> None:
    """Compute the log's distance and covered share from all segments that have arrived.

    A log without believable track has driven 0 m; a task without line stops has no share.
    """
    track = track_of(session, log.uid, day=day)
    log.distance_m = track.length_m
    log.covered_share = coverage_of(session, log, track, day=day).share
    session.flush()


def line_of(places: list[tuple[float, float]]) -> str | None:
    """Return the line through places as the database takes it; None for fewer than two."""
    return f"SRID=4490;{LineString(places).wkt}" if len(places) > 1 else None


def grid_of(session: Session, places: list[tuple[float, float]], *, day: date) -> int | None:
    """Return the grid a track begins in; None outside of every grid, or without places."""
    return grid_id_at(session, *places[0], day=day) if places else None
