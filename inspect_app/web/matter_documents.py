"""Documents about a matter: issued with a number, fetched again, addressed for a reason."""

from functools import wraps
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.domain.matter_codes import DocumentKind
from inspect_app.domain.problems import Problem
from inspect_app.models import Complaint, ComplaintMatter, IssuedDocument
from inspect_app.queries.matter_worklists import find_matter
from inspect_app.web import complaints
from inspect_app.web.http import View, actor, chosen_code, database, now, requires, settings
from inspect_app.web.reporter_refusals import notes_refusals
from inspect_app.web.reporter_seal import seal
from inspect_app.workflows.issue_document import (
    ISSUERS,
    DocumentOrder,
    document_bytes,
    issue_document,
    issued_document,
)
from inspect_app.workflows.reveal_reporter import reveal_reporter

pages = Blueprint("matter_documents", __name__, url_prefix="/complaints/<int:matter_id>/documents")

pages.context_processor(complaints.codes)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


ELSEWHERE = frozenset({"not_found", "not_permitted", "login_required", "form_expired"})
"""Refusals that have no page of a matter to stand on."""


def beside(view: View) -> View:
    """Show a refusal on the matter's page beside the document; stands above the other guards."""

    @wraps(view)
    def shown(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a view's own types
        try:
            return view(*args, **kwargs)
        except Problem as problem:
            if problem.code in ELSEWHERE:
                raise
            document = str(kwargs.get("document_id", "new"))
            return complaints.refused_document(kwargs["matter_id"], problem, document)

    return shown


@pages.post("")
@beside
@requires(*dict.fromkeys(ISSUERS.values()))
def issue(matter_id: int) -> Response:
    """Issue the document the form names about one of the matter's complaints."""
    matter = _found(matter_id)
    kind = chosen_code(DocumentKind, request.form.get("kind", ""))
    complaint = _complaint(matter, request.form.get("complaint_id", 0, type=int))
    if kind is None:
        raise Problem("not_found", what="文书")
    issued = issue_document(
        database(),
        complaint,
        DocumentOrder(kind, settings().bureau_name),
        seal=seal(),
        actor=actor(),
        now=now(),
    )
    flash(gettext("已出具%(number)s", number=issued.document_no))
    return redirect(url_for("complaints.matter", matter_id=matter_id, _anchor="documents"))


@pages.get("/<int:document_id>")
@beside
@requires(Permission.COMPLAINT_VIEW)
def fetch(matter_id: int, document_id: int) -> Response:
    """Give the document with the address left blank."""
    document = issued_document(database(), _found(matter_id), document_id)
    return _word(document, document_bytes(document))


@pages.post("/<int:document_id>/addressed")
@beside
@notes_refusals("matter", "matter_id")
@requires(Permission.REPORTER_REVEAL)
def addressed(matter_id: int, document_id: int) -> Response:
    """Give the document with the reporter's name; the reason goes to the audit trail first."""
    document = issued_document(database(), _found(matter_id), document_id)
    if document.complaint_id is None:
        raise Problem("not_found", what="收件人")
    found = reveal_reporter(
        database(),
        document.complaint_id,
        request.form.get("reason", ""),
        seal=seal(),
        actor=actor(),
        now=now(),
    )
    return _word(document, document_bytes(document, addressee=found.reporter.name))


def _word(document: IssuedDocument, content: bytes) -> Response:
    name = f"{document.document_no}.docx"
    return send_file(BytesIO(content), WORD, as_attachment=True, download_name=name)


def _found(matter_id: int) -> ComplaintMatter:
    matter = find_matter(database(), matter_id, actor=actor())
    if matter is None:
        raise Problem("not_found", what="事项")
    return matter


def _complaint(matter: ComplaintMatter, complaint_id: int) -> Complaint:
    complaint = database().get(Complaint, complaint_id)
    if complaint is None or complaint.matter_id != matter.id:
        raise Problem("not_found", what="投诉")
    return complaint
