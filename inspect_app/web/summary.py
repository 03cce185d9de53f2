"""The leader's one page: seven figures, the most repeated matters, the cluster map."""

from datetime import datetime, time, timedelta

from flask import Blueprint, render_template, request

from inspect_app.domain.access import Permission
from inspect_app.domain.weeks import monday_of, parse_week
from inspect_app.queries.metrics import figures, week_period
from inspect_app.queries.policies import policy_value
from inspect_app.queries.repeated_matters import repeated_matters
from inspect_app.web.http import actor, database, now, requires, time_zone, today

pages = Blueprint("summary", __name__)

REPEATS_DAYS = 28
"""The top list looks back four weeks, so that a matter does not vanish on Monday morning."""


@pages.get("/summary")
@requires(Permission.SUMMARY_VIEW)
def page() -> str:
    """Show a week up to now: `?week=2026-W13`, by default the current one."""
    asked = request.args.get("week")
    week = parse_week(asked) if asked else monday_of(today())
    scope = actor().scope
    period = week_period(week, cut_off=now(), zone=time_zone())
    since = datetime.combine(week + timedelta(days=7 - REPEATS_DAYS), time(), time_zone())
    matters = repeated_matters(
        database(),
        scope,
        since=since,
        until=period.until,
        count_min=int(policy_value(database(), "repeat_count_min", day=today())),
    )
    return render_template(
        "summary.html",
        figures=figures(database(), period, scope),
        matters=matters,
        period=period,
        week=week,
        since=since,
        earlier=week - timedelta(days=7),
        later=week + timedelta(days=7) if period.end < now() else None,
    )
