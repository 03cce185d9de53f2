"""The inbox of the review: what tablets sent and no rule could settle, for a person to decide."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import SyncState
from inspect_app.domain.problems import Problem
from inspect_app.queries.inbox import (
    HeldRecord,
    held_record,
    held_records,
    rivals,
    set_aside_records,
)
from inspect_app.web.http import actor, database, now, requires, sentence
from inspect_app.web.record_view import RecordView, record_views
from inspect_app.workflows.settle_record import decide_quarantine, retry, set_aside

P = Permission
pages = Blueprint("inbox", __name__)

PAGE_SIZE = 20


@pages.get("/patrols/inbox")
@requires(P.PATROL_REVIEW)
def page() -> str:
    """Show what is held, the oldest first, and the pairs of versions under one name."""
    number = max(request.args.get("page", 1, type=int), 1)
    held = held_records(database(), scope=actor().scope, now=now())
    pairs = rivals(database(), scope=actor().scope)
    return render_template(
        "patrols/inbox.html",
        total=len(held),
        held=_page_of(held, number),
        aside_count=len(set_aside_records(database(), scope=actor().scope)),
        pairs=[(one, *_both(one.kept_body, one.body)) for one in pairs[:PAGE_SIZE]],
        pair_count=len(pairs),
        decided=rivals(database(), scope=actor().scope, decided=True)[-PAGE_SIZE:],
        may_report=actor().may(P.FINDING_REPORT),
        page=number,
        last_page=max((len(held) + PAGE_SIZE - 1) // PAGE_SIZE, 1),
    )


@pages.get("/patrols/inbox/set-aside")
@requires(P.PATROL_REVIEW)
def aside_page() -> str:
    """List what was put aside, with who did it, when and why; each can be taken back."""
    number = max(request.args.get("page", 1, type=int), 1)
    aside = set_aside_records(database(), scope=actor().scope)
    return render_template(
        "patrols/set_aside.html",
        total=len(aside),
        aside=_page_of(aside, number),
        page=number,
        last_page=max((len(aside) + PAGE_SIZE - 1) // PAGE_SIZE, 1),
    )


@pages.post("/patrols/inbox/<uuid:uid>/retry")
@requires(P.PATROL_REVIEW)
def again(uid: UUID) -> Response:
    """Try a held record again."""
    held_record(database(), uid, scope=actor().scope)
    verdict = retry(database(), uid, actor=actor(), now=now())
    if verdict.problem is None:
        flash(gettext("已生效"))
    else:
        flash(gettext("仍不能生效：%(why)s", why=sentence(verdict.problem)), "warning")
    return redirect(url_for("inbox.page"))


@pages.post("/patrols/inbox/<uuid:uid>/set-aside")
@requires(P.PATROL_REVIEW)
def aside(uid: UUID) -> Response:
    """Put a held record aside with a reason; it is never deleted."""
    held_record(database(), uid, scope=actor().scope)
    reason = request.form.get("reason", "")
    set_aside(database(), uid, reason=reason, actor=actor(), now=now())
    flash(gettext("已搁置，原始记录仍保留，可在“已搁置”中取回"))
    return redirect(url_for("inbox.page"))


@pages.post("/patrols/inbox/rivals/<int:number>")
@requires(P.PATROL_REVIEW)
def decide(number: int) -> Response:
    """Note what was decided about two versions; both stay as they are."""
    if number not in {one.id for one in rivals(database(), scope=actor().scope)}:
        raise Problem("not_found", what="平板记录")
    decision = request.form.get("decision", "")
    decide_quarantine(database(), number, decision=decision, actor=actor(), now=now())
    flash(gettext("已记下处理意见，两份内容都保留"))
    return redirect(url_for("inbox.page"))


def _page_of(
    records: list[HeldRecord], number: int
) -> list[tuple[HeldRecord, RecordView, str, SyncState]]:
    """Return one page of records as the templates show them."""
    shown = records[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    views = record_views(database(), [one.body for one in shown])
    return [
        (one, view, _why(one.problem), SyncState(one.state))
        for one, view in zip(shown, views, strict=True)
    ]


def _why(problem: Problem | None) -> str:
    return gettext("等待前面的记录到达") if problem is None else sentence(problem)


def _both(kept: bytes | None, came: bytes) -> tuple[RecordView | None, RecordView]:
    bodies = [came] if kept is None else [came, kept]
    views = record_views(database(), bodies)
    return (None if kept is None else views[1]), views[0]
