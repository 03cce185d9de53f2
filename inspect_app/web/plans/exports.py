"""A plan on paper and for other devices: sheets, tracks, calendars of a day, a crew, the week."""

from collections.abc import Sequence

from flask import Response, render_template, request

from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.models import PatrolPlan
from inspect_app.queries.plan_tasks import TaskSheet, plan_sheets
from inspect_app.web.http import actor, database, requires, time_zone
from inspect_app.web.plans.blueprint import P, pages, plan_at, sheet_at
from inspect_app.web.plans.calendar import calendar
from inspect_app.web.plans.gpx import gpx
from inspect_app.web.plans.kml import kml

TYPES = {
    "gpx": "application/gpx+xml",
    "kml": "application/vnd.google-earth.kml+xml",
    "ics": "text/calendar; charset=utf-8",
}


@pages.get("/plans/tasks/<int:task_id>/sheet")
@requires(P.PLAN_VIEW)
def sheet(task_id: int) -> str:
    """Show a crew-day for printing."""
    return render_template("plans/sheet.html", sheet=sheet_at(task_id))


@pages.get("/plans/<int:plan_id>/sheet")
@requires(P.PLAN_VIEW)
def plan_sheet(plan_id: int) -> str:
    """Show all crew-days, or those of `?crew=`, for printing: a page each."""
    plan = plan_at(plan_id)
    return render_template("plans/sheets.html", plan=plan, sheets=_sheets(plan))


@pages.get("/plans/tasks/<int:task_id>.<form>")
@requires(P.PLAN_VIEW)
def task_file(task_id: int, form: str) -> Response:
    """Return a crew-day for a navigation device, a map or a calendar."""
    one = sheet_at(task_id)
    title = f"{one.crew.name} {one.task.day.isoformat()}"
    return _file([one], form=form, title=title, name=f"task-{task_id}")


@pages.get("/plans/<int:plan_id>.<form>")
@requires(P.PLAN_VIEW)
def plan_file(plan_id: int, form: str) -> Response:
    """Return all crew-days, or those of `?crew=`, in one file."""
    plan = plan_at(plan_id)
    crew_id = request.args.get("crew", type=int)
    sheets, week = _sheets(plan), week_text(plan.week)
    whose = f"{sheets[0].crew.name} " if crew_id else ""
    name = f"plan-{week}-v{plan.version}" + (f"-crew-{crew_id}" if crew_id else "")
    return _file(sheets, form=form, title=f"{whose}{week}", name=name)


def _sheets(plan: PatrolPlan) -> list[TaskSheet]:
    crew_id = request.args.get("crew", type=int)
    found = plan_sheets(database(), plan, actor().scope, crew_id=crew_id)
    if not found:
        raise Problem("not_found", what="巡查任务")
    return found


def _file(sheets: Sequence[TaskSheet], *, form: str, title: str, name: str) -> Response:
    if form not in TYPES:
        raise Problem("not_found", what="计划")
    if form == "gpx":
        body = gpx(sheets)
    elif form == "kml":
        body = kml(sheets, title=title, zone=time_zone())
    else:
        body = calendar(sheets, title=title, zone=time_zone())
    answer = Response(body, content_type=TYPES[form])
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.{form}"
    return answer
