"""Complaint matters for those who handle them: work lists, one matter, its steps and merges."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission, Role
from inspect_app.domain.calendar import Light, local_day
from inspect_app.domain.codes import PhotoStage, PollutionType, Severity
from inspect_app.domain.deadlines import Clock, OverdueLevel
from inspect_app.domain.matter_codes import (
    DocumentKind,
    LegalRoute,
    MatterState,
    VerificationResult,
)
from inspect_app.domain.policies import PROPOSALS
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import (
    MATTER_FINISHED,
    MATTER_TRANSITIONS,
    Transition,
    open_events,
)
from inspect_app.models import ComplaintMatter
from inspect_app.queries.deadlines import clocks_of
from inspect_app.queries.findings import handlers_within
from inspect_app.queries.holidays import LAST_YEAR_KNOWN
from inspect_app.queries.matter_file import (
    MatterFile,
    find_merge,
    matter_by_number,
    matter_file,
    persons_in,
)
from inspect_app.queries.matter_people import possible_matter_handlers, proposed_handler
from inspect_app.queries.matter_record import (
    matter_history,
    matter_version,
    pending_extension_days,
)
from inspect_app.queries.matter_worklists import (
    MatterTab,
    find_matter,
    matter_worklist,
    matters_waiting,
)
from inspect_app.queries.worklists import grids_to_choose
from inspect_app.web.http import actor, database, now, requires, roll_back, sentence
from inspect_app.web.matter_forms import (
    FIELDS,
    MatterAction,
    action_of,
    matter_filter,
    matter_form,
)
from inspect_app.web.statuses import status_of
from inspect_app.web.ticked import ticked
from inspect_app.workflows.handle_many import BULK_EVENTS, handle_many
from inspect_app.workflows.handle_matter import APART, handle, obstacle
from inspect_app.workflows.issue_document import ISSUERS, refusal_of_document, step_of
from inspect_app.workflows.merge_matter import merge_matter, unmerge_matter

P = Permission
pages = Blueprint("complaints", __name__, url_prefix="/complaints")

EVENT_LABELS = {row.event: row.label for row in MATTER_TRANSITIONS}
RULE_TITLES = {proposal.key: proposal for proposal in PROPOSALS}
STEPS = tuple(dict.fromkeys(row.permission for row in MATTER_TRANSITIONS))


@pages.context_processor
def codes() -> dict[str, Any]:
    """Give the templates of this area the code lists they label values with."""
    return {
        "MatterState": MatterState,
        "MatterTab": MatterTab,
        "DocumentKind": DocumentKind,
        "LegalRoute": LegalRoute,
        "VerificationResult": VerificationResult,
        "Severity": Severity,
        "Light": Light,
        "Clock": Clock,
        "OverdueLevel": OverdueLevel,
        "Role": Role,
        "PhotoStage": PhotoStage,
        "event_labels": EVENT_LABELS,
        "rule_titles": RULE_TITLES,
        "FIELDS": FIELDS,
    }


@pages.get("")
@requires(P.COMPLAINT_VIEW)
def page() -> str:
    """Show a work list, narrowed to what the address says."""
    return _list()


def _list(message: str = "", refused: tuple[tuple[str, Problem], ...] = ()) -> str:
    session, person = database(), actor()
    address = {name: value for name, value in request.args.items() if value and name != "lang"}
    # A bare address is the person's own list; a filter without a list looks at everything.
    narrowed = set(address) - {"tab", "page"}
    usual = MatterTab.ALL if narrowed else MatterTab.WAITING
    asked = address.get("tab", "")
    tab = MatterTab(asked) if asked in list(MatterTab) else usual
    chosen = matter_filter()
    number = max(request.args.get("page", 1, type=int), 1)
    shown = matter_worklist(session, person, tab, chosen=chosen, page=number, now=now())
    return render_template(
        "complaints.html",
        tab=tab,
        worklist=shown,
        waiting=matters_waiting(session, person),
        chosen=chosen,
        address={name: value for name, value in address.items() if name != "page"},
        states=list(MatterState),
        types=list(PollutionType),
        grids=grids_to_choose(session, person),
        bulk=[event for event in BULK_EVENTS if _may_some(event)],
        handlers=handlers_within(session, person.scope, day=local_day(now())),
        message=message,
        refused=[(number, sentence(problem)) for number, problem in refused],
    )


def _may_some(event: str) -> bool:
    return any(row.event == event and actor().may(row.permission) for row in MATTER_TRANSITIONS)


@pages.post("/bulk")
@requires(P.MATTER_ASSIGN, P.MATTER_SUPERVISE, P.MATTER_ARCHIVE)
def bulk() -> tuple[str, int] | str:
    """Take one step on every ticked matter and say which ones refused it."""
    event = request.form.get("event", "")
    try:
        outcome = handle_many(
            database(), ticked(int), event, form=matter_form(), actor=actor(), now=now()
        )
    except Problem as problem:
        roll_back()
        return _list(sentence(problem)), status_of(problem)
    message = gettext(
        "%(event)s:已办理 %(done)s 件,未办理 %(refused)s 件",
        event=gettext(EVENT_LABELS[event]),
        done=outcome.done,
        refused=len(outcome.refused),
    )
    return _list(message, outcome.refused)


@pages.get("/<int:matter_id>")
@requires(P.COMPLAINT_VIEW)
def matter(matter_id: int) -> str:
    """Show one matter with its steps; who reported is in no answer of this page."""
    return _detail(_found(matter_id))


@pages.post("/<int:matter_id>/<event>")
@requires(*STEPS)
def step(matter_id: int, event: str) -> Response | tuple[str, int]:
    """Take a step; a refusal shows the matter as it is now, with the reason on top."""
    found = _found(matter_id)
    try:
        handle(database(), found, event, form=matter_form(), actor=actor(), now=now())
    except Problem as problem:
        return _refused(matter_id, problem, event)
    flash(_done(found, EVENT_LABELS[event]))
    return redirect(url_for("complaints.matter", matter_id=matter_id))


@pages.post("/<int:matter_id>/merge")
@requires(P.MATTER_MERGE)
def merge(matter_id: int) -> Response | tuple[str, int]:
    """Merge the matter into the one whose number the form names."""
    found, reason = _found(matter_id), request.form.get("reason", "")
    try:
        into = _numbered(request.form.get("into_no", ""))
        merge_matter(database(), found, into, reason=reason, actor=actor(), now=now())
    except Problem as problem:
        return _refused(matter_id, problem, "merge")
    flash(_done(found, EVENT_LABELS["merge"]))
    return redirect(url_for("complaints.matter", matter_id=into.id))


@pages.post("/<int:matter_id>/merges/<int:merge_id>/undo")
@requires(P.MATTER_MERGE)
def unmerge(matter_id: int, merge_id: int) -> Response | tuple[str, int]:
    """Undo a merge into or away from the matter."""
    undone = find_merge(database(), actor().scope, matter_id, merge_id=merge_id)
    if undone is None:
        raise Problem("not_found", what="归并记录")
    try:
        back = unmerge_matter(database(), undone, actor=actor(), now=now())
    except Problem as problem:
        return _refused(matter_id, problem, "unmerge")
    flash(_done(back, EVENT_LABELS["unmerge"]))
    return redirect(url_for("complaints.matter", matter_id=back.id))


def _done(found: ComplaintMatter, label: str) -> str:
    said: str = gettext(
        "“%(number)s”已办理“%(event)s”", number=found.matter_no, event=gettext(label)
    )
    return said


def _refused(matter_id: int, problem: Problem, event: str) -> tuple[str, int]:
    roll_back()
    page = _detail(_found(matter_id), message=sentence(problem), refused=event)
    return page, status_of(problem)


def _numbered(number: str) -> ComplaintMatter:
    found = matter_by_number(database(), actor().scope, number)
    if found is None:
        raise Problem("not_found", what=number)
    return found


def _found(matter_id: int) -> ComplaintMatter:
    found = find_matter(database(), matter_id, actor=actor())
    if found is None:
        raise Problem("not_found", what="事项")
    return found


def refused_document(matter_id: int, problem: Problem, document: str) -> tuple[str, int]:
    """Show the matter with the reason beside the document that was refused.

    `document` is the id of an issued document, or `new` for one that was to be issued.
    """
    roll_back()
    page = _detail(_found(matter_id), refused_document={document: sentence(problem)})
    return page, status_of(problem)


def _detail(
    found: ComplaintMatter,
    message: str = "",
    refused: str = "",
    *,
    refused_document: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Render one matter; the form of a refused step stays open with what was filled in."""
    session, person = database(), actor()
    file = matter_file(session, person.scope, found.id)
    if file is None:
        raise Problem("not_found", what="事项")
    history = matter_history(session, found.id)
    day, documents = local_day(now()), _documents(found, file)
    return render_template(
        "complaint_matter.html",
        file=file,
        line=file.line,
        matter=found,
        message=message,
        refused=refused,
        form=request.form,
        version=matter_version(session, found.id),
        clocks=clocks_of(session, [found.id], now=now())[found.id],
        last_year=LAST_YEAR_KNOWN,
        history=history,
        names=persons_in(session, [entry.event for entry in history]),
        actions=_actions(found),
        handlers=possible_matter_handlers(session, found.grid_id, day=day),
        proposed=found.handler_person_id or proposed_handler(session, found, day=day),
        pending_days=pending_extension_days(session, found.id),
        issuable=[kind for kind, problem in documents if problem is None],
        not_issuable=[
            (kind, sentence(problem), step_of(problem))
            for kind, problem in documents
            if problem is not None
        ],
        refused_document=refused_document,
        may_report=actor().may(P.FINDING_REPORT) and found.state not in MATTER_FINISHED,
        may_merge=any(row.event == "merge" for row in _permitted(found)),
    )


def _documents(
    found: ComplaintMatter, file: MatterFile
) -> list[tuple[DocumentKind, Problem | None]]:
    """Return the documents the person may issue, each with what stands against it."""
    if not file.complaints:
        return []
    newest = file.complaints[0][0]
    return [
        (kind, refusal_of_document(database(), found, kind, complaint=newest, now=now()))
        for kind in DocumentKind
        if actor().may(ISSUERS[kind])
    ]


def _permitted(found: ComplaintMatter) -> list[Transition]:
    rows = open_events("matter", found.state)
    return [row for row in rows if actor().may(row.permission)]


def _actions(found: ComplaintMatter) -> list[MatterAction]:
    session, person = database(), actor()
    moot = {"supervise"} if found.is_supervised else {"lift_supervision"}
    rows = [row for row in _permitted(found) if row.event not in APART | moot]
    made = [
        action_of(row, obstacle(session, found, row, actor=person, now=now()))
        for row in sorted(rows, key=_is_aside)
    ]
    return sorted(made, key=lambda action: action.obstacle is not None)


def _is_aside(row: Transition) -> bool:
    """Sort steps that leave the state or put off the matter behind those that carry it on."""
    return row.source == row.target or row.event in {"suspend", "refuse", "object", "transfer"}
