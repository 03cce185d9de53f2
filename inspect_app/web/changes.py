"""The feed of changes: what a tablet has to bring up to date in what it holds."""

from flask import Blueprint, Response, request

from inspect_app.domain.access import Permission
from inspect_app.queries.changes import changes_after
from inspect_app.web.http import actor, database, json_answer, now, requires

pages = Blueprint("changes", __name__)


@pages.get("/sync/changes")
@requires(Permission.PATROL_DO)
def feed() -> Response:
    """Answer what has changed since `?cursor=`; without one, where to begin (`reset`).

    `{cursor, reset, rows: [{kind, id, card}], gone: [{kind, id}], more}`; after a reset the tablet
    stores the cursor first and loads its package after that.
    """
    moment = now()
    answer = json_answer(changes_after(database(), request.args.get("cursor", ""), actor=actor()))
    # As of when the cards are: what the tablet wrote before is in them.
    answer.headers["X-Now"] = moment.isoformat()
    return answer
