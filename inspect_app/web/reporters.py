"""The calls behind a matter: reporters masked, and revealed one by one for a reason."""

from flask import Blueprint, render_template, request

from inspect_app.domain.access import Permission
from inspect_app.domain.assignment import GROUNDS
from inspect_app.domain.problems import Problem
from inspect_app.models import ComplaintMatter
from inspect_app.queries.assignment import proposed_handlers
from inspect_app.queries.matter_worklists import find_matter
from inspect_app.queries.reporters import calls_of
from inspect_app.web.http import actor, database, now, requires, today
from inspect_app.web.reporter_refusals import notes_refusals
from inspect_app.web.reporter_seal import seal
from inspect_app.workflows.reveal_reporter import REASON_MAX, reveal_reporter

pages = Blueprint("reporters", __name__)


@pages.get("/complaints/<int:matter_id>/calls")
@requires(Permission.COMPLAINT_VIEW)
def calls(matter_id: int) -> str:
    """Show every complaint of a matter; of a reporter only what a mask leaves."""
    matter = visible_matter(matter_id)
    return render_template(
        "matter_calls.html",
        matter=matter,
        calls=calls_of(database(), matter, seal=seal(), actor=actor()),
        reason_max=REASON_MAX,
        proposals=proposed_handlers(database(), matter, day=today()),
        grounds=GROUNDS,
    )


@pages.post("/complaints/calls/<int:complaint_id>/reveal")
@notes_refusals("complaint", "complaint_id")
@requires(Permission.REPORTER_REVEAL)
def reveal(complaint_id: int) -> str:
    """Show who reported one complaint, after the reason is in the audit trail."""
    found = reveal_reporter(
        database(),
        complaint_id,
        request.form.get("reason", ""),
        seal=seal(),
        actor=actor(),
        now=now(),
    )
    return render_template("reporter_revealed.html", found=found)


def visible_matter(matter_id: int) -> ComplaintMatter:
    """Return a matter of the reader's scope, or refuse it as not found."""
    found = find_matter(database(), matter_id, actor=actor())
    if found is None:
        raise Problem("not_found", what="事项")
    return found
