"""Complaint matters for those who handle them: the list and the file of one matter."""

from flask import Blueprint, render_template, request

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import PollutionType
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.problems import Problem
from inspect_app.queries.matters import PAGE_SIZE, MatterFilter, matter_file, matter_page
from inspect_app.web.http import actor, chosen_code, database, requires

pages = Blueprint("complaints", __name__, url_prefix="/complaints")


@pages.get("")
@requires(Permission.COMPLAINT_VIEW)
def page() -> str:
    """Show a page of matters; the address keeps filter and page."""
    chosen = MatterFilter(
        text=request.args.get("text", "").strip(),
        state=chosen_code(MatterState, request.args.get("state", "")),
        pollution_type=chosen_code(PollutionType, request.args.get("type", "")),
        only_open="open" in request.args,
        only_repeated="repeated" in request.args,
    )
    number = max(request.args.get("page", 1, type=int), 1)
    lines, total = matter_page(database(), actor().scope, chosen, page=number)
    return render_template(
        "complaints.html",
        lines=lines,
        total=total,
        chosen=chosen,
        page=number,
        last_page=max((total + PAGE_SIZE - 1) // PAGE_SIZE, 1),
        kept={key: value for key, value in request.args.items() if key not in ("page", "lang")},
        states=list(MatterState),
        types=list(PollutionType),
    )


@pages.get("/<int:matter_id>")
@requires(Permission.COMPLAINT_VIEW)
def matter(matter_id: int) -> str:
    """Show one matter with its complaints; who reported is in no answer of this page."""
    found = matter_file(database(), actor().scope, matter_id)
    if found is None:
        raise Problem("not_found", what="事项")
    return render_template("complaint_matter.html", file=found, line=found.line)
