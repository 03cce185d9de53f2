"""The inspector's patrol on the tablet: one page that works without a network."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, url_for

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import Code, FindingType, Severity
from inspect_app.domain.transitions import FindingState
from inspect_app.web.http import requires, settings, signed_in, time_zone
from inspect_app.web.views import label_text

pages = Blueprint("patrol", __name__)

HISTORY_CODES: dict[str, type[Code]] = {
    "finding_type": FindingType,
    "severity": Severity,
    "finding_state": FindingState,
}
"""Codes of earlier findings that the tablet shows in words."""
SHELL_FOLDERS = ("patrol/*.js",)
SHELL_FILES = (
    "css/app.css",
    "css/patrol.css",
    "css/patrol_day.css",
    "icon.svg",
    "vendor/bootstrap/css/bootstrap.min.css",
    "vendor/idb/build/index.js",
    "vendor/leaflet/leaflet.css",
    "vendor/leaflet/leaflet.js",
)


@pages.get("/patrol")
@requires(Permission.PATROL_DO)
def page() -> str:
    """Show the shell; tasks come from `/sync/tasks` and stay on the tablet."""
    return render_template(
        "patrol/page.html",
        types=list(FindingType),
        severities=list(Severity),
        labels={
            name: {code.value: label_text(code) for code in codes}
            for name, codes in HISTORY_CODES.items()
        },
        zone=time_zone().key,
    )


@pages.get("/patrol/worker.js")
@signed_in
def worker() -> Response:
    """Serve the service worker with the list of the shell's files; a changed file is a new one.

    Where the installation switched the kept shell off, tablets get a worker that removes it.
    """
    if not settings().tablet_shell:
        return _worker(render_template("patrol/worker_off.js"))
    static = Path(current_app.static_folder or "")
    files = sorted(
        [path for pattern in SHELL_FOLDERS for path in static.glob(pattern)]
        + [static / name for name in SHELL_FILES]
    )
    names = [str(path.relative_to(static)) for path in files]
    stamp = tuple((str(path), path.stat().st_mtime_ns) for path in files if path.exists())
    text = render_template(
        "patrol/worker.js",
        version=_version(stamp),
        files=[url_for("static", filename=name) for name in names],
    )
    return _worker(text)


def _worker(text: str) -> Response:
    answer = Response(text, mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Service-Worker-Allowed"] = "/patrol"
    return answer


@cache
def _version(stamp: tuple[tuple[str, int], ...]) -> str:
    """Return a name for the content of the files; `stamp` (path, time) is what makes it stale."""
    whole = hashlib.sha256()
    for path, _ in stamp:
        whole.update(Path(path).read_bytes())
    return whole.hexdigest()[:16]
