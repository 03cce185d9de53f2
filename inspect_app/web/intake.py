"""The fast form: a complaint is taken down by keyboard while the caller is still talking."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import PollutionType, ReporterMode, Severity, SourceChannel
from inspect_app.domain.intake import (
    CHANNEL_KEYS,
    FORWARDED,
    IN_BATCHES,
    IN_PERSON,
    NUMBERED_ELSEWHERE,
    SUBTYPES,
)
from inspect_app.domain.matter_codes import LegalRoute, RequestKind
from inspect_app.domain.problems import Problem
from inspect_app.queries.intake import day_count, registered
from inspect_app.web.http import (
    actor,
    database,
    now,
    requires,
    roll_back,
    sentence,
    time_zone,
    today,
)
from inspect_app.web.intake_form import drafted
from inspect_app.web.places import sight
from inspect_app.web.reporter_seal import seal
from inspect_app.web.statuses import status_of
from inspect_app.workflows.move_complaint import move_complaint, undo_move
from inspect_app.workflows.register_complaint import SUMMARY_MAX, register_complaint

pages = Blueprint("intake", __name__)

P = Permission


@pages.get("/complaints/new")
@requires(P.COMPLAINT_REGISTER)
def form() -> str:
    """Show the empty form; the time is now."""
    return _form_page()


@pages.post("/complaints/new")
@requires(P.COMPLAINT_REGISTER)
def save() -> AnyResponse | tuple[str, int]:
    """Register what was typed; a refusal shows the form again with all of it."""
    try:
        told = drafted(request.form, zone=time_zone(), now=now())
        complaint = register_complaint(database(), told, seal=seal(), actor=actor(), now=now())
    except Problem as problem:
        roll_back()
        return _form_page(sentence(problem)), status_of(problem)
    return redirect(url_for("intake.done", complaint_id=complaint.id))


@pages.get("/complaints/registered/<int:complaint_id>")
@requires(P.COMPLAINT_REGISTER)
def done(complaint_id: int) -> str:
    """Show the numbers, the owner of the place and the first deadline; Enter takes the next."""
    found = registered(database(), complaint_id, scope=actor().scope, day=today())
    return render_template("complaint_registered.html", found=found, person=actor().person_id)


@pages.post("/complaints/calls/<int:complaint_id>/move")
@requires(P.COMPLAINT_REGISTER)
def move(complaint_id: int) -> Response:
    """Take a complaint out of its matter into one of its own."""
    move_complaint(
        database(),
        complaint_id,
        None,
        reason=request.form.get("reason", ""),
        actor=actor(),
        now=now(),
    )
    flash(gettext("已移出为新事项"))
    return _back_to(complaint_id)


@pages.post("/complaints/moves/<int:move_id>/undo")
@requires(P.COMPLAINT_REGISTER)
def undo(move_id: int) -> Response:
    """Bring a moved complaint back."""
    complaint = undo_move(database(), move_id, actor=actor(), now=now())
    flash(gettext("已撤销,投诉回到原事项"))
    return _back_to(complaint.id)


def _back_to(complaint_id: int) -> Response:
    answer = redirect(url_for("intake.done", complaint_id=complaint_id))
    return Response(headers=answer.headers, status=answer.status_code)


def _form_page(message: str = "") -> str:
    typed = request.form
    return render_template(
        "complaint_new.html",
        message=message,
        form=typed,
        typed_types=typed.getlist("types"),
        typed_subtypes=typed.getlist("subtypes"),
        channel=typed.get("channel", SourceChannel.PHONE_12369.value),
        channels=[(code, CHANNEL_KEYS[code]) for code in SourceChannel],
        types=list(enumerate(PollutionType, start=1)),
        subtypes=SUBTYPES,
        severities=list(Severity),
        request_kinds=list(RequestKind),
        routes=list(LegalRoute),
        default_route=LegalRoute.ILLEGAL_ACT,
        modes=list(enumerate(ReporterMode, start=1)),
        fields_of={
            "numbered": _values(NUMBERED_ELSEWHERE),
            "forwarded": _values(FORWARDED),
            "batches": _values(IN_BATCHES),
            "visitors": _values(IN_PERSON),
        },
        summary_max=SUMMARY_MAX,
        extent=sight(),
        count=day_count(database(), day=today(), scope=actor().scope, zone=time_zone()),
        place_optional=True,
        person=actor().person_id,
    )


def _values(channels: frozenset[SourceChannel]) -> str:
    return " ".join(sorted(code.value for code in channels))
