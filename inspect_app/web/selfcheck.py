"""The result of a tablet's self-check, sent by the tablet itself."""

from flask import Blueprint, Response

from inspect_app.domain.access import Permission
from inspect_app.web.devices import device
from inspect_app.web.http import database, json_answer, json_body, now, requires
from inspect_app.workflows.keep_check import keep_check

pages = Blueprint("selfcheck", __name__)


@pages.post("/sync/check")
@requires(Permission.PATROL_DO)
def check() -> Response:
    """Keep the result with the enrolled tablet; another tablet's is not kept anywhere."""
    items = json_body().get("items", [])
    found = device()
    if found is not None:
        keep_check(database(), found.uid, items, now=now())
    return json_answer({"kept": found is not None, "now": now()})
