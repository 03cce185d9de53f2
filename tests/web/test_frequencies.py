"""The page of patrol frequencies: who may, what it shows, adding, changing, ending, trying."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import AuditEntry, FrequencyPolicy
from tests.conftest import NOW
from tests.factories import client_of, make_frequency, make_source
from tests.small_county import SmallCounty, make_small_county

PAGE = "/plans/frequencies"
NEW = f"{PAGE}/new"
TODAY = NOW.date()
FORM = {
    "subject": "outlet:2",
    "times": "2",
    "unit": "week",
    "season_from": "",
    "season_to": "",
    "window_from": "",
    "window_to": "",
    "gap": "48",
    "minutes": "15",
    "priority": "2",
    "valid_from": TODAY.isoformat(),
    "last_day": "",
    "source": "县局〔2026〕3号",
    "act": "save",
}


@pytest.fixture
def county(session: Session) -> SmallCounty:
    return make_small_county(session)


def outlets(session: Session) -> FrequencyPolicy:
    statement = select(FrequencyPolicy).where(FrequencyPolicy.object_kind == "outlet")
    return session.scalars(statement).one()


def writes(row_id: int) -> list[tuple[str, dict]]:
    ending = {"day": TODAY.isoformat(), "source": "县局〔2026〕3号"}
    address = f"{PAGE}/{row_id}"
    return [(NEW, FORM), (address, FORM | {"subject": "outlet:"}), (f"{address}/end", ending)]


def rows(session: Session) -> int:
    return len(session.scalars(select(FrequencyPolicy)).all())


@pytest.mark.usefixtures("county")
def test_the_county_reads_what_governs_how_many_objects(app, session):
    page = client_of(app, session, Role.DIRECTOR).get(PAGE).text
    assert "1次/周" in page
    assert "干流/总干渠" in page
    assert "现行频次合计每周平均约5.0次巡查" in page
    assert "没有适用的频次政策" not in page
    assert "新增频次" not in page
    assert "修改" not in page


@pytest.mark.usefixtures("county")
def test_objects_without_a_frequency_are_told_by_kind_and_class(app, session):
    make_source(session, 120.05, 31, permit_class="key")
    page = client_of(app, session).get(PAGE).text
    assert "1个对象没有适用的频次政策" in page
    assert "污染源·重点管理 1" in page


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR])
def test_those_who_see_no_plans_do_not_get_the_page(app, session, *, role):
    assert client_of(app, session, role).get(PAGE).status_code == 403


@pytest.mark.usefixtures("county")
def test_an_administrator_reads_and_changes_them_but_makes_no_plan(app, session):
    client, row = client_of(app, session, Role.ADMINISTRATOR), outlets(session)
    assert client.get(PAGE).status_code == client.get(f"{PAGE}/{row.id}").status_code == 200
    assert "/plans/frequencies" in client.get("/administration").text
    address, data = writes(row.id)[0]
    assert client.post(address, data=data).status_code == 302
    assert session.scalars(select(AuditEntry).where(AuditEntry.action != "log_in")).all() != []
    assert client.get("/plans").status_code == client.get("/plans/conditions").status_code == 403
    page = client.get(PAGE).text
    assert 'href="/plans"' not in page
    assert 'href="/plans/conditions"' not in page


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.INSPECTOR, Role.SUPERVISOR])
def test_those_who_make_no_plans_read_only(app, session, *, role):
    client, row = client_of(app, session, role), outlets(session)
    assert client.get(PAGE).status_code == 200
    assert client.get(NEW).status_code == client.get(f"{PAGE}/{row.id}").status_code == 403
    for address, data in writes(row.id):
        assert client.post(address, data=data).status_code == 403
    assert rows(session) == 2
    assert session.scalars(select(AuditEntry).where(AuditEntry.action != "log_in")).all() == []


def test_a_township_chief_is_told_that_the_countys_post_decides(app, session, county):
    client, row = client_of(app, session, Role.CHIEF, county.west), outlets(session)
    assert client.get(PAGE).status_code == 403
    assert "管辖全县" in client.get(PAGE).text
    assert client.get(NEW).status_code == client.get(f"{PAGE}/{row.id}").status_code == 403
    for address, data in writes(row.id):
        assert client.post(address, data=data).status_code == 403
    assert rows(session) == 2
    assert PAGE not in client.get("/plans").text


@pytest.mark.usefixtures("county")
def test_the_plan_and_the_conditions_lead_here(app, session):
    client = client_of(app, session)
    assert f'href="{PAGE}"' in client.get("/plans").text
    assert f'href="{PAGE}"' in client.get("/plans/conditions").text


@pytest.mark.usefixtures("county")
def test_a_row_is_added_from_the_form(app, session):
    client = client_of(app, session)
    assert 'value="outlet:2"' in client.get(NEW).text
    answer = client.post(NEW, data=FORM, follow_redirects=True)
    assert "已新增,自2026-03-24起执行" in answer.text
    assert "城镇污水处理厂排污口" in answer.text
    assert "县局〔2026〕3号" in answer.text
    row = session.scalars(select(FrequencyPolicy).where(FrequencyPolicy.times == 2)).one()
    assert (row.object_class, row.period_unit, row.min_gap_h, row.service_min) == (
        "2",
        "week",
        48,
        15,
    )
    assert (row.two_officers, row.priority, row.valid_to) == (False, 2, None)


@pytest.mark.usefixtures("county")
def test_season_hours_officers_and_last_day_are_kept_and_shown(app, session):
    client = client_of(app, session)
    data = FORM | {
        "season_from": "11-01",
        "season_to": "02-29",
        "window_from": "18:00",
        "window_to": "06:00",
        "two_officers": "on",
        "last_day": "2026-12-31",
    }
    page = client.post(NEW, data=data, follow_redirects=True).text
    for text in ("11-01 – 02-29", "18:00–06:00", "双人执法", "2026-12-31", "不在季节内"):
        assert text in page
    row = session.scalars(select(FrequencyPolicy).where(FrequencyPolicy.times == 2)).one()
    form = client.get(f"{PAGE}/{row.id}").text
    for value in ("11-01", "02-29", "18:00", "06:00", "2026-12-31"):
        assert f'value="{value}"' in form
    assert 'name="two_officers" checked' in form


@pytest.mark.usefixtures("county")
def test_a_change_keeps_the_old_row_and_its_source(app, session):
    client, row = client_of(app, session), outlets(session)
    later = (TODAY + timedelta(days=7)).isoformat()
    data = FORM | {"subject": "outlet:", "valid_from": later}
    page = client.post(f"{PAGE}/{row.id}", data=data, follow_redirects=True).text
    assert "已修改,自2026-03-31起执行" in page
    assert "尚未执行" in page
    assert "2026-03-30" in page
    session.expire_all()
    assert (row.times, row.source, row.valid_to) == (1, "测试", TODAY + timedelta(days=7))
    acts = session.scalars(select(AuditEntry.action)).all()
    assert "frequency.change" in acts


@pytest.mark.usefixtures("county")
def test_an_ended_row_is_folded_away(app, session):
    client, row = client_of(app, session), outlets(session)
    data = {"day": TODAY.isoformat(), "source": "县局〔2026〕4号"}
    page = client.post(f"{PAGE}/{row.id}/end", data=data, follow_redirects=True).text
    assert "已终止,自2026-03-24起不再适用" in page
    assert "已终止的频次 1" in page
    assert "1个对象没有适用的频次政策" in page
    again = client.post(f"{PAGE}/{row.id}/end", data=data)
    assert again.status_code == 409
    assert "该频次自2026-03-24起终止" in again.text


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize(
    ("values", "words"),
    [({"day": "2026-03-23"}, "“自”填写有误"), ({"day": ""}, "“自”"), ({"source": ""}, "“依据”")],
)
def test_a_senseless_ending_comes_back_with_what_is_wrong(app, session, *, values, words):
    client, row = client_of(app, session), outlets(session)
    data = {"day": TODAY.isoformat(), "source": "县局〔2026〕4号"} | values
    answer = client.post(f"{PAGE}/{row.id}/end", data=data)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'name="times" min="1" max="366" required value="1"' in answer.text
    session.expire_all()
    assert row.valid_to is None


@pytest.mark.usefixtures("county")
def test_trying_says_the_sum_and_saves_nothing(app, session):
    client, row = client_of(app, session), outlets(session)
    data = FORM | {"subject": "outlet:", "act": "try"}
    page = client.post(f"{PAGE}/{row.id}", data=data).text
    assert "管1个对象,每周平均约2.0次,现场用时约0.5小时" in page
    assert "每周平均由5.0次变为6.0次" in page
    assert "2026-W14" in page
    assert "尚未保存" in page
    assert 'value="县局〔2026〕3号"' in page
    page = client.post(NEW, data=FORM | {"act": "try", "last_day": "2026-03-27"}).text
    assert "在有效期内没有适用的周计划" in page
    assert rows(session) == 2


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("act", ["save", "try"])
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"subject": ""}, "“对象”填写有误"),
        ({"subject": "volcano:"}, "填写有误"),
        ({"subject": "outlet:level_1"}, "“类别”填写有误"),
        ({"times": "0"}, "“次数”填写有误:应为1–7,实际为0"),
        ({"times": "两"}, "“次数”填写有误"),
        ({"times": "9" * 30}, "“次数”填写有误"),
        ({"unit": "decade"}, "填写有误"),
        ({"minutes": "0"}, "“每次时长”填写有误"),
        ({"minutes": "many"}, "“每次时长”填写有误"),
        ({"minutes": "nan"}, "“每次时长”填写有误"),
        ({"gap": "-1"}, "“最小间隔”填写有误"),
        ({"gap": "100"}, "“最小间隔”填写有误:应为0–72,实际为100"),
        ({"season_from": "03-01"}, "“季节”填写有误"),
        ({"season_from": "13-01", "season_to": "13-02"}, "“季节”填写有误"),
        ({"window_from": "18:00"}, "“时段”填写有误"),
        ({"window_from": "25:00", "window_to": "26:00"}, "“时段”填写有误"),
        ({"priority": "99"}, "“优先级”填写有误"),
        ({"valid_from": "2026-03-23"}, "“自”填写有误"),
        ({"valid_from": "tomorrow"}, "“自”填写有误"),
        ({"last_day": "2026-03-01"}, "早于起始日"),
        ({"last_day": "9999-12-31"}, "“至”填写有误"),
        ({"source": " "}, "“依据”填写有误"),
        ({"source": "文" * 201}, "“依据”填写有误"),
    ],
)
def test_bad_input_comes_back_with_what_is_wrong(app, session, *, values, words, act):
    client = client_of(app, session)
    answer = client.post(NEW, data=FORM | values | {"act": act})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{FORM["gap"] if "gap" not in values else values["gap"]}"' in answer.text
    assert rows(session) == 2


@pytest.mark.usefixtures("county")
def test_a_row_that_contradicts_another_names_it(app, session):
    answer = client_of(app, session).post(NEW, data=FORM | {"subject": "outlet:"})
    assert answer.status_code == 409
    assert "与已有的频次冲突:入河排污口·全部 1次/周" in answer.text
    assert "依据:测试" in answer.text
    assert rows(session) == 2


@pytest.mark.usefixtures("county")
def test_hostile_text_is_shown_as_text(app, session):
    make_frequency(session, "source", object_class="<i>odd</i>", source="建议")
    client = client_of(app, session)
    hostile = '"><script>alert(1)</script>{times} %(day)s'
    page = client.post(NEW, data=FORM | {"source": hostile}, follow_redirects=True).text
    clash = client.post(NEW, data=FORM | {"source": hostile}).text
    tried = client.post(NEW, data=FORM | {"subject": "source:key", "source": hostile, "act": "try"})
    for text in (page, clash, tried.text):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text
        assert "{times} %(day)s" in text
    assert "<i>odd</i>" not in client.get(PAGE).text
    row = session.scalars(select(FrequencyPolicy).where(FrequencyPolicy.times == 2)).one()
    assert "<script>alert" not in client.get(f"{PAGE}/{row.id}").text


@pytest.mark.usefixtures("county")
def test_unknown_rows_are_not_found(app, session):
    client = client_of(app, session)
    for address, data in writes(999)[1:]:
        assert client.post(address, data=data).status_code == 404
    assert client.get(f"{PAGE}/999").status_code == 404
    assert client.get(f"{PAGE}/{10**30}").status_code == 404
