"""Refused looks at reporters stand in the audit trail; what does not open is a refusal in words."""

import pytest
from flask import Flask
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Permission, Role, permissions_of
from inspect_app.models import AuditEntry, Complaint, IssuedDocument, Reporter
from tests.conftest import NOW
from tests.factories import client_of, make_grid, make_matter, make_policies, make_reporter

TOLD = {"name": "金丝雀", "phone": "13800009999", "address": "东街7号院3单元"}
REASON = "给金丝雀 13800009999 回访"
MAY_NOT = [role for role in Role if Permission.REPORTER_REVEAL not in permissions_of([role])]


@pytest.fixture
def county(session: Session):
    make_policies(session)
    return make_grid(session)


@pytest.fixture
def complaint(session: Session, county) -> Complaint:
    complaint = make_matter(session, at=NOW, grid_id=county.id).complaints[0]
    make_reporter(session, complaint, **TOLD)
    return complaint


def refusals(session: Session) -> list[AuditEntry]:
    statement = select(AuditEntry).where(AuditEntry.action == "reporter.reveal_refused")
    return list(session.scalars(statement.order_by(AuditEntry.id)))


def assert_noted(session: Session, problem: str, *, subject: tuple[str, int]) -> None:
    """Look at the one refusal: who, what, why not, and not a word of anybody."""
    entry = refusals(session)[-1]
    assert (entry.subject_kind, entry.subject_id) == (subject[0], str(subject[1]))
    assert entry.facts == {"problem": problem}
    assert entry.actor_id is not None


@pytest.mark.parametrize("role", MAY_NOT)
def test_whose_post_may_not_reveal_is_noted(app: Flask, session, complaint, role):
    client = client_of(app, session, role)
    answer = client.post(f"/complaints/calls/{complaint.id}/reveal", data={"reason": REASON})
    assert answer.status_code == 403
    assert_noted(session, "not_permitted", subject=("complaint", complaint.id))


def test_a_confidential_reporter_asked_for_by_a_clerk_is_noted(app, session, county):
    hidden = make_matter(session, at=NOW, grid_id=county.id).complaints[0]
    make_reporter(session, hidden, mode="confidential", **TOLD)
    client = client_of(app, session, Role.CLERK)
    answer = client.post(f"/complaints/calls/{hidden.id}/reveal", data={"reason": REASON})
    assert answer.status_code == 403
    assert_noted(session, "not_permitted", subject=("complaint", hidden.id))


def test_another_grids_reporter_is_noted(app, session, county, complaint):
    town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    client = client_of(app, session, Role.CHIEF, grid=town)
    for number in (complaint.id, complaint.id + 1000):
        answer = client.post(f"/complaints/calls/{number}/reveal", data={"reason": REASON})
        assert answer.status_code == 404
        assert_noted(session, "not_found", subject=("complaint", number))


def test_a_rush_is_noted_beside_what_was_revealed(app, session, complaint):
    client = client_of(app, session, Role.CLERK)
    address = f"/complaints/calls/{complaint.id}/reveal"
    answers = [client.post(address, data={"reason": REASON}).status_code for _ in range(22)]
    assert answers == [200] * 20 + [429] * 2
    assert [entry.facts for entry in refusals(session)] == [{"problem": "reveal_too_often"}] * 2
    revealed = select(AuditEntry).where(AuditEntry.action == "reporter.reveal")
    assert len(session.scalars(revealed).all()) == 20


def test_a_slip_of_the_pen_is_no_entry(app, session, complaint):
    client = client_of(app, session, Role.CLERK)
    answer = client.post(f"/complaints/calls/{complaint.id}/reveal", data={"reason": " "})
    assert answer.status_code == 422
    assert refusals(session) == []


def test_an_addressed_document_refused_is_noted(app, session, complaint):
    deputy = client_of(app, session, Role.DEPUTY)
    address = f"/complaints/{complaint.matter_id}/documents"
    deputy.post(address, data={"kind": "receipt", "complaint_id": complaint.id})
    document = session.scalars(select(IssuedDocument)).one()
    worker = client_of(app, session, Role.WORKER)
    answer = worker.post(f"{address}/{document.id}/addressed", data={"reason": REASON})
    assert answer.status_code == 403
    assert_noted(session, "not_permitted", subject=("matter", complaint.matter_id))


def test_the_auditor_reads_refusals_by_name_without_anybodys_data(app, session, complaint):
    worker = client_of(app, session, Role.WORKER)
    worker.post(f"/complaints/calls/{complaint.id}/reveal", data={"reason": REASON})
    page = client_of(app, session, Role.AUDITOR).get("/audit?action=reporter.reveal_refused").text
    assert "查看举报人信息被拒绝" in page
    assert "金丝雀" not in page
    assert "13800009999" not in page


@pytest.fixture
def shut(session: Session, complaint: Complaint) -> Complaint:
    """A complaint whose stored reporter was changed by somebody without the key."""
    reporter = session.get_one(Reporter, complaint.id)
    reporter.sealed = reporter.sealed[:-1] + bytes([reporter.sealed[-1] ^ 1])
    session.commit()
    return complaint


def test_no_document_is_issued_while_a_reporter_does_not_open(app, session, shut):
    client = client_of(app, session, Role.DEPUTY)
    address = f"/complaints/{shut.matter_id}/documents"
    answer = client.post(address, data={"kind": "receipt", "complaint_id": shut.id})
    assert answer.status_code == 503
    assert f"投诉{shut.complaint_no}的举报人信息打不开" in answer.text
    assert session.scalars(select(IssuedDocument)).all() == []


def test_a_reporter_who_does_not_open_is_said_and_cannot_be_revealed(app, session, shut):
    client = client_of(app, session, Role.DEPUTY)
    page = client.get(f"/complaints/{shut.matter_id}/calls")
    assert page.status_code == 200
    assert "打不开,请联系管理员检查举报人密钥" in page.text
    assert "/reveal" not in page.text
    answer = client.post(f"/complaints/calls/{shut.id}/reveal", data={"reason": REASON})
    assert answer.status_code == 503
    assert "打不开" in answer.text
    assert (
        session.scalars(select(AuditEntry).where(AuditEntry.action == "reporter.reveal")).all()
        == []
    )
