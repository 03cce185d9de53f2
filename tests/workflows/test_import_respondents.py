"""Imported complaints: legal route, the unit complained about, and levels passed over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from inspect_app.domain.matter_codes import LegalRoute
from inspect_app.domain.uscc import check_character
from inspect_app.models import Complaint, ComplaintMatter, Event, Policy
from inspect_app.queries.respondents import Match, Respondent, SourceBook
from tests.factories import make_policies, make_source
from tests.workflows.importing import run, write

CODE, OTHER = (body + check_character(body) for body in ("91320100134908786", "91110000600037341"))
HEADER = "编号,受理时间,渠道,内容,被反映单位,统一社会信用代码,法定途径,来访人数,越级\n"


def matters(session) -> list[ComplaintMatter]:
    return list(session.scalars(select(ComplaintMatter).order_by(ComplaintMatter.matter_no)))


def file_of(tmp_path, *rows: str):
    return write(tmp_path, "导出.csv", HEADER + "".join(f"{row}\n" for row in rows))


def test_the_legal_route_is_read_as_code_and_as_words(session, tmp_path):
    words = ("petition", "信访程序", "信访", "诉讼", "行政复议", "申请查处", "", "不知道")
    rows = [f"A{n},2026-03-01,12345,异味,,,{word},," for n, word in enumerate(words)]
    report = run(session, "complaints", file_of(tmp_path, *rows))
    assert [matter.legal_route for matter in matters(session)] == [
        LegalRoute.PETITION,
        LegalRoute.PETITION,
        LegalRoute.PETITION,
        LegalRoute.LAWSUIT,
        LegalRoute.ADMINISTRATIVE,
        LegalRoute.ILLEGAL_ACT,
        LegalRoute.ILLEGAL_ACT,
        LegalRoute.ILLEGAL_ACT,
    ]
    assert [(one.row, one.reason) for one in report.warnings] == [(8, "value_defaulted")]


def test_the_unit_is_found_by_code_or_only_name_and_else_counted_as_text(session, tmp_path):
    coded = make_source(session, 120.1, 30.1, name="甲化工有限公司", uscc=CODE)
    named = make_source(session, 120.2, 30.2, name="乙（北京）养殖场")
    for site in ("1", "2"):
        make_source(session, 120.3, 30.3, name="丙砂石场", site_code=site * 22)
    rows = (
        f"A1,2026-03-01,12345,异味,某某厂,{CODE},,,",
        "A2,2026-03-01,12345,异味,乙(北京) 养殖场,,,,",
        "A3,2026-03-01,12345,异味,丙砂石场,,,,",
        f"A4,2026-03-01,12345,异味,甲化工有限公司,{OTHER},,,",
        "A5,2026-03-01,12345,异味,谁也不认识,,,,",
        "A6,2026-03-01,12345,异味,,,,,",
        f"A7,2026-03-01,12345,异味,{CODE},,,,",
        f"A8,2026-03-01,12345,异味,,{CODE},,,",
    )
    path = file_of(tmp_path, *rows)
    preview = run(session, "complaints", path, dry_run=True)
    assert matters(session) == []
    report = run(session, "complaints", path)
    for told in (preview, report):
        assert (told.counts["respondents_matched"], told.counts["respondents_text"]) == (4, 3)
        assert {one.row: one.reason for one in told.warnings} == {
            3: "respondent_ambiguous",
            4: "respondent_code_differs",
        }
    found = [(one.respondent_source_id, one.respondent_name) for one in matters(session)]
    assert found == [
        (coded.id, "某某厂"),
        (named.id, "乙(北京) 养殖场"),
        (None, "丙砂石场"),
        (None, "甲化工有限公司"),
        (None, "谁也不认识"),
        (None, None),
        (coded.id, CODE),
        (coded.id, "甲化工有限公司"),
    ]
    told = session.scalars(select(Complaint).order_by(Complaint.external_no))
    assert [(one.respondent_source_id, one.respondent_name) for one in told] == found


@pytest.mark.parametrize(("counts", "skipped"), [(1, ["A1", "A3"]), (0, ["A3"])])
def test_a_level_is_passed_over_where_the_policy_or_the_file_says_so(
    session, tmp_path, counts, skipped
):
    make_policies(session)
    row = session.scalars(select(Policy).where(Policy.key == "skip_level_visits")).one()
    row.value = {"value": counts}
    session.flush()
    rows = (
        "A1,2026-03-01,批转,进京上访,,,,6,",
        "A2,2026-03-01,批转,来信转来,,,,,",
        "A3,2026-03-01,来访,到市里上访,,,,2,是",
        "A4,2026-03-01,来访,到局里来访,,,,2,否",
    )
    report = run(session, "complaints", file_of(tmp_path, *rows))
    flagged = select(Complaint.external_no).where(Complaint.is_skip_level)
    assert sorted(session.scalars(flagged)) == skipped
    assert report.counts["skip_level"] == len(skipped)
    births = session.scalars(select(Event).where(Event.event == "register"))
    assert sum("skip_level" in birth.facts for birth in births) == len(skipped)


NAMES = st.sampled_from(["甲", "乙", "丙", "丁 厂", "丁厂"])
CODES = st.sampled_from([None, CODE, OTHER])


@settings(max_examples=80)
@given(st.lists(st.tuples(NAMES, CODES), max_size=6), NAMES, CODES)
def test_a_match_is_the_only_one_that_fits(sources, name, code):
    rows = [(n, one, held) for n, (one, held) in enumerate(sources, start=1)]
    match = SourceBook(rows).match(Respondent(name, code))
    plain = name.replace(" ", "")
    coded = [n for n, _, held in rows if code is not None and held == code]
    named = [n for n, one, _ in rows if one.replace(" ", "") == plain]
    if match.source_id is None:
        assert len(coded or named) != 1 or (code is not None and not coded)
    elif coded:
        assert match.source_id in coded
        assert len(coded) == 1 or [n for n in coded if n in named] == [match.source_id]
    else:
        assert named == [match.source_id]
    assert SourceBook([]).match(Respondent(name, code)) == Match()
