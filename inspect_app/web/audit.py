"""The audit trail for auditors."""

from flask import Blueprint, render_template, request

from inspect_app.domain.access import Permission
from inspect_app.domain.acts import ACTS, SUBJECTS
from inspect_app.queries.audit import PAGE_SIZE, AuditFilter, audit_page
from inspect_app.web.http import database, parsed_day, requires, time_zone

pages = Blueprint("audit", __name__)


@pages.get("/audit")
@requires(Permission.AUDIT_VIEW)
def page() -> str:
    """Show a page of the trail; the address keeps filter and page."""
    day = request.args.get("day")
    chosen = AuditFilter(
        action=request.args.get("action", "").strip(),
        person=request.args.get("person", "").strip(),
        day=parsed_day("日期", day) if day else None,
    )
    number = max(request.args.get("page", 1, type=int), 1)
    lines, total = audit_page(database(), chosen, zone=time_zone(), page=number)
    return render_template(
        "audit.html",
        lines=lines,
        total=total,
        chosen=chosen,
        acts=ACTS,
        subjects=SUBJECTS,
        page=number,
        last_page=max((total + PAGE_SIZE - 1) // PAGE_SIZE, 1),
        kept={key: value for key, value in request.args.items() if key not in ("page", "lang")},
    )
