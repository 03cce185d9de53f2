"""Exports of other systems: GB18030 and XLSX, known again by number, read as the last time."""

import json

import pytest
import xlsxwriter
from sqlalchemy import func, select

from inspect_app.models import Complaint, ImportBatch, ImportMapping, Reporter
from tests.conftest import seal_of
from tests.workflows.importing import run, write

HEADER = "工单编号,受理时间,渠道,投诉类型,内容,污染小类,来电人,来电号码,办理人手机,转办单位,批次号"
ROWS = (
    "12345-1,2026-03-01 08:00,12345,废气,夜间异味,恶臭异味,金丝雀,13800009999,13911112222,,",
    "12345-2,2026-03-02 09:00,督察,水,河水发黑,,,,,省督察组,第3批",
)
TEXT = "\n".join((HEADER, *ROWS)) + "\n"


def complaints(session) -> list[Complaint]:
    return list(session.scalars(select(Complaint).order_by(Complaint.external_no)))


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_an_export_is_read_in_its_encoding_without_places_and_these_are_counted(
    session, tmp_path, encoding
):
    report = run(session, "complaints", write(tmp_path, "导出.csv", TEXT.encode(encoding)))
    assert (report.counts["inserted"], report.counts["no_place"]) == (2, 2)
    first, second = complaints(session)
    assert (first.source_channel, first.pollution_types) == ("hotline_12345", ["air"])
    assert first.pollution_subtypes == ["odour"]
    assert (second.source_channel, second.forwarded_by, second.batch_no) == (
        "inspection",
        "省督察组",
        "第3批",
    )
    assert first.first_contact_person_id is None


def test_a_workbook_is_read_alike(session, tmp_path):
    path = tmp_path / "导出.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("工单")
        for n, line in enumerate((HEADER, *ROWS)):
            sheet.write_row(n, 0, line.split(","))
    assert run(session, "complaints", path).counts["inserted"] == 2
    assert [one.external_no for one in complaints(session)] == ["12345-1", "12345-2"]


def test_reporters_go_sealed_and_no_other_column_of_a_person_is_kept(session, tmp_path):
    report = run(session, "complaints", write(tmp_path, "导出.csv", TEXT))
    first, _ = complaints(session)
    reporter = session.scalars(select(Reporter)).one()
    told = seal_of(session).open(reporter.sealed, complaint_id=first.id)
    assert told == ("金丝雀", "13800009999", "")
    assert reporter.phone_hash == seal_of(session).phone_hash("13800009999")
    batch = session.scalars(select(ImportBatch)).one()
    stored = [first.raw, batch.columns, batch.counts, batch.rejections, list(report.sample)]
    said = json.dumps([*stored, [dict(w.facts) for w in report.warnings]], ensure_ascii=False)
    assert not any(word in said for word in ("金丝雀", "13800009999", "13911112222"))


def test_a_bad_value_of_a_person_is_refused_without_being_shown(session, tmp_path):
    text = f"{HEADER}\n{ROWS[0].replace('金丝雀', '金丝雀' * 900)}\n"
    report = run(session, "complaints", write(tmp_path, "导出.csv", text))
    assert not any("金丝雀" in str(dict(one.facts)) for one in report.rejections)


def test_an_export_that_comes_again_changes_nothing_and_says_so(session, tmp_path):
    run(session, "complaints", write(tmp_path, "一.csv", TEXT))
    changed = TEXT.replace("夜间异味", "改写过") + "12345-3,2026-03-03,电话,水,新的,,,,,,\n"
    report = run(session, "complaints", write(tmp_path, "二.csv", changed))
    counts = report.counts
    assert (counts["inserted"], counts["updated"], counts["already_there"]) == (1, 0, 2)
    assert complaints(session)[0].summary == "夜间异味"
    assert session.scalar(select(func.count()).select_from(Reporter)) == 1


def test_a_file_with_known_headers_is_read_as_the_last_one_was(session, tmp_path):
    text = "单号,何时,说了什么,X,Y\nA1,2026-03-01,异味,120.1,30.5\n"
    said = {
        "columns": {"external_no": "单号", "received_at": "何时", "summary": "说了什么"},
        "constants": {"source_channel": "微信"},
        "crs": "GCJ02",
    }
    run(session, "complaints", write(tmp_path, "一.csv", text), **said, dry_run=True)
    assert session.scalar(select(func.count()).select_from(ImportMapping)) == 0
    run(session, "complaints", write(tmp_path, "一.csv", text), **said)
    again = run(session, "complaints", write(tmp_path, "二.csv", text.replace("A1", "A2")))
    assert again.counts["inserted"] == 1
    assert again.source_crs == "GCJ02"
    assert [one.source_channel for one in complaints(session)] == ["wechat", "wechat"]
    other = text.replace("A1", "A3").replace("说了什么", "反映内容")
    columns = {"external_no": "单号", "received_at": "何时"}
    assert (
        run(
            session, "complaints", write(tmp_path, "三.csv", other), crs="GCJ02", columns=columns
        ).counts["inserted"]
        == 1
    )
