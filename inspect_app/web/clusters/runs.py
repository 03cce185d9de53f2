"""A week's scan in the background: ask for it, stop it, see how it stands."""

from datetime import date
from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from inspect_app.domain.access import Permission
from inspect_app.domain.weeks import parse_week, week_text
from inspect_app.queries.cluster_scans import newest_run
from inspect_app.web.clusters.routes import pages
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    now,
    requires,
    time_zone,
    words,
)
from inspect_app.web.map.arguments import asked_week
from inspect_app.web.views import moment_text
from inspect_app.workflows.run_scan import open_run, request_scan, stop_scan


@pages.post("/clusters/runs")
@requires(Permission.CLUSTER_SCAN)
def start() -> AnyResponse:
    """Queue the scan of a week."""
    week = parse_week(request.form.get("week", ""))
    request_scan(database(), week, zone=time_zone(), actor=actor(), now=now())
    return redirect(url_for("clusters.page", week=week_text(week)))


@pages.post("/clusters/runs/<int:run_id>/stop")
@requires(Permission.CLUSTER_SCAN)
def stop(run_id: int) -> AnyResponse:
    """Stop a scan; nothing of it is kept."""
    run = stop_scan(database(), run_id, actor=actor(), now=now())
    return redirect(url_for("clusters.page", week=week_text(run.week)))


@pages.get("/api/clusters/run")
@requires(Permission.SUMMARY_VIEW)
def run_state() -> Response:
    """Tell how the scan of a week stands, and whether one can be started or stopped."""
    may = actor().may(Permission.CLUSTER_SCAN) and actor().scope.everywhere
    working = open_run(database(), now=now())
    return json_answer(
        {
            "words": run_words(asked_week() if working is None else working.week),
            "works": working is not None,
            "start": url_for("clusters.start") if may and working is None else None,
            "stop": url_for("clusters.stop", run_id=working.id)
            if may and working is not None and working.cancelled_at is None
            else None,
        }
    )


def run_words(week: date) -> str:
    """Say how the last attempt to scan a week went; nothing where it was simply done."""
    found = newest_run(database(), week=week)
    if found is None or found[0].scan_id is not None:
        return ""
    run, stopper = found
    facts: dict[str, Any] = {"week": week_text(week)}
    if run.cancelled_at is not None:
        facts |= {"person": stopper, "moment": moment_text(run.cancelled_at)}
        if run.ended_at is None:
            said = gettext("%(week)s 的扫描正在停止(%(person)s,%(moment)s)", **facts)
        else:
            said = gettext("%(week)s 的扫描已停止(%(person)s,%(moment)s),没有保存结果", **facts)
    elif run.ended_at is not None:
        said = gettext("%(week)s 的扫描没有完成:%(reason)s", reason=words(run.problem), **facts)
    elif run.started_at is None:
        said = gettext("%(week)s 的扫描正在等待后台工作进程", **facts)
    else:
        facts["moment"] = moment_text(run.started_at)
        said = gettext("%(week)s 的扫描正在进行(%(moment)s 开始)", **facts)
    return str(said)
