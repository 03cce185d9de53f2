"""Review of handed-in patrols: the list, one patrol with its stops and track, accept or return."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from gis.coverage.anomalies import Anomaly
from inspect_app.domain.access import Permission
from inspect_app.domain.codes import ObjectKind, StopResult
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState, open_events
from inspect_app.models import PatrolTask
from inspect_app.queries.anomalies import Reviewed, anomalies_of
from inspect_app.queries.device_gaps import device_gaps
from inspect_app.queries.device_list import devices_in_scope, devices_of_tasks
from inspect_app.queries.patrol_proof import PatrolProof, proof_of
from inspect_app.queries.patrol_review import (
    PAGE_SIZE,
    REVIEW_STATES,
    findings_of,
    log_of,
    review_list,
    steps_of,
    task_in_scope,
    waiting_counts,
)
from inspect_app.queries.patrols import crew_members, stops_of, surroundings
from inspect_app.queries.photo_wall import WallPhoto, photo_wall
from inspect_app.queries.policies import policy_value
from inspect_app.web.check_sheets import sheets_of
from inspect_app.web.http import (
    actor,
    chosen_code,
    database,
    json_answer,
    now,
    requires,
    time_zone,
    today,
)
from inspect_app.web.patrol_anomalies import anomaly_views, photo_marks
from inspect_app.web.patrol_proof import (
    gap_marks,
    outcomes_of,
    proof_view,
    shapes_of,
    track_pieces,
)
from inspect_app.workflows.advance import Step, advance

P = Permission
pages = Blueprint("patrols", __name__)
REVIEW_EVENTS = ("accept", "return")


@pages.get("/patrols")
@requires(P.PATROL_REVIEW)
def page() -> str:
    """List handed-in patrols of the scope, most urgent first; `?state=` narrows them."""
    state = chosen_code(TaskState, request.args.get("state", ""))
    number = max(request.args.get("page", 1, type=int), 1)
    rows, total = review_list(database(), scope=actor().scope, state=state, page=number)
    gaps = {one.uid: one for one in device_gaps(database()) if one.missing and not one.revoked_at}
    served = devices_of_tasks(database(), [row.id for row in rows])
    own = devices_in_scope(database(), scope=actor().scope)
    return render_template(
        "patrols/list.html",
        rows=rows,
        missing={
            task: [gaps[uid] for uid in sorted(uids) if uid in gaps]
            for task, uids in served.items()
        },
        gaps=[one for one in gaps.values() if one.uid in own],
        alarm_h=policy_value(database(), "gap_alarm_h", day=today()),
        total=total,
        state=state,
        states=TaskState,
        offered=REVIEW_STATES,
        waiting=waiting_counts(database(), scope=actor().scope),
        page=number,
        last_page=max((total + PAGE_SIZE - 1) // PAGE_SIZE, 1),
        kept={"state": state.value} if state else {},
    )


@pages.get("/patrols/<int:task_id>")
@requires(P.PATROL_REVIEW)
def one(task_id: int) -> str:
    """Show one patrol: what was planned, done and found, and how much the track covers."""
    task = _task(task_id)
    log = log_of(database(), task)
    proof = None if log is None else proof_of(database(), task, log, zone=time_zone())
    photos = photo_wall(database(), task, log)
    return render_template(
        "patrols/one.html",
        task=task,
        log=log,
        proof=None if proof is None else proof_view(proof),
        anomalies=[] if proof is None else anomaly_views(_anomalies(task, proof, photos)),
        photos=photos,
        sheets=sheets_of(log),
        state=TaskState(task.state),
        members=crew_members(database(), task),
        stops=[
            (stop, ObjectKind(stop.object_kind), StopResult(stop.result))
            for stop in stops_of(database(), task)
        ],
        findings=findings_of(database(), task),
        events=steps_of(database(), task),
        share_min=policy_value(database(), "coverage_share_min", day=task.day),
        steps=[
            row
            for row in open_events("task", task.state)
            if row.event in REVIEW_EVENTS and actor().may(row.permission)
        ],
    )


def _anomalies(task: PatrolTask, proof: PatrolProof, photos: list[WallPhoto]) -> list[Anomaly]:
    seen = Reviewed(task, proof.track, photos, actor().scope, time_zone())
    return anomalies_of(database(), seen, now=now())


@pages.get("/api/patrols/<int:task_id>")
@requires(P.PATROL_REVIEW)
def shapes(task_id: int) -> Response:
    """Answer what the review's map draws: surroundings, stops, the track, its gaps, what it misses.

    The track is drawn as its pieces, each with its source and the time of every point; a gap is the
    two points at its ends, never a line.
    """
    task = _task(task_id)
    log = log_of(database(), task)
    proof = None if log is None else proof_of(database(), task, log, zone=time_zone())
    shift = task.starts_at.astimezone(time_zone()).utcoffset()
    return json_answer(
        {
            "surroundings": surroundings(database(), [task.id], day=task.day),
            "stops": stops_of(database(), task),
            "track": [] if proof is None else track_pieces(proof),
            "uncovered": [] if proof is None else shapes_of(proof.plan.coverage.uncovered),
            "gaps": [] if proof is None else gap_marks(proof),
            "outcomes": {} if proof is None else outcomes_of(proof),
            "photos": photo_marks(photo_wall(database(), task, log)),
            "radius_m": policy_value(database(), "stop_radius_m", day=task.day),
            "zone_s": 0 if shift is None else shift.total_seconds(),
        }
    )


@pages.post("/patrols/<int:task_id>/<event>")
@requires(P.PATROL_REVIEW)
def review(task_id: int, event: str) -> AnyResponse:
    """Accept a patrol or return it with a reason."""
    if event not in REVIEW_EVENTS:
        raise Problem("unknown_event", event=event)
    step = Step(reason=request.form.get("reason", "").strip())
    advance(database(), _task(task_id), event, step=step, actor=actor(), now=now())
    flash(gettext("已保存"))
    return redirect(url_for("patrols.page"))


def _task(task_id: int) -> PatrolTask:
    return task_in_scope(database(), task_id, scope=actor().scope)
