"""Rescue files: the key tablets seal them with, and their import by an administrator."""

import re
import secrets
from datetime import timedelta
from pathlib import Path

import structlog
from flask import Blueprint, Response, render_template, request

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    now,
    requires,
    roll_back,
    sentence,
    settings,
    signed_in,
    time_zone,
)
from inspect_app.web.statuses import status_of
from inspect_app.workflows.import_rescue import Office, RescueKeys, RescueReport, import_rescue
from inspect_app.workflows.keep_photo import PhotoShelf

log = structlog.get_logger()
pages = Blueprint("rescue", __name__)

PIECE_BYTES_MAX = 8 * 1024 * 1024
KEPT = timedelta(days=1)
TOKEN = re.compile(r"[0-9a-f]{32}")
OUTCOMES = {
    "new": "新收到",
    "seen": "早已收到",
    "waiting": "等前件",
    "inbox": "待人工处理",
    "conflict": "内容冲突,已隔离",
    "refused": "未采用",
}


@pages.get("/sync/rescue-key")
@signed_in
def key() -> Response:
    """Give tablets the public half of the bureau's key."""
    found = _keys().public()
    return json_answer({"id": found.id, "key": found.key, "now": now()})


@pages.get("/administration/rescue")
@requires(Permission.ADMINISTER)
def page() -> str:
    """Show the form."""
    _sweep()
    return _page()


@pages.put("/api/rescue/<token>")
@requires(Permission.ADMINISTER)
def piece(token: str) -> Response:
    """Take the next piece of a file (`?at=` its offset); files of hundreds of photos are large."""
    path = _staged(token)
    if (request.content_length or 0) > PIECE_BYTES_MAX:
        raise Problem("too_large", limit=PIECE_BYTES_MAX // 1024 // 1024)
    path.parent.mkdir(parents=True, exist_ok=True)
    size = path.stat().st_size if path.exists() else 0
    if request.args.get("at", type=int) != size:
        raise Problem("upload_gap")
    with path.open("ab") as file:
        file.write(request.get_data())
        size = file.tell()
    return json_answer({"size": size})


@pages.post("/administration/rescue")
@requires(Permission.ADMINISTER)
def take() -> str | tuple[str, int]:
    """Import the file whose pieces have come, and say what came of it."""
    path = _staged(request.form.get("token", ""))
    if not path.exists():
        raise Problem("upload_gap")
    office = Office(PhotoShelf(settings().data_dir), _keys(), time_zone())
    trusted = "trusted" in request.form
    try:
        report = import_rescue(database(), path, office, trusted=trusted, actor=actor(), now=now())
    except Problem as problem:
        roll_back()
        kept = path.name if problem.code == "rescue_unproven" else None
        return _page(sentence(problem), token=kept), status_of(problem)
    path.unlink()
    for fault in report.faults:
        log.error("effect_failed", rescue=path.name, exc_info=fault)
    return _page(report=report)


def _page(
    message: str = "", *, token: str | None = None, report: RescueReport | None = None
) -> str:
    """Render the form; with a `token` its file is here already and only the word is missing."""
    return render_template(
        "rescue.html",
        message=message,
        staged=token is not None,
        token=token or secrets.token_hex(16),
        report=report,
        outcomes=OUTCOMES,
        reasons=[] if report is None else [sentence(one.problem) for one in report.refusals],
        piece_bytes=PIECE_BYTES_MAX,
    )


def _keys() -> RescueKeys:
    return RescueKeys(settings().data_dir / "rescue")


def _staged(token: str) -> Path:
    """Return where a file under way lies: in a folder of its sender, under a name of our own."""
    if not TOKEN.fullmatch(token):
        raise Problem("not_found", what="文件")
    return _incoming() / f"person-{actor().person_id}" / token


def _incoming() -> Path:
    return settings().data_dir / "rescue" / "incoming"


def _sweep() -> None:
    """Remove what was left behind by uploads that were never finished."""
    oldest = (now() - KEPT).timestamp()
    for path in _incoming().glob("person-*/*"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
