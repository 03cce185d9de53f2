"""The leader's one page: seven figures, the most repeated matters, the cluster map."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, render_template

from inspect_app.db import map_reader
from inspect_app.domain.access import Permission
from inspect_app.domain.alarm_codes import Confidence
from inspect_app.queries import features
from inspect_app.queries.bursts import alarms
from inspect_app.queries.cluster_scans import FoundCluster, found_clusters, newest_scan
from inspect_app.queries.metrics import Period, figures, week_period
from inspect_app.queries.policies import policy_value
from inspect_app.queries.rebounds import rebounds
from inspect_app.queries.repeated_matters import repeated_matters
from inspect_app.queries.visits import visit_lists
from inspect_app.web.clusters.shown import cluster_sentence
from inspect_app.web.http import (
    actor,
    database,
    now,
    requires,
    time_zone,
    today,
)
from inspect_app.web.map.arguments import asked_week, visible_layers
from inspect_app.web.map.shown import configuration, map_canvas
from layers.canvas import Canvas

pages = Blueprint("summary", __name__)

REPEATS_DAYS = 28
"""The top list looks back four weeks, so that a matter does not vanish on Monday morning."""


TOP = 6
LINES = 4
"""Lines of a list; one page has room for no more."""
MAP_LAYERS = ("grids", "waterways", "repeats")


@pages.get("/summary")
@requires(Permission.SUMMARY_VIEW)
def page() -> str:
    """Show a week up to now: `?week=2026-W13`, by default the current one."""
    week = asked_week()
    scope = actor().scope
    period = week_period(week, cut_off=now(), zone=time_zone())
    since = datetime.combine(week + timedelta(days=7 - REPEATS_DAYS), time(), time_zone())
    matters = repeated_matters(
        database(),
        scope,
        since=since,
        until=period.until,
        count_min=int(policy_value(database(), "repeat_count_min", day=today())),
        limit=TOP,
    )
    canvas = map_canvas()
    day = (period.until - timedelta(microseconds=1)).astimezone(time_zone()).date()
    scan = newest_scan(database(), until=week)
    rebound, rebound_count = rebounds(
        database(),
        scope,
        since=since,
        until=period.until,
        days=policy_value(database(), "rebound_days", day=today()),
        limit=LINES,
    )
    rung = alarms(database(), scope, since=period.start, until=period.until, limit=LINES)
    room = max(1, LINES - 1 - len(rung))
    return render_template(
        "summary.html",
        alarms=rung,
        clusters=_sure(found_clusters(database(), scan, scope) if scan else [], most=room),
        cluster_sentence=cluster_sentence,
        scan=scan,
        rebounds=rebound,
        rebound_count=rebound_count,
        visits=visit_lists(database(), scope, until=period.until, day=day),
        figures=figures(database(), period, scope),
        matters=matters,
        period=period,
        week=week,
        since=since,
        earlier=week - timedelta(days=7),
        later=week + timedelta(days=7) if period.end < now() else None,
        canvas=canvas,
        configuration=_configuration(canvas, week, since=since, period=period),
    )


def _sure(found: list[FoundCluster], *, most: int) -> list[FoundCluster]:
    """Return the clusters that are hardly chance; the others stand on the page of clusters."""
    return [one for one in found if one.confidence is not Confidence.COULD_BE_CHANCE][:most]


def _configuration(
    canvas: Canvas, week: date, *, since: datetime, period: Period
) -> dict[str, Any]:
    """Return the map's configuration, with the four weeks that map and top list share."""
    seen = visible_layers()
    with map_reader(database()) as session:
        extent = features.extent(session, actor().scope, day=today())
    found = configuration(
        {key: seen[key] for key in MAP_LAYERS if key in seen},
        map_name=canvas.name,
        extent=extent,
        week=week,
    )
    last = (period.until - timedelta(microseconds=1)).astimezone(time_zone())
    found["period"] = {
        "since": since.date().isoformat(),
        "until": last.date().isoformat(),
        "home": found["extent"],
    }
    return found
