"""Routes of the cluster map; every number of it comes from one question."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import PollutionType, SourceChannel
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import monday_of, week_text
from inspect_app.models import ClusterScan, NearRepeat
from inspect_app.queries import complaint_counts as counts
from inspect_app.queries import features
from inspect_app.queries.cluster_scans import (
    JudgedGrid,
    found_clusters,
    judged_grids,
    near_repeats_of,
    newest_scan,
)
from inspect_app.queries.grid_names import grid_choices
from inspect_app.web.clusters.arguments import (
    COUNTS,
    SPANS,
    address_of,
    asked_filter,
    asked_page,
    asked_question,
    asked_zoom,
)
from inspect_app.web.clusters.exports import CSV, XLSX, csv_file, csv_table, xlsx_file
from inspect_app.web.clusters.patterns import (
    Cells,
    grids_json,
    grids_table,
    repeats_json,
    repeats_table,
)
from inspect_app.web.clusters.shown import (
    WORDS,
    cell_json,
    complaint_json,
    legend,
    ring_json,
    row_json,
    scan_json,
    totals_json,
)
from inspect_app.web.http import actor, database, json_answer, now, requires, time_zone, today
from inspect_app.web.map.arguments import visible_layers
from inspect_app.web.map.shown import configuration, map_canvas
from inspect_app.workflows.note_export import note_export
from inspect_app.workflows.ring_bursts import acknowledge

pages = Blueprint("clusters", __name__)

BASE_LAYERS = ("grids", "waterways")
HOT_GRIDS = "hot_grids"
WEEKS_BACK = 53
"""Weeks the slider reaches back: a year, and the present week."""
REFRESH_S = 60


@pages.get("/clusters")
@requires(Permission.SUMMARY_VIEW)
def page() -> str:
    """Show the map of repeat complaints with its list; `?screen=1` is for the wall."""
    chosen, canvas = asked_filter(), map_canvas()
    extent = features.extent(database(), actor().scope, day=today())
    seen = visible_layers()
    base = configuration(
        {key: seen[key] for key in (*BASE_LAYERS, HOT_GRIDS) if key in seen},
        map_name=canvas.name,
        extent=extent,
        week=chosen.last_week,
    )
    return render_template(
        "clusters_screen.html" if _on_screen() else "clusters.html",
        canvas=canvas,
        chosen=chosen,
        kept=address_of(chosen),
        spans=SPANS,
        counts=sorted({*COUNTS, chosen.count_min}),
        types=list(PollutionType),
        channels=list(SourceChannel),
        grids=grid_choices(database(), actor().scope, day=today()),
        last_weeks=WEEKS_BACK,
        configuration=base | _own_configuration(chosen),
    )


@pages.get("/api/clusters/cells")
@requires(Permission.SUMMARY_VIEW)
def cells() -> Response:
    """Answer with the circles of a zoom and the rings of the week; their sums are the total."""
    question, named = asked_question(), not _on_screen()
    scan = newest_scan(database(), until=question.chosen.last_week)
    rings = [] if scan is None else found_clusters(database(), scan, actor().scope)
    found, totals = counts.cells(database(), question, zoom=asked_zoom())
    return json_answer(
        {
            "cells": [cell_json(cell, named=named) for cell in found],
            "rings": [ring_json(ring, named=named) for ring in rings],
            "scan": scan_json(scan),
            "totals": totals_json(totals),
        }
    )


@pages.get("/api/clusters/list")
@requires(Permission.SUMMARY_VIEW)
def rows() -> Response:
    """Answer with a page of matters and the totals; `cell=` narrows to one circle."""
    question, named, number = asked_question(), not _on_screen(), asked_page()
    lines, totals = counts.matter_counts(database(), question, page=number)
    return json_answer(
        {
            "rows": [row_json(line, named=named) for line in lines],
            "page": number,
            "totals": totals_json(totals),
        }
    )


@pages.get("/api/clusters/matters/<int:matter_id>")
@requires(Permission.SUMMARY_VIEW)
def complaints(matter_id: int) -> Response:
    """Answer with the complaints behind a line of the list; nothing of who complained."""
    found = counts.complaints_of(database(), asked_question(), matter_id)
    if found is None:
        raise Problem("not_found", what="事项")
    lines, number = found
    return json_answer({"complaints": [complaint_json(line) for line in lines], "count": number})


@pages.get("/api/clusters/patterns")
@requires(Permission.SUMMARY_VIEW)
def patterns() -> Response:
    """Answer with the near repeats of the county and the hot grids of the scope."""
    scan = newest_scan(database(), until=asked_filter().last_week)
    return json_answer(
        {"repeats": repeats_json(scan, _repeats(scan)), "grids": grids_json(scan, _grids(scan))}
    )


@pages.get("/clusters/tables/<table>.csv")
@requires(Permission.SUMMARY_VIEW)
def export_table(table: str) -> Response:
    """Return near repeats or all judged grids of the scope as a file."""
    asked_week = asked_filter().last_week
    rows = _tables(asked_week).get(table)
    if rows is None:
        raise Problem("not_found", what="文件")
    week = week_text(asked_week)
    asked = {"week": week, "table": table}
    note_export(database(), asked, rows=len(rows) - 1, actor=actor(), now=now())
    return csv_table(rows, name=f"{table}-{week}")


@pages.get("/clusters/complaints.<form>")
@requires(Permission.SUMMARY_VIEW)
def export(form: str) -> Response:
    """Return the list as the page shows it, as a file: CSV or XLSX."""
    if form not in (CSV, XLSX):
        raise Problem("not_found", what="文件")
    question = asked_question()
    lines, _ = counts.matter_counts(database(), question, page=None)
    note_export(database(), address_of(question.chosen), rows=len(lines), actor=actor(), now=now())
    if form == CSV:
        return csv_file(lines, question, cut_off=now())
    tables = _tables(question.chosen.last_week)
    return xlsx_file(lines, question, tables=tables, cut_off=now())


@pages.post("/alarms/<int:alarm_id>/acknowledge")
@requires(Permission.SUMMARY_VIEW)
def acknowledge_alarm(alarm_id: int) -> AnyResponse:
    """Note that somebody has seen an alarm and what follows."""
    note = request.form.get("note", "")
    acknowledge(database(), alarm_id, note=note, actor=actor(), now=now())
    return redirect(url_for("summary.page"))


def _repeats(scan: ClusterScan | None) -> list[NearRepeat]:
    return [] if scan is None else near_repeats_of(database(), scan)


def _grids(scan: ClusterScan | None) -> list[JudgedGrid]:
    return [] if scan is None else judged_grids(database(), scan, actor().scope)


def _tables(week: date) -> dict[str, list[Cells]]:
    scan = newest_scan(database(), until=week)
    return {
        "near_repeats": repeats_table(scan, _repeats(scan)),
        "hot_grids": grids_table(scan, _grids(scan)),
    }


def _own_configuration(chosen: counts.ComplaintFilter) -> dict[str, Any]:
    return {
        "cells": url_for("clusters.cells"),
        "rows": url_for("clusters.rows"),
        "complaints": url_for("clusters.complaints", matter_id=0).removesuffix("0"),
        "export": url_for("clusters.export", form="FORM"),
        "patterns": url_for("clusters.patterns"),
        "run": url_for("clusters.run_state"),
        "asked": address_of(chosen),
        "weeks": [_week(monday_of(today()) - timedelta(days=7 * n)) for n in range(WEEKS_BACK)],
        "time_zone": time_zone().key,
        "screen": _on_screen(),
        "refresh_s": REFRESH_S,
        "words": {name: gettext(word) for name, word in WORDS.items()},
        "legend": legend(),
    }


def _week(monday: date) -> dict[str, str]:
    last = monday + timedelta(days=6)
    return {"week": week_text(monday), "first": monday.isoformat(), "last": last.isoformat()}


def _on_screen() -> bool:
    return request.args.get("screen") == "1"
