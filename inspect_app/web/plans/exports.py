"""A plan on paper and for other devices: sheets and tracks."""

from flask import Response, render_template

from inspect_app.web.http import requires
from inspect_app.web.plans.blueprint import P, pages, sheet_at
from inspect_app.web.plans.gpx import gpx


@pages.get("/plans/tasks/<int:task_id>/sheet")
@requires(P.PLAN_VIEW)
def sheet(task_id: int) -> str:
    """Show a crew-day for printing."""
    return render_template("plans/sheet.html", sheet=sheet_at(task_id))


@pages.get("/plans/tasks/<int:task_id>.gpx")
@requires(P.PLAN_VIEW)
def track(task_id: int) -> Response:
    """Return a crew-day for a navigation device."""
    answer = Response(gpx(sheet_at(task_id)), mimetype="application/gpx+xml")
    answer.headers["Content-Disposition"] = f"attachment; filename=task-{task_id}.gpx"
    return answer
