"""System administration: policies in force, accounts, background jobs; read-only for now."""

from flask import Blueprint, render_template

from inspect_app.domain.access import Permission
from inspect_app.queries.settings_in_force import account_lines, job_counts, policies_in_force
from inspect_app.web.http import database, requires, today

pages = Blueprint("administration", __name__)


@pages.get("/administration")
@requires(Permission.ADMINISTER)
def page() -> str:
    """Show what is in force today."""
    return render_template(
        "administration.html",
        policies=policies_in_force(database(), day=today()),
        accounts=account_lines(database(), day=today()),
        jobs=job_counts(database()),
    )
