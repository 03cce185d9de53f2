"""Pages of matters: lists by due time, steps, bulk steps, merges, documents, holidays."""

import io
from datetime import timedelta

import pytest
from docx import Document
from flask import Flask
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import (
    AuditEntry,
    ComplaintMatter,
    Event,
    Holiday,
    IssuedDocument,
    MatterMerge,
    Person,
)
from tests.conftest import NOW
from tests.factories import (
    client_of,
    make_complaint,
    make_finding,
    make_grid,
    make_matter,
    make_owner,
    make_policies,
    make_reporter,
)

CANARY = {"name": "金丝雀", "phone": "13800009999", "address": "东街7号院3单元"}


@pytest.fixture
def county(session: Session):
    make_policies(session)
    return make_grid(session)


@pytest.fixture
def deputy(app: Flask, session: Session):
    return client_of(app, session, Role.DEPUTY)


def form(session: Session, matter: ComplaintMatter, **values) -> dict[str, object]:
    session.refresh(matter)
    version = session.scalar(
        select(Event.id).where(Event.subject_id == matter.id).order_by(Event.id.desc()).limit(1)
    )
    return {"state": matter.state, "version": version or 0, **values}


def test_what_is_due_first_stands_first_and_says_so_in_words(deputy, session, county):
    for days, title in ((1, "甲事项"), (16, "乙事项"), (3, "丙事项")):
        make_matter(session, at=NOW - timedelta(days=days), title=title, grid_id=county.id)
    session.commit()
    text = deputy.get("/complaints").text
    places = [text.index(title) for title in ("乙事项", "丙事项", "甲事项")]
    assert places == sorted(places)
    assert "已超期" in text
    assert "已报至局长" in text
    late = deputy.get("/complaints?tab=waiting&late=1").text
    assert "乙事项" in late
    assert "丙事项" not in late


def test_a_bare_address_is_the_own_list_and_a_filter_looks_at_everything(deputy, session, county):
    make_matter(session, at=NOW, title="交办中的事项", state="assigned", grid_id=county.id)
    session.commit()
    assert "交办中的事项" not in deputy.get("/complaints").text
    assert "交办中的事项" in deputy.get("/complaints?open=on").text
    assert "交办中的事项" in deputy.get("/complaints?tab=all").text


def test_each_tab_holds_what_it_says(deputy, session, county):
    waiting = make_matter(session, at=NOW, title="待办事项", grid_id=county.id)
    make_matter(
        session, at=NOW, title="督办事项", state="handling", is_supervised=True, grid_id=county.id
    )
    make_matter(session, at=NOW, title="办完事项", state="archived", grid_id=county.id)
    session.commit()
    done = form(session, waiting, reason="请尽快")
    assert deputy.post(f"/complaints/{waiting.id}/urge", data=done).status_code == 302
    found = {
        tab: {title for title in ("待办事项", "督办事项", "办完事项") if title in page}
        for tab in ("waiting", "done", "watched", "all")
        if (page := deputy.get(f"/complaints?tab={tab}").text)
    }
    assert found == {
        "waiting": {"待办事项"},
        "done": {"待办事项"},
        "watched": {"督办事项"},
        "all": {"待办事项", "督办事项", "办完事项"},
    }


def test_batches_and_key_items_are_counted(deputy, session, county):
    for batch in ("第1批", "第1批", "第2批"):
        matter = make_matter(session, at=NOW, complaints=0, grid_id=county.id, is_key_item=True)
        make_complaint(session, matter, at=NOW, batch_no=batch)
    session.commit()
    text = deputy.get("/complaints").text
    assert "2 批" in text
    assert "重点件 3 件" in text
    assert "1 批" in deputy.get("/complaints?batch=第1批").text


def test_a_step_is_taken_on_the_page_and_a_wrong_one_says_why(deputy, session, county):
    matter = make_matter(session, at=NOW, grid_id=county.id)
    session.commit()
    data = form(session, matter, means="phone", told="已受理")
    assert deputy.post(f"/complaints/{matter.id}/accept", data=data).status_code == 302
    page = deputy.get(f"/complaints/{matter.id}").text
    assert "已受理" in page
    assert "电话举报受理期限" in page
    again = deputy.post(f"/complaints/{matter.id}/accept", data=data)
    assert again.status_code == 409
    assert "请查看最新情况后再办" in again.text
    blank = deputy.post(f"/complaints/{matter.id}/assign", data=form(session, matter))
    assert blank.status_code == 422
    assert "须指定承办人" in blank.text


@pytest.mark.parametrize(
    "values",
    [
        {"due_at": "tomorrow"},
        {"days": "many"},
        {"lon": "nan"},
        {"lat": "91"},
        {"handler_person_id": "x"},
        {"version": "9" * 30},
    ],
)
def test_a_field_that_cannot_be_read_is_refused(deputy, session, county, values):
    matter = make_matter(session, at=NOW, grid_id=county.id)
    session.commit()
    answer = deputy.post(f"/complaints/{matter.id}/urge", data=form(session, matter) | values)
    assert answer.status_code == 422


def test_a_promised_arrival_counts_down(deputy, session, county):
    matter = make_matter(session, at=NOW, is_on_site_promised=True, grid_id=county.id)
    session.commit()
    page = deputy.get(f"/complaints/{matter.id}").text
    assert 'data-countdown="2026-03-24T03:00:00+00:00"' in page


def test_many_matters_are_assigned_to_their_owners_and_the_refused_say_why(deputy, session, county):
    owner = make_owner(session, county)
    chosen = [
        make_matter(session, at=NOW, state=state, grid_id=county.id)
        for state in ("accepted", "accepted", "registered")
    ]
    lost = make_matter(session, at=NOW, state="accepted", grid_id=None)
    session.commit()
    ticked = [f"{one.id} {one.state} 0" for one in (*chosen, lost)]
    page = deputy.post("/complaints/bulk", data={"event": "assign", "chosen": ticked})
    assert "已办理 2 件,未办理 2 件" in page.text
    assert chosen[2].matter_no in page.text
    session.expire_all()
    assert {one.handler_person_id for one in chosen[:2]} == {owner.person_id}
    assert lost.handler_person_id is None
    nothing = deputy.post("/complaints/bulk", data={"event": "urge"})
    assert nothing.status_code == 422
    wrong = deputy.post("/complaints/bulk", data={"event": "accept", "chosen": ticked})
    assert wrong.status_code == 422
    broken = deputy.post("/complaints/bulk", data={"event": "urge", "chosen": ["x"]})
    assert broken.status_code == 422


def test_a_merge_is_made_and_undone_on_the_page(deputy, session, county):
    one, two = (make_matter(session, at=NOW, grid_id=county.id) for _ in range(2))
    finding = make_finding(session, at=NOW, matter_id=one.id, description="粉尘外逸")
    session.commit()
    made = deputy.post(
        f"/complaints/{one.id}/merge", data={"into_no": two.matter_no.lower(), "reason": "同一企业"}
    )
    assert made.status_code == 302
    page = deputy.get(f"/complaints/{two.id}").text
    assert one.matter_no in page
    assert finding.finding_no in page
    merge = session.scalars(select(MatterMerge)).one()
    back = deputy.post(f"/complaints/{two.id}/merges/{merge.id}/undo")
    assert back.status_code == 302
    session.expire_all()
    assert one.state == "registered"
    other = make_matter(session, at=NOW, grid_id=county.id)
    session.commit()
    assert deputy.post(f"/complaints/{other.id}/merges/{merge.id}/undo").status_code == 404
    unknown = deputy.post(f"/complaints/{one.id}/merge", data={"into_no": "SX0", "reason": "x"})
    assert unknown.status_code == 404


def test_matters_of_another_township_are_neither_shown_nor_handled(app, session, county):
    town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    own = make_matter(session, at=NOW, state="accepted", grid_id=town.id)
    other = make_matter(session, at=NOW, state="accepted", grid_id=county.id)
    chief = client_of(app, session, Role.CHIEF, town)
    answer = chief.post(f"/complaints/{other.id}/urge", data=form(session, other, reason="快办"))
    assert answer.status_code == 404
    merged = chief.post(
        f"/complaints/{own.id}/merge", data={"into_no": other.matter_no, "reason": "同一"}
    )
    assert merged.status_code == 404
    ticked = [f"{other.id} {other.state} 0"]
    page = chief.post("/complaints/bulk", data={"event": "urge", "chosen": ticked, "reason": "快"})
    assert "未办理 1 件" in page.text
    assert session.scalars(select(Event)).all() == []


def test_a_document_is_issued_fetched_and_addressed_for_a_reason(deputy, session, county):
    matter = make_matter(session, at=NOW, grid_id=county.id)
    make_reporter(session, matter.complaints[0], **CANARY)
    session.commit()
    address = f"/complaints/{matter.id}/documents"
    data = {"kind": "receipt", "complaint_id": matter.complaints[0].id}
    assert deputy.post(address, data=data).status_code == 302
    document = session.scalars(select(IssuedDocument)).one()
    page = deputy.get(f"/complaints/{matter.id}").text
    assert document.document_no in page
    blank = deputy.get(f"{address}/{document.id}")
    assert blank.status_code == 200
    assert words(blank.data)[2] == "________:"
    unasked = deputy.post(f"{address}/{document.id}/addressed", data={"reason": " "})
    assert unasked.status_code == 422
    named = deputy.post(f"{address}/{document.id}/addressed", data={"reason": "邮寄回执"})
    assert words(named.data)[2] == "金丝雀:"
    acts = session.scalars(select(AuditEntry.action)).all()
    assert "document.issue" in acts
    assert "reporter.reveal" in acts
    for text in (page, "\n".join(words(blank.data))):
        assert not [secret for secret in CANARY.values() if secret in text]
    assert deputy.get(f"{address}/{document.id + 1}").status_code == 404


def test_a_refused_document_says_why_beside_it_on_the_page(deputy, session, county):
    matter = make_matter(session, at=NOW, grid_id=county.id)
    session.commit()
    address = f"/complaints/{matter.id}/documents"
    data = {"kind": "reply", "complaint_id": matter.complaints[0].id}
    page = deputy.get(f"/complaints/{matter.id}").text
    assert "现在还不能出具受理告知书:须先办理“受理”" in page
    assert 'href="#step-accept"' in page
    assert 'id="step-accept"' in page
    early = deputy.post(address, data=data)
    assert early.status_code == 422
    beside = early.text.split('id="documents"')[1].split("</section>")[0]
    assert 'role="alert">现在还不能出具答复意见书:须先办理“审核并答复”' in beside
    assert session.scalars(select(IssuedDocument)).all() == []
    note = Event(
        subject_kind="matter", subject_id=matter.id, event="approve", to_state="replied", at=NOW
    )
    session.add(note)
    session.commit()
    lacking = deputy.post(address, data=data).text
    assert "不能出具答复意见书:缺少核实结果,在“记录核实情况”中填写" in lacking
    matter.verification_result, matter.reply_text = "true", "已责令整改"
    session.commit()
    assert deputy.post(address, data=data).status_code == 302


def test_a_refused_look_at_the_addressee_is_said_beside_its_document(deputy, session, county):
    matter = make_matter(session, at=NOW, grid_id=county.id)
    make_reporter(session, matter.complaints[0], **CANARY)
    session.commit()
    address = f"/complaints/{matter.id}/documents"
    deputy.post(address, data={"kind": "receipt", "complaint_id": matter.complaints[0].id})
    document = session.scalars(select(IssuedDocument)).one()
    refused = deputy.post(f"{address}/{document.id}/addressed", data={"reason": " "})
    assert refused.status_code == 422
    beside = refused.text.split('id="documents"')[1].split("</section>")[0]
    assert 'class="refusal" role="alert"' in beside
    assert "金丝雀" not in refused.text
    document.sha256 = "0" * 64
    session.commit()
    changed = deputy.get(f"{address}/{document.id}")
    assert changed.status_code >= 400
    assert "内容与出具时不一致" in changed.text.split('id="documents"')[1]


def words(content: bytes) -> list[str]:
    return [paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs]


def test_a_handler_finds_their_matters_and_nobody_without_a_permission_acts(app, session, county):
    worker = client_of(app, session, Role.WORKER, county)
    person = session.scalars(select(Person).order_by(Person.id.desc())).first()
    mine = make_matter(
        session,
        at=NOW,
        title="我的事项",
        state="assigned",
        grid_id=county.id,
        handler_person_id=person.id,
    )
    session.commit()
    page = worker.get("/complaints").text
    assert "我的事项" in page
    assert "我承办" in page
    refused = worker.post(f"/complaints/{mine.id}/urge", data=form(session, mine, reason="x"))
    assert refused.status_code == 403
    assert "取当前位置" in worker.get(f"/complaints/{mine.id}").text


@pytest.mark.usefixtures("county")
def test_an_administrator_sets_and_drops_a_holiday_and_both_are_audited(app, session):
    administrator = client_of(app, session, Role.ADMINISTRATOR)
    page = administrator.get("/administration/holidays?year=2026").text
    assert "2026-02-17" in page
    assert "春节" in page
    data = {"day": "2026-03-25", "working": "0", "name": "县庆", "source": "县政府〔2026〕3号"}
    assert administrator.post("/administration/holidays", data=data).status_code == 302
    assert not session.get(Holiday, NOW.date() + timedelta(days=1)).working
    assert "县庆" in administrator.get("/administration/holidays").text
    assert administrator.post("/administration/holidays/2026-03-25/drop").status_code == 302
    assert session.scalars(select(Holiday)).all() == []
    acts = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_kind == "holiday")
    ).all()
    assert acts == ["holiday.set", "holiday.drop"]
    assert administrator.post("/administration/holidays/2026-03-25/drop").status_code == 404
    nameless = administrator.post("/administration/holidays", data=data | {"name": " "})
    assert nameless.status_code == 422
    beyond = administrator.get("/administration/holidays?year=2031").text
    assert "尚未收录" in beyond
