"""Findings: work lists, one finding with its history, and the steps of its follow-up."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.domain.calendar import Light, local_day
from inspect_app.domain.codes import (
    FindingOrigin,
    FindingType,
    MeasureKind,
    OwnerDuty,
    PhotoStage,
    Severity,
)
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import (
    FINDING_FINISHED,
    FINDING_TRANSITIONS,
    FindingState,
    Transition,
    open_events,
)
from inspect_app.models import Event, Finding, Grid, Person
from inspect_app.queries import findings as finding_queries
from inspect_app.queries.finding_start import FindingStart, finding_start
from inspect_app.queries.holidays import work_calendar
from inspect_app.queries.owners import NoOwner, owner_of_grid
from inspect_app.queries.surroundings import surroundings_of
from inspect_app.queries.worklists import (
    Tab,
    counts,
    grids_to_choose,
    light_of,
    pressing_counts,
    states_waiting,
    worklist,
)
from inspect_app.web.finding_forms import (
    Action,
    action_of,
    chosen_filter,
    follow_form,
    new_draft,
    page_number,
    started_form,
)
from inspect_app.web.http import actor, database, now, requires, roll_back, sentence
from inspect_app.web.places import sight
from inspect_app.web.statuses import status_of
from inspect_app.web.ticked import ticked
from inspect_app.web.views import moment_text
from inspect_app.workflows.follow_finding import default_due, follow, obstacle
from inspect_app.workflows.follow_many import BULK_EVENTS, follow_many
from inspect_app.workflows.raise_finding import raise_finding

P = Permission
pages = Blueprint("findings", __name__)

EVENT_LABELS = {row.event: row.label for row in FINDING_TRANSITIONS}
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pages.app_template_filter("time_left")
def time_left(due_at: datetime | None) -> str:
    """Return how long until a deadline, or how long ago it passed."""
    if due_at is None:
        return ""
    left = due_at - now()
    size = abs(left)
    if size >= DAY:
        amount = gettext("%(count)s天", count=size // DAY)
    else:
        amount = gettext("%(count)s小时", count=max(1, size // HOUR))
    if left < timedelta():
        return str(gettext("超期%(amount)s", amount=amount))
    return str(gettext("剩余%(amount)s", amount=amount))


@pages.app_template_filter("waited")
def waited(since: datetime) -> str:
    """Return for how many whole days something has waited."""
    return str(gettext("上报后已%(count)s天", count=max(0, (now() - since) // DAY)))


@pages.app_template_filter("parsed_moment")
def parsed_moment(value: str) -> str:
    """Return an instant kept as text in an event as people read it."""
    return moment_text(datetime.fromisoformat(value))


@pages.context_processor
def codes() -> dict[str, Any]:
    """Give the templates of this area the code lists they label values with."""
    return {
        "FindingState": FindingState,
        "FindingType": FindingType,
        "FindingOrigin": FindingOrigin,
        "Severity": Severity,
        "MeasureKind": MeasureKind,
        "PhotoStage": PhotoStage,
        "Light": Light,
        "Tab": Tab,
        "event_labels": EVENT_LABELS,
        "finished": FINDING_FINISHED,
    }


@pages.get("/findings")
@requires(P.FINDING_VIEW)
def page() -> str:
    """Show a work list, narrowed to what the address says."""
    return _list()


def _list(message: str = "", refused: tuple[tuple[str, Problem], ...] = ()) -> str:
    session, person = database(), actor()
    asked = request.args.get("tab")
    tab = Tab(asked) if asked in list(Tab) else Tab.WAITING
    chosen = chosen_filter()
    shown = worklist(session, person, tab, chosen=chosen_filter(), page=page_number(), now=now())
    address = {name: value for name, value in request.args.items() if value and name != "lang"}
    bulk = [event for event in BULK_EVENTS if _may_some(event, chosen.state)]
    return render_template(
        "findings.html",
        tab=tab,
        worklist=shown,
        counts=counts(session, person, now=now()),
        pressing=pressing_counts(session, person, tab, now=now()),
        waiting=states_waiting(session, person, now=now()),
        chosen=chosen,
        grids=grids_to_choose(session, person),
        address=address,
        bulk=bulk,
        handlers=finding_queries.handlers_within(session, person.scope, day=local_day(now())),
        message=message,
        refused=[(number, sentence(problem)) for number, problem in refused],
    )


def _may_some(event: str, state: FindingState | None) -> bool:
    """Whether the person may take the step from the state, or from any where none is chosen."""
    return any(
        row.event == event and row.source == (state or row.source) and actor().may(row.permission)
        for row in FINDING_TRANSITIONS
    )


@pages.post("/findings/bulk")
@requires(P.FINDING_VERIFY, P.FINDING_ASSIGN, P.FINDING_CLOSE)
def bulk() -> tuple[str, int] | str:
    """Take one step on every ticked finding and say which ones refused it."""
    event = request.form.get("event", "")
    try:
        outcome = follow_many(
            database(), ticked(UUID), event, form=follow_form(), actor=actor(), now=now()
        )
    except Problem as problem:
        return _refused_list(problem)
    message = gettext(
        "%(event)s:已办理 %(done)s 件,未办理 %(refused)s 件",
        event=gettext(EVENT_LABELS[event]),
        done=outcome.done,
        refused=len(outcome.refused),
    )
    return _list(message, outcome.refused)


def _refused_list(problem: Problem) -> tuple[str, int]:
    roll_back()
    return _list(sentence(problem)), status_of(problem)


@pages.route("/findings/new", methods=["GET", "POST"])
@requires(P.FINDING_REPORT)
def new() -> Response | str | tuple[str, int]:
    """Write a finding at a desk; the form carries its uid, so that sending twice makes one.

    With a matter in the address the form begins with what the matter tells, and links the two.
    """
    if request.method == "GET":
        about = _about(request.args.get("matter_id", ""))
        return _form(str(uuid4()), about, started_form(about))
    about = _about(request.form.get("matter_id", ""))
    try:
        finding = raise_finding(database(), new_draft(), actor=actor(), now=now())
    except Problem as problem:
        roll_back()
        uid = request.form.get("uid", "")
        answer = _form(uid, about, request.form, message=sentence(problem))
        return answer, status_of(problem)
    flash(gettext("已上报,编号 %(number)s", number=finding.finding_no))
    if about is not None:
        return redirect(url_for("complaints.matter", matter_id=about.matter_id))
    return _after(finding)


def _about(matter_id: str) -> FindingStart | None:
    """Return the matter the form is about, for who may see it; refused where they may not."""
    if not matter_id:
        return None
    if not actor().may(P.COMPLAINT_VIEW):
        raise Problem("not_permitted", permission=P.COMPLAINT_VIEW.value)
    known = matter_id.isascii() and matter_id.isdigit() and len(matter_id) < 19
    found = finding_start(database(), int(matter_id), actor=actor()) if known else None
    if found is None:
        raise Problem("not_found", what="事项")
    return found


def _form(
    uid: str, about: FindingStart | None, values: Mapping[str, str], *, message: str = ""
) -> str:
    return render_template(
        "finding_new.html", uid=uid, about=about, message=message, form=values, extent=sight()
    )


@pages.get("/findings/<uuid:uid>")
@requires(P.FINDING_VIEW)
def detail(uid: UUID) -> str:
    """Show one finding: facts, place, photos, history, and the steps this person may take."""
    return _detail(_found(uid))


@pages.post("/findings/<uuid:uid>/<event>")
@requires(P.FINDING_VIEW)
def step(uid: UUID, event: str) -> Response | tuple[str, int]:
    """Take a step; a refusal shows the finding as it is now, with the reason on top."""
    finding = _found(uid)
    try:
        follow(database(), finding, event, form=follow_form(), actor=actor(), now=now())
    except Problem as problem:
        roll_back()
        return _detail(_found(uid), message=sentence(problem), refused=event), status_of(problem)
    flash(
        gettext(
            "“%(number)s”已办理“%(event)s”",
            number=finding.finding_no,
            event=gettext(EVENT_LABELS[event]),
        )
    )
    return _after(finding)


def _found(uid: UUID) -> Finding:
    finding = finding_queries.find_finding(database(), uid, scope=actor().scope)
    if finding is None:
        raise Problem("not_found", what="问题")
    return finding


def _after(finding: Finding) -> Response:
    """Go to the finding, or to the list where the step moved it out of the person's scope."""
    if finding_queries.is_visible(database(), finding.id, scope=actor().scope):
        return redirect(url_for("findings.detail", uid=finding.uid))
    return redirect(url_for("findings.page"))


def _detail(finding: Finding, message: str = "", refused: str = "") -> str:
    """Render one finding; the form of a refused step stays open with what was filled in."""
    session = database()
    history = finding_queries.history(session, finding.id)
    version, start = finding_queries.last_steps(session, [finding.id]).get(finding.id, (0, None))
    grid = None if finding.grid_id is None else session.get(Grid, finding.grid_id)
    photos = finding_queries.photos_of(session, finding.id)
    return render_template(
        "finding.html",
        finding=finding,
        message=message,
        refused=refused,
        form=request.form,
        version=version,
        light=light_of(finding, start, now=now(), calendar=work_calendar(session)),
        grid=grid,
        ownership=_ownership(finding, grid, [entry.event for entry in history]),
        reporter=session.get(Person, finding.reported_by) if finding.reported_by else None,
        place=finding_queries.place_of(session, finding.id, scope=actor().scope),
        surroundings=surroundings_of(session, finding.id),
        photos={
            stage: [photo for link, photo in photos if link.stage == stage] for stage in PhotoStage
        },
        history=history,
        names=finding_queries.names_in(session, [entry.event for entry in history]),
        measures=finding_queries.measures_of(session, finding.id),
        actions=_actions(finding),
        handlers=finding_queries.possible_handlers(session, finding.grid_id, day=local_day(now())),
        officers=finding_queries.enforcement_officers(session),
    )


def _actions(finding: Finding) -> list[Action]:
    session, person = database(), actor()
    return [
        action_of(
            row,
            obstacle(session, finding, row, actor=person, now=now()),
            default_due(session, finding, row.event, now=now()),
        )
        for row in sorted(open_events("finding", finding.state), key=_aside)
        if person.may(row.permission)
    ]


def _aside(row: Transition) -> bool:
    """Sort steps that end or put off the matter behind those that carry it on."""
    return row.event in {"dismiss", "mark_duplicate", "reassign", "extend", "decline_and_close"}


def _ownership(
    finding: Finding, grid: Grid | None, events: list[Event]
) -> tuple[date, OwnerDuty | None]:
    """Return the day the owner was determined for and by which duty they own the grid."""
    moved = [event.at for event in events if event.event == "escalate"]
    day = local_day(moved[-1]) if moved else finding.found_on
    if grid is None:
        return day, None
    try:
        owner = owner_of_grid(database(), grid, day=day)
    except NoOwner:
        return day, None
    return day, owner.duty if owner.person.id == finding.owner_person_id else None
