"""The division of work between units: which kind goes to whom; add and end, with the source."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import PollutionType
from inspect_app.domain.intake import SUBTYPES
from inspect_app.domain.problems import Problem
from inspect_app.queries.routing import routing_book
from inspect_app.web.http import (
    actor,
    database,
    now,
    parsed_day,
    requires,
    roll_back,
    sentence,
    today,
)
from inspect_app.web.statuses import status_of
from inspect_app.workflows.plan_week import require_county
from inspect_app.workflows.set_routing import (
    TEXT_MAX,
    RoutingDraft,
    RoutingEnd,
    add_routing,
    end_routing,
)

pages = Blueprint("routing", __name__, url_prefix="/administration/routing")

P = Permission


@pages.get("")
@requires(P.ROUTING_SET)
def page() -> str:
    """Show the rules in force, to come and past, and the form of a new one."""
    require_county(actor(), P.ROUTING_SET)
    return _page()


@pages.post("")
@requires(P.ROUTING_SET)
def add() -> AnyResponse:
    """Add the rule of the form."""
    try:
        row = add_routing(database(), _draft(), actor=actor(), today=today(), now=now())
    except Problem as problem:
        return _refused(problem)
    flash(gettext("已新增,自%(day)s起执行", day=row.valid_from.isoformat()))
    return redirect(url_for("routing.page"))


@pages.post("/<int:rule_id>/end")
@requires(P.ROUTING_SET)
def end(rule_id: int) -> AnyResponse:
    """End a rule from a day on."""
    try:
        ending = RoutingEnd(parsed_day("自", _text("day")), request.form.get("source", ""))
        end_routing(database(), rule_id, ending, actor=actor(), today=today(), now=now())
    except Problem as problem:
        return _refused(problem, ended=rule_id)
    flash(gettext("已终止,自%(day)s起不再适用", day=ending.day.isoformat()))
    return redirect(url_for("routing.page"))


def _refused(problem: Problem, *, ended: int = 0) -> Response:
    """Return the page with what is wrong on top; the form that was sent keeps what it said."""
    roll_back()
    require_county(actor(), P.ROUTING_SET)
    body = _page(message=sentence(problem), ended=ended)
    return Response(body, status_of(problem))


def _page(message: str = "", ended: int = 0) -> str:
    return render_template(
        "routing.html",
        book=routing_book(database(), today=today()),
        subtypes={kind: SUBTYPES.get(kind, ()) for kind in PollutionType},
        message=message,
        ended=ended,
        form=request.form,
        text_max=TEXT_MAX,
        today=today(),
    )


def _draft() -> RoutingDraft:
    kind, _, subtype = _text("kind").partition(":")
    last = _text("last_day")
    return RoutingDraft(
        pollution_type=kind,
        subtype=subtype or None,
        department=request.form.get("department", ""),
        valid_from=parsed_day("自", _text("valid_from")),
        last_day=parsed_day("至", last) if last else None,
        source=request.form.get("source", ""),
    )


def _text(field: str) -> str:
    return request.form.get(field, "").strip()
