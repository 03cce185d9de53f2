"""System administration: policies with their history, accounts, background jobs."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.queries.settings_in_force import (
    account_lines,
    job_counts,
    policies_in_force,
    policy_history,
)
from inspect_app.web.http import actor, database, now, parsed_day, requires, today
from inspect_app.workflows.set_policy import PolicyChange, set_policy

pages = Blueprint("administration", __name__)


@pages.get("/administration")
@requires(Permission.ADMINISTER)
def page() -> str:
    """Show what is in force today."""
    return render_template(
        "administration.html",
        policies=policies_in_force(database(), day=today()),
        history=policy_history(database()),
        today=today(),
        accounts=account_lines(database(), day=today()),
        jobs=job_counts(database()),
    )


@pages.post("/administration/policies/<key>")
@requires(Permission.ADMINISTER)
def change_policy(key: str) -> Response:
    """Set the value of the form from its day on."""
    wanted = request.form.get("value", "")
    try:
        value = float(wanted)
    except ValueError as error:
        raise Problem("field_invalid", field="取值", expected="12.5", found=wanted[:40]) from error
    change = PolicyChange(
        key,
        value,
        parsed_day("自", request.form.get("valid_from", "")),
        request.form.get("source", ""),
    )
    set_policy(database(), change, actor=actor(), today=today(), now=now())
    flash(gettext("已保存,自%(day)s起执行", day=change.valid_from.isoformat()))
    return redirect(url_for("administration.page", _anchor=key))
