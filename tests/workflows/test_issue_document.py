"""Documents: numbered, frozen, the same when fetched again, and silent about who reported."""

import importlib.util
import io
from datetime import timedelta

import pytest
from docx import Document
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.matter_codes import DocumentKind
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, IssuedDocument, MatterContact
from inspect_app.workflows.issue_document import (
    TO_REPORTERS,
    DocumentOrder,
    document_bytes,
    issue_document,
    refusal_of_document,
    step_of,
)
from inspect_app.workflows.issue_document.facts import struck_out
from tests.conftest import NOW, ROOT, seal_of
from tests.factories import actor_with, add, make_grid, make_matter, make_policies, make_reporter
from tests.workflows.handle_matter.conftest import Bureau

NAME, PHONE, ADDRESS = "金丝雀", "13800009999", "东街7号院3单元"
K = DocumentKind


@pytest.fixture
def bureau(session: Session) -> Bureau:
    make_policies(session)
    county = make_grid(session)
    return Bureau(session, county, county, actor_with(session, Role.STATION))


@pytest.fixture
def matter(bureau: Bureau):
    """A matter through all its steps; whoever wrote about it named the reporter."""
    found = bureau.matter(
        "registered",
        title=f"{NAME}反映电厂粉尘",
        respondent_name="城关热电厂",
        reply_text=f"已责令整改\n感谢{NAME}",
        verification_result="partly",
        opinion_kind="support",
    )
    complaint = found.complaints[0]
    complaint.summary = f"{NAME}({PHONE})说粉尘落在{ADDRESS}"
    complaint.incident_address = f"{ADDRESS}旁"
    make_reporter(bureau.session, complaint, name=NAME, phone=PHONE, address=ADDRESS)
    due = (NOW + timedelta(days=7)).isoformat()
    reason = f"{NAME}电话{PHONE}家住{ADDRESS},<b>情况</b>复杂&紧急"
    for event, facts in (
        ("accept", {}),
        ("refuse", {"refusal_reason": "not_ours"}),
        ("transfer", {"department": "综合执法局", "due_at": due, "document_no": "环函〔2026〕5号"}),
        ("request_extension", {"days": 20}),
        ("extend", {"days": 20}),
        ("approve", {}),
        ("revisit", {}),
    ):
        bureau.note(found, event, reason=reason, facts=facts)
    contact = MatterContact(
        matter_id=found.id,
        kind="revisit",
        means="visit",
        made_at=NOW,
        told=f"{NAME}表示满意",
        met_in_person=True,
        satisfaction="satisfied",
    )
    add(bureau.session, contact)
    return found


def issued(bureau: Bureau, matter, kind: DocumentKind, role=Role.CLERK) -> IssuedDocument:
    return issue_document(
        bureau.session,
        matter.complaints[0],
        DocumentOrder(kind, "某县生态环境局"),
        seal=seal_of(bureau.session),
        actor=actor_with(bureau.session, role),
        now=NOW,
    )


def lines(content: bytes) -> list[str]:
    return [paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs]


def whole(content: bytes) -> str:
    return "\n".join(lines(content))


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_document_names_the_matter_the_bureau_and_its_number_and_no_reporter(
    bureau, matter, kind
):
    row = issued(bureau, matter, kind)
    content = document_bytes(row)
    text = lines(content)
    assert text[0] == kind.label
    assert text[1] == row.document_no
    assert text[-2:] == ["某县生态环境局", "2026年3月24日"]
    assert "{" not in whole(content)
    kept = whole(content) + str(row.facts)
    for secret in (NAME, PHONE, ADDRESS):
        assert secret not in kept
        assert secret.encode() not in content


def test_an_acceptance_says_when_by_which_route_and_until_when(bureau, matter):
    text = whole(document_bytes(issued(bureau, matter, K.ACCEPTANCE)))
    assert "您于2026年3月24日通过12369电话反映的事项" in text
    assert "决定于2026年3月24日予以受理,按申请查处违法行为办理" in text
    # Sixty days from 24 March and twenty of the extension.
    assert "我局将于2026年6月12日前办结并答复您" in text


def test_a_transfer_slip_tells_the_other_unit_all_it_needs_and_nobodys_name(bureau, matter):
    text = lines(document_bytes(issued(bureau, matter, K.TRANSFER)))
    assert text[2] == "综合执法局:"
    assert "请于2026年3月31日前反馈" in text[3]
    assert "被反映单位:城关热电厂" in text
    assert "来文号:环函〔2026〕5号" in text
    place = next(line for line in text if line.startswith("地点:"))
    assert "东经120.50000 北纬30.50000" in place
    assert "转送说明:〔略〕电话〔略〕家住〔略〕,<b>情况</b>复杂&紧急" in text


def test_a_reply_keeps_its_lines_and_names_the_time_for_a_review(bureau, matter):
    text = lines(document_bytes(issued(bureau, matter, K.REPLY)))
    assert "核实结果:部分属实。处理意见:支持。" in text[3]
    assert text[4:6] == ["已责令整改", "感谢〔略〕"]
    assert "自收到之日起30日内" in text[6]


def test_a_revisit_record_says_how_and_how_satisfied(bureau, matter):
    text = lines(document_bytes(issued(bureau, matter, K.REVISIT)))
    assert "回访方式:见面;是否见面:是" in text
    assert "满意度:满意" in text


def test_numbers_run_by_kind_and_year(bureau, matter):
    numbers = [issued(bureau, matter, kind).document_no for kind in (K.REPLY, K.REPLY, K.RECEIPT)]
    assert numbers == ["环信复〔2026〕1号", "环信复〔2026〕2号", "环信收〔2026〕1号"]
    audit = bureau.session.scalars(select(AuditEntry.facts)).all()
    assert [entry["document_no"] for entry in audit] == numbers


def test_a_document_fetched_again_is_the_same_to_the_byte_whatever_changed_since(bureau, matter):
    row = issued(bureau, matter, K.REPLY)
    first = document_bytes(row)
    matter.reply_text = "另有说法"
    matter.complaints[0].complaint_no = "TS9"
    bureau.session.flush()
    bureau.session.expire(row)
    assert document_bytes(row) == first


def test_a_document_whose_facts_were_changed_is_not_given_out(bureau, matter):
    row = issued(bureau, matter, K.REPLY)
    row.facts = row.facts | {"verification": "不属实"}
    with pytest.raises(Problem) as refused:
        document_bytes(row)
    assert refused.value.code == "document_changed"


def test_the_name_stands_where_the_letter_begins_and_nowhere_else(bureau, matter):
    row = issued(bureau, matter, K.ACCEPTANCE)
    assert lines(document_bytes(row))[2] == "________:"
    named = lines(document_bytes(row, addressee=NAME))
    assert named[2] == f"{NAME}:"
    assert NAME not in "\n".join(named[3:])


def test_slips_and_records_belong_to_no_complaint(bureau, matter):
    for kind in DocumentKind:
        row = issued(bureau, matter, kind)
        assert (row.complaint_id is not None) == (kind in TO_REPORTERS)


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind is not K.RECEIPT])
def test_no_document_comes_before_its_step(bureau, kind):
    fresh = make_matter(bureau.session, at=NOW)
    with pytest.raises(Problem) as refused:
        issued(bureau, fresh, kind)
    assert refused.value.code == "document_early"
    assert bureau.session.scalars(select(IssuedDocument)).all() == []


@pytest.mark.parametrize(
    ("kind", "role", "may"),
    [
        (K.RECEIPT, Role.CHIEF, True),
        (K.ACCEPTANCE, Role.CHIEF, False),
        (K.TRANSFER, Role.DEPUTY, True),
        (K.TRANSFER, Role.STATION, False),
        (K.REVISIT, Role.STATION, True),
        (K.REVISIT, Role.WORKER, False),
    ],
)
def test_who_may_issue(bureau, matter, kind, role, may):
    if may:
        issued(bureau, matter, kind, role)
        return
    with pytest.raises(Problem) as refused:
        issued(bureau, matter, kind, role)
    assert refused.value.code == "not_permitted"


def test_longer_words_are_struck_out_before_shorter_ones():
    assert struck_out("王小明和王小", {"王小", "王小明"}) == "〔略〕和〔略〕"
    assert struck_out("文号20260000123", set()) == "文号20260000123"
    assert struck_out("打13912345678", set()) == "打〔略〕"


def test_committed_templates_are_those_the_script_makes():
    folder = ROOT / "inspect_app" / "documents"
    spec = importlib.util.spec_from_file_location("make_documents", folder / "make.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert {path.stem for path in folder.glob("*.docx")} == set(made.TEMPLATES)
    for name, paragraphs in made.TEMPLATES.items():
        fresh, kept = made.template(paragraphs), (folder / f"{name}.docx").read_bytes()
        assert lines(fresh) == lines(kept), name


@pytest.mark.parametrize(
    ("kind", "event", "field"),
    [
        (K.REFUSAL, "refuse", "不受理原因"),
        (K.TRANSFER, "transfer", "转送部门"),
        (K.EXTENSION, "extend", "延期天数"),
        (K.REVISIT, "revisit", "回访记录"),
        (K.REPLY, "approve", "核实结果"),
    ],
)
def test_a_document_without_what_it_tells_of_is_refused_and_names_it(bureau, kind, event, field):
    matter = bureau.matter("registered")
    if kind is K.EXTENSION:
        bureau.note(matter, "request_extension", facts={"days": 20})
    bureau.note(matter, event)
    seen = refusal_of_document(
        bureau.session, matter, kind, complaint=matter.complaints[0], now=NOW
    )
    with pytest.raises(Problem) as refused:
        issued(bureau, matter, kind)
    assert refused.value.code == "document_incomplete"
    assert refused.value.facts["fields"] == field
    assert seen is not None
    assert str(seen) == str(refused.value)
    assert step_of(refused.value) == ("verify" if kind is K.REPLY else event)
    assert bureau.session.scalars(select(IssuedDocument)).all() == []
