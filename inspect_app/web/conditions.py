"""Conditions of a week: exemptions, absences, closed roads and crew assignments; record and end."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import (
    AbsenceKind,
    AssignmentRule,
    ExemptionGround,
    ObjectKind,
)
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PlanState
from inspect_app.domain.weeks import monday_of, parse_week, week_text
from inspect_app.models import PatrolPlan
from inspect_app.models.base import Json
from inspect_app.queries.affected_tasks import CONFLICTS, AffectedTask, affected_tasks
from inspect_app.queries.condition_lists import TABLES, condition_lines, counts_of_week
from inspect_app.queries.crews import crew_choices, member_choices
from inspect_app.queries.patrol_objects import (
    FoundRoad,
    NamedObject,
    find_objects,
    find_roads,
    roads_near,
)
from inspect_app.queries.plans import versions
from inspect_app.queries.worklists import grids_to_choose
from inspect_app.web.http import (
    AnyCode,
    actor,
    chosen_code,
    database,
    now,
    parsed_day,
    requires,
    today,
)
from inspect_app.web.places import parsed_point, sight
from inspect_app.workflows.plan_week import require_county
from inspect_app.workflows.record_condition import (
    AssignmentOrder,
    Spell,
    assign_crew,
    close_roads,
    end_condition,
    excuse_person,
    exempt_objects,
    stand_down_crew,
)

pages = Blueprint("conditions", __name__)

P = Permission
DAYS = 7
NEAR_MAX = 6
"""Roads nearest to a point: at a crossing four meet."""
FOUND_MAX = 40
"""More hits than this are no help; the name should be written out further."""

TABS: dict[str, str] = {
    "exemptions": "免巡",
    "crews": "班组停班",
    "persons": "人员缺勤",
    "roads": "道路封闭",
    "assignments": "班组指定",
}
"""The kinds of conditions, as tabs of the page."""


@dataclass(frozen=True, slots=True)
class Affected:
    """The published plan of the week and its tasks that conditions go against."""

    version: int
    tasks: list[AffectedTask]
    changes: str | None
    """Address of the page that adapts the plan."""


@dataclass(frozen=True, slots=True)
class PlanConditions:
    """What a plan says of exemptions (kind, ground, facts) and closed roads."""

    exempted: list[tuple[ObjectKind, ExemptionGround, Json]]
    closed_roads: list[Json]

    @property
    def visits(self) -> int:
        """Visits that would have been due."""
        return sum(row["visits"] for _, _, row in self.exempted)


@pages.get("/plans/conditions")
@requires(P.PLAN_MAKE)
def page() -> str:
    """Show a week's conditions: `?week=2026-W13`, `&of=` a tab, `&q=` and `&kind=` a search.

    `&lon=` and `&lat=` look for the roads nearest to a point: most roads have no name.
    """
    require_county(actor(), P.PLAN_MAKE)
    week, of = _week(request.args.get("week")), _tab(request.args.get("of", "exemptions"))
    return render_template(
        "conditions.html",
        week=week,
        earlier=week - timedelta(days=DAYS),
        later=week + timedelta(days=DAYS),
        of=of,
        tabs=TABS,
        counts=counts_of_week(database(), week),
        lines=condition_lines(database(), of, week=week, today=today()),
        first_day=max(week, today()) if today() < week + timedelta(days=DAYS) else week,
        last_day=week + timedelta(days=DAYS - 1),
        q=request.args.get("q", ""),
        kind=request.args.get("kind", ""),
        kinds=ObjectKind,
        grounds=ExemptionGround,
        absences=AbsenceKind,
        rules=AssignmentRule,
        objects=_found_objects() if of in ("exemptions", "assignments") else [],
        roads=_found_roads() if of == "roads" else [],
        form={name: request.args.get(name, "") for name in ("lon", "lat")},
        extent=sight() if of == "roads" else None,
        found_max=FOUND_MAX,
        crews=crew_choices(database()) if of in ("crews", "assignments") else [],
        persons=member_choices(database(), day=today()) if of == "persons" else [],
        grids=grids_to_choose(database(), actor()) if of == "assignments" else [],
        affected=_affected(week),
        conflicts=CONFLICTS,
    )


@pages.post("/plans/conditions/exemptions")
@requires(P.PLAN_MAKE)
def exempt() -> Response:
    """Exempt the ticked objects."""
    ground = _code(ExemptionGround, request.form.get("ground", ""))
    rows = exempt_objects(
        database(), _ticked_objects(), ground, spell=_spell(), actor=actor(), now=now()
    )
    return _done("exemptions", gettext("已登记%(count)s个对象免巡", count=len(rows)))


@pages.post("/plans/conditions/crews")
@requires(P.PLAN_MAKE)
def crew_away() -> Response:
    """Keep a crew from going out."""
    crew_id = _number("crew")
    stand_down_crew(database(), crew_id, spell=_spell(), actor=actor(), now=now())
    return _done("crews", gettext("已登记班组停班"))


@pages.post("/plans/conditions/persons")
@requires(P.PLAN_MAKE)
def person_away() -> Response:
    """Record that a person is away."""
    kind = _code(AbsenceKind, request.form.get("kind", ""))
    person_id = _number("person")
    excuse_person(database(), person_id, kind, spell=_spell(), actor=actor(), now=now())
    return _done("persons", gettext("已登记人员缺勤"))


@pages.post("/plans/conditions/roads")
@requires(P.PLAN_MAKE)
def road_closed() -> Response:
    """Close the ticked roads."""
    ids = [_whole("road", text) for text in request.form.getlist("road")]
    rows = close_roads(database(), ids, spell=_spell(), actor=actor(), now=now())
    return _done("roads", gettext("已登记%(count)s条道路封闭", count=len(rows)))


@pages.post("/plans/conditions/assignments")
@requires(P.PLAN_MAKE)
def assign() -> Response:
    """Fix the ticked objects or a grid to a crew, or forbid them to it."""
    grid = request.form.get("grid", "")
    order = AssignmentOrder(
        _number("crew"),
        _code(AssignmentRule, request.form.get("rule", "")),
        objects=_ticked_objects(),
        grid_id=_whole("grid", grid) if grid else None,
    )
    rows = assign_crew(database(), order, spell=_spell(), actor=actor(), now=now())
    return _done("assignments", gettext("已登记%(count)s条班组指定", count=len(rows)))


@pages.post("/plans/conditions/<of>/<int:condition_id>/end")
@requires(P.PLAN_MAKE)
def end(of: str, condition_id: int) -> Response:
    """End a condition today."""
    row = database().get(TABLES[_tab(of)], condition_id)
    if row is None or not actor().scope.everywhere:
        raise Problem("not_found", what="条件")
    end_condition(database(), row, today=today(), actor=actor(), now=now())
    return _done(of, gettext("已结束,自%(day)s起不再适用", day=today().isoformat()))


@pages.app_template_filter("conditions")
def plan_conditions(plan: PatrolPlan) -> PlanConditions:
    """Return what a plan has kept of exemptions and closed roads; older plans kept nothing."""
    return PlanConditions(
        [
            (ObjectKind(row["object_kind"]), ExemptionGround(row["ground"]), row)
            for row in plan.figures.get("exempted", [])
        ],
        plan.figures.get("closed_roads", []),
    )


def _week(text: str | None) -> date:
    return parse_week(text) if text else monday_of(today())


def _tab(text: str) -> str:
    if text not in TABS:
        raise Problem("not_found", what="条件")
    return text


def _found_objects() -> list[NamedObject]:
    text, kind = request.args.get("q", "").strip(), request.args.get("kind", "")
    if not text and not kind:
        return []
    only = chosen_code(ObjectKind, kind)
    return find_objects(database(), text, kind=only, day=today(), limit=FOUND_MAX)


def _found_roads() -> list[FoundRoad]:
    text = request.args.get("q", "").strip()
    if text:
        return find_roads(database(), text, limit=FOUND_MAX)
    if not request.args.get("lon") and not request.args.get("lat"):
        return []
    lon, lat = parsed_point(request.args)
    return roads_near(database(), lon=lon, lat=lat, limit=NEAR_MAX)


def _affected(week: date) -> Affected | None:
    """Return the published plan of a week with the tasks it would have to change."""
    plans = [plan for plan in versions(database(), week) if plan.state == PlanState.PUBLISHED.value]
    return _affected_plan(plans[0], week) if plans else None


def _affected_plan(plan: PatrolPlan, week: date) -> Affected:
    changes = None
    if "replan.page" in current_app.view_functions:
        changes = url_for("replan.page", week=week_text(week))
    return Affected(plan.version, affected_tasks(database(), plan, today=today()), changes)


def _ticked_objects() -> list[tuple[ObjectKind, int]]:
    """Return the objects of the form, each sent as `kind:id`."""
    ticked = []
    for text in request.form.getlist("object"):
        kind, _, number = text.partition(":")
        ticked.append((_code(ObjectKind, kind), _whole("object", number)))
    return ticked


def _code(codes: type[AnyCode], text: str) -> AnyCode:
    code = chosen_code(codes, text)
    if code is None:
        expected = "/".join(one.value for one in codes)
        raise Problem("field_invalid", field=codes.__name__, expected=expected, found=text)
    return code


def _spell() -> Spell:
    to_day = request.form.get("to_day", "")
    return Spell(
        parsed_day("from_day", request.form.get("from_day", "")),
        parsed_day("to_day", to_day) if to_day else None,
        request.form.get("reason", ""),
    )


def _number(field: str) -> int:
    return _whole(field, request.form.get(field, ""))


def _whole(field: str, text: str) -> int:
    if not text.isdecimal():
        raise Problem("field_invalid", field=field, expected="1, 2, 3 …", found=text[:80])
    return int(text)


def _done(of: str, words: str) -> Response:
    flash(words)
    week = week_text(_week(request.form.get("week")))
    return redirect(url_for("conditions.page", week=week, of=of))
