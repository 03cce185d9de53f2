"""Track files: a GPX of another device, a drone or a hand joins a patrol, after a preview."""

from datetime import timedelta
from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import TrackSource
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import TaskState
from inspect_app.models import PatrolTask
from inspect_app.queries.patrol_review import own_patrols, task_in_scope
from inspect_app.queries.patrols import crew_task
from inspect_app.web.http import (
    actor,
    chosen_code,
    database,
    now,
    requires,
    roll_back,
    sentence,
    settings,
    today,
)
from inspect_app.web.kept_files import KeptFile, keep_file, kept_file
from inspect_app.web.statuses import status_of
from inspect_app.workflows.attach_track import (
    SOURCES_OFFERED,
    TrackFile,
    attach_track,
    preview_track,
)

P = Permission
pages = Blueprint("track_files", __name__)

DAYS_OFFERED = 14


@pages.get("/patrols/tracks")
@requires(P.PATROL_DO)
def mine() -> str:
    """List the person's patrols of the last days to which a track may be attached."""
    since = today() - timedelta(days=DAYS_OFFERED)
    rows = own_patrols(database(), actor().person_id, since=since)
    return render_template("patrols/own.html", rows=rows, states=TaskState, days=DAYS_OFFERED)


@pages.get("/patrols/<int:task_id>/tracks")
@requires(P.PATROL_REVIEW, P.PATROL_DO)
def page(task_id: int) -> str:
    """Show the form."""
    return _form(_task(task_id))


@pages.post("/patrols/<int:task_id>/tracks/preview")
@requires(P.PATROL_REVIEW, P.PATROL_DO)
def preview(task_id: int) -> str | tuple[str, int]:
    """Keep the file and show what it would add; nothing is written to the tables."""
    task = _task(task_id)
    try:
        kept, file = _keep(task)
        seen = preview_track(database(), task, file, today=today())
    except Problem as problem:
        roll_back()
        return _form(_task(task_id), sentence(problem)), status_of(problem)
    return render_template("patrols/track_preview.html", task=task, seen=seen, file=file, kept=kept)


@pages.post("/patrols/<int:task_id>/tracks")
@requires(P.PATROL_REVIEW, P.PATROL_DO)
def confirm(task_id: int) -> Response:
    """Attach the previewed file."""
    task = _task(task_id)
    kept = kept_file(request.form.get("token", ""), _folder(), now=now())
    seen = attach_track(database(), task, _track_file(kept, task), actor=actor(), now=now())
    kept.forget()
    flash(gettext("已补充 %(count)s 个定位点", count=seen.taken))
    if actor().may(P.PATROL_REVIEW):
        return redirect(url_for("patrols.one", task_id=task.id))
    return redirect(url_for("track_files.mine"))


def _form(task: PatrolTask, message: str = "") -> str:
    return render_template(
        "patrols/track_file.html",
        task=task,
        message=message,
        sources=SOURCES_OFFERED,
        chosen=request.form.get("source", TrackSource.GPX.value),
        upload_max_mb=settings().upload_max_mb,
        reviewing=actor().may(P.PATROL_REVIEW),
    )


def _task(task_id: int) -> PatrolTask:
    """Return a task of the reviewer's scope, or of the inspector's own crew."""
    if actor().may(P.PATROL_REVIEW):
        return task_in_scope(database(), task_id, scope=actor().scope)
    return crew_task(database(), task_id, actor=actor())


def _keep(task: PatrolTask) -> tuple[KeptFile, TrackFile]:
    sent = request.files.get("file")
    source = chosen_code(TrackSource, request.form.get("source", ""))
    if sent is None or not sent.filename:
        raise Problem("field_invalid", field="文件", expected="GPX", found="—")
    if source not in SOURCES_OFFERED:
        expected = "/".join(one.value for one in SOURCES_OFFERED)
        raise Problem("field_invalid", field="来源", expected=expected, found=source or "—")
    told = {"name": sent.filename[:200], "source": source.value, "task": task.id}
    kept = keep_file(sent, _folder(), answers=told, now=now())
    return kept, _track_file(kept, task)


def _track_file(kept: KeptFile, task: PatrolTask) -> TrackFile:
    """Return the file again; a file kept for another task is not found."""
    told = kept.told()
    if told["task"] != task.id:
        raise Problem("not_found", what="上传的文件")
    return TrackFile(told["name"], kept.path.read_bytes(), TrackSource(told["source"]))


def _folder() -> Path:
    return settings().data_dir / "tracks" / str(actor().person_id)
