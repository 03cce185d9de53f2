"""Change the published plan of a week: what has happened, two offers side by side, adoption."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from threading import Thread
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from gis.routing.explain import REASONS, Reason
from gis.routing.warm import warm_up
from inspect_app.domain.access import Permission
from inspect_app.domain.codes import (
    ChangeWay,
    ObjectKind,
    PollutionType,
    Severity,
    SourceChannel,
)
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import monday_of, parse_week, week_text
from inspect_app.models import PatrolPlan, PlanChange
from inspect_app.queries.change_map import change_map
from inspect_app.queries.happenings import crews_out, happenings, objects_named
from inspect_app.queries.patrol_week import task_key
from inspect_app.queries.plan_changes import adopted_changes, offers_to, published_plan
from inspect_app.queries.policies import policy_value
from inspect_app.web.http import (
    AnyCode,
    actor,
    chosen_code,
    database,
    json_answer,
    now,
    requires,
    settings,
    time_zone,
    today,
)
from inspect_app.web.places import parsed_point, sight
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_week import require_county
from inspect_app.workflows.register_matter import MatterDraft, register_matter
from inspect_app.workflows.replan_week import ChangeRequest, adopt_change, make_offers
from inspect_app.workflows.travel_cache import MatrixStore

pages = Blueprint("replan", __name__)

P = Permission
DAYS = 7


@cache
def _begin_warming() -> Thread:
    """Load the compiled search while the reader still reads: the offers then come at once."""
    thread = Thread(target=warm_up, name="warm-up", daemon=True)
    thread.start()
    return thread


@pages.get("/plans/changes")
@requires(P.PLAN_PUBLISH)
def page() -> str:
    """Show `?week=2026-W13`: what calls for a change, the offers made to the reader, past changes.

    `&find=` looks for objects by name, to be visited urgently.
    """
    require_county(actor(), P.PLAN_PUBLISH)
    asked = request.args.get("week")
    week = parse_week(asked) if asked else monday_of(today())
    plan = published_plan(database(), week)
    if plan is not None:
        _begin_warming()
    wanted = request.args.get("find", "").strip()
    return render_template(
        "replan.html",
        week=week,
        plan=plan,
        ended=today() >= week + timedelta(days=DAYS),
        found=None if plan is None else _happenings(plan),
        crews=[] if plan is None else crews_out(database(), plan, today=today()),
        days=[day for day in (week + timedelta(days=n) for n in range(DAYS)) if day >= today()],
        find=wanted,
        objects=objects_named(database(), wanted) if wanted else [],
        offers=[] if plan is None else [_Offer(one) for one in _offers(plan)],
        adopted=[] if plan is None else adopted_changes(database(), plan),
        ways=ChangeWay,
        promise_h=policy_value(database(), "urgent_arrival_h", day=today()),
        rain_h=policy_value(database(), "rain_check_h", day=today()),
        form=request.args,
        extent=sight(),
        may_register=actor().may(P.COMPLAINT_REGISTER),
        channels=list(SourceChannel),
        types=list(PollutionType),
    )


@pages.post("/plans/changes")
@requires(P.PLAN_PUBLISH)
def offer() -> Response:
    """Compute the two offers for what the form says.

    A place picked on the map is registered as an urgent matter first; where no offer can be made,
    nothing is kept of it.
    """
    require_county(actor(), P.PLAN_PUBLISH)
    week = parse_week(request.form.get("week", ""))
    plan = published_plan(database(), week)
    if plan is None:
        raise Problem("plan_not_published", week=week_text(week))
    asked = _asked(request.form, week=week)
    place = _new_place(request.form)
    if place is not None:
        matter = register_matter(database(), place, actor=actor(), now=now())
        key = task_key(ObjectKind.MATTER, matter.id, timed=False)
        asked = replace(asked, urgent=(*asked.urgent, key))
    make_offers(database(), plan, asked, hand=_hand())
    return redirect(url_for("replan.page", week=week_text(week), _anchor="offers"))


@pages.post("/plans/changes/<int:change_id>/adopt")
@requires(P.PLAN_PUBLISH)
def adopt(change_id: int) -> Response:
    """Adopt an offer with the reason of the form."""
    change = database().get(PlanChange, change_id)
    if change is None or not actor().scope.everywhere:
        raise Problem("not_found", what=gettext("调整方案"))
    plan = adopt_change(
        database(),
        change,
        reason=request.form.get("reason", "").strip(),
        hand=_hand(),
    )
    flash(gettext("计划已调整(第%(revision)s次),班组平板同步后即可看到", revision=plan.revision))
    return redirect(url_for("replan.page", week=week_text(plan.week)))


@pages.get("/api/plans/changes/<int:change_id>/routes")
@requires(P.PLAN_PUBLISH)
def routes(change_id: int) -> Response:
    """Return what the map shows of an offer: the touched crew-days before and after."""
    change = database().get(PlanChange, change_id)
    if change is None or change.revision is not None or not actor().scope.everywhere:
        raise Problem("not_found", what=gettext("调整方案"))
    return json_answer(change_map(database(), change))


def _hand() -> Hand:
    return Hand(actor(), now(), time_zone(), store=MatrixStore(settings().data_dir))


class _Offer:
    """An offer as the page shows it."""

    def __init__(self, change: PlanChange) -> None:
        self.change = change
        self.way = ChangeWay(change.way)
        self.figures = change.figures
        self.visits = [
            visit
            for visit in change.moves["visits"]
            if visit["asked"] or visit["from"] != visit["to"]
        ]
        self.arrivals = [_arrival(one) for one in change.figures["arrivals"]]
        self.unserved = [
            (one["name"], _reason(one["reason"], one["facts"]["facts"]))
            for one in change.figures["unserved"]
        ]


def _arrival(stored: Mapping[str, Any]) -> dict[str, Any]:
    nearest = stored["nearest"][0] if stored["nearest"] else None
    return {
        "name": stored["name"],
        "kept": stored["kept"],
        "crew": stored["crew"],
        "at": None if stored["at"] is None else datetime.fromisoformat(stored["at"]),
        "promise": datetime.fromisoformat(stored["promise"]),
        "nearest_crew": None if nearest is None else nearest["crew"],
        "nearest_at": None if nearest is None else datetime.fromisoformat(nearest["at"]),
    }


def _reason(code: str, facts: Mapping[str, Any]) -> str:
    return str(gettext(REASONS[Reason(code)])) % facts


def _happenings(plan: PatrolPlan) -> Any:  # noqa: ANN401 - what the query returns
    promise = timedelta(hours=policy_value(database(), "urgent_arrival_h", day=today()))
    return happenings(database(), plan, today=today(), promise=promise)


def _offers(plan: PatrolPlan) -> list[PlanChange]:
    return offers_to(database(), plan, person_id=actor().person_id)


def _new_place(form: MultiDict[str, str]) -> MatterDraft | None:
    """Return the place picked on the map and what was told of it; None where none was picked."""
    if not any(form.get(name) for name in ("lon", "lat", "summary")):
        return None
    lon, lat = parsed_point(form)
    return MatterDraft(
        summary=form.get("summary", ""),
        lon=lon,
        lat=lat,
        channel=_told(SourceChannel, form.get("channel", "")),
        pollution_type=_told(PollutionType, form.get("pollution_type", "")),
        severity=Severity.URGENT,
    )


def _told(codes: type[AnyCode], text: str) -> AnyCode:
    code = chosen_code(codes, text)
    if code is None:
        expected = "/".join(one.value for one in codes)
        raise Problem("field_invalid", field=codes.__name__, expected=expected, found="")
    return code


def _asked(form: MultiDict[str, str], *, week: date) -> ChangeRequest:
    """Return what the form's boxes say; unknown numbers and names fall away later."""
    absent: dict[int, list[int]] = {}
    for text in form.getlist("absent"):
        crew, _, day = text.partition(" ")
        if crew.isdecimal():
            absent.setdefault(int(crew), []).append((date.fromisoformat(day) - week).days)
    return ChangeRequest(
        urgent=tuple(dict.fromkeys(form.getlist("urgent"))),
        absent=tuple((crew, tuple(days)) for crew, days in sorted(absent.items())),
        not_done=tuple(int(text) for text in form.getlist("not_done") if text.isdecimal()),
        exempted=tuple(form.getlist("exempted")),
        rain="rain" in form,
        roads="roads" in form,
    )
