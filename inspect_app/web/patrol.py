"""The inspector's patrol on the tablet: one page that works without a network."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, url_for

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import FindingType, Severity
from inspect_app.web.http import requires, signed_in, time_zone

pages = Blueprint("patrol", __name__)

SHELL_FOLDERS = ("patrol/*.js",)
SHELL_FILES = (
    "css/app.css",
    "css/patrol.css",
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
        zone=time_zone().key,
    )


@pages.get("/patrol/worker.js")
@signed_in
def worker() -> Response:
    """Serve the service worker with the list of the shell's files; a changed file is a new one."""
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
