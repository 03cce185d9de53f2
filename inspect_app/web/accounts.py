"""Log-in, log-out and the start page of each role."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.db import transaction
from inspect_app.domain.problems import Problem
from inspect_app.queries.actors import demo_accounts
from inspect_app.web.http import (
    actor_or_none,
    database,
    now,
    public,
    sentence,
    sessions,
    settings,
    signed_in,
    time_zone,
)
from inspect_app.web.sessions import StoredSession
from inspect_app.web.views import navigation
from inspect_app.workflows.log_in import LockRule, log_in

pages = Blueprint("accounts", __name__)

TODAY = "patrol.page"
SUMMARY = "summary.page"


@pages.get("/")
@signed_in
def home() -> Response:
    """Send those who go out to their patrols of today, others to the first page of their bar."""
    endpoints = [entry.endpoint for entry in navigation(current_app)]
    goes_out = TODAY in endpoints and SUMMARY not in endpoints
    first = TODAY if goes_out else next(iter(endpoints), "accounts.nothing")
    return redirect(url_for(first))


@pages.get("/nothing")
@signed_in
def nothing() -> str:
    """Say that no post is held today."""
    return render_template("problem.html", message=gettext("您当前没有任职岗位,请联系管理员"))


@pages.route("/login", methods=["GET", "POST"])
@public
def login() -> Response | str | tuple[str, int]:
    """Check the password; a failure is counted in a transaction of its own."""
    if actor_or_none() is not None and request.method == "GET":
        return redirect(url_for("accounts.home"))
    if request.method == "GET":
        return _form()
    rule = LockRule(settings().login_failures_max, settings().login_lock_min)
    with transaction(sessions()) as own:
        outcome = log_in(
            own,
            request.form.get("login", ""),
            request.form.get("password", ""),
            rule=rule,
            now=now(),
        )
    if isinstance(outcome, Problem):
        if outcome.code == "account_locked":
            until = f"{outcome.facts['until'].astimezone(time_zone()):%H:%M}"  # type: ignore[attr-defined]
            outcome = Problem("account_locked", until=until)
        return _form(sentence(outcome)), 401
    _renew(account_id=outcome)
    return redirect(_safe_next(request.args.get("next", "")))


@pages.post("/logout")
@signed_in
def logout() -> Response:
    """End the session; unsent work on the device is not touched."""
    _renew()
    return redirect(url_for("accounts.login"))


def _renew(**values: object) -> None:
    kept = {key: session[key] for key in ("language",) if key in session}
    session.clear()
    session.update(kept | values)
    if isinstance(session._get_current_object(), StoredSession):  # type: ignore[attr-defined]
        session.renew()  # type: ignore[attr-defined]


def _form(message: str = "") -> str:
    accounts = demo_accounts(database()) if settings().demo else []
    return render_template("login.html", message=message, accounts=accounts)


def _safe_next(target: str) -> str:
    """Return a local address only: no other host, no protocol-relative or backslash trick."""
    parts = urlsplit(target)
    local = target.startswith("/") and not target.startswith(("//", "/\\"))
    if local and not parts.netloc and not parts.scheme:
        return target
    return url_for("accounts.home")
