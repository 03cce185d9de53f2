"""Audit trail and administration: who may look, and what is shown."""

from flask import Flask
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import Policy
from tests.conftest import NOW
from tests.factories import add, log_in, make_account, make_policies


def client_of(app: Flask, session: Session, role: Role):
    account = make_account(session, role, name=f"{role.value}<b>")
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def test_the_auditor_sees_log_ins_and_narrows_them_to_a_day(app: Flask, session: Session):
    auditor = client_of(app, session, Role.AUDITOR)
    assert "登录失败</option>" in auditor.get("/audit").text
    assert ">登录</td>" in auditor.get("/audit").text
    assert "auditor&lt;b&gt;" in auditor.get("/audit?action=log_in").text
    assert "没有符合条件的记录" in auditor.get("/audit?day=2020-01-01").text
    assert auditor.get("/audit?day=yesterday").status_code == 422


def test_the_administrator_sees_the_policies_in_force_today(app: Flask, session: Session):
    day = NOW.date()
    add(session, Policy(key="stop_radius_m", value={"value": 60}, valid_from=day, source="县局"))
    administrator = client_of(app, session, Role.ADMINISTRATOR)
    page = administrator.get("/administration").text
    assert "到点判定半径" in page
    assert ">60<" in page
    assert "系统管理员" in page


def test_duties_are_separated(app: Flask, session: Session):
    assert client_of(app, session, Role.AUDITOR).get("/administration").status_code == 403
    assert client_of(app, session, Role.ADMINISTRATOR).get("/audit").status_code == 403


def test_the_administrator_changes_a_policy_with_its_source(app: Flask, session: Session):
    make_policies(session)
    administrator = client_of(app, session, Role.ADMINISTRATOR)
    form = {"value": "75", "valid_from": NOW.date().isoformat(), "source": "县局<3>号"}
    answer = administrator.post("/administration/policies/stop_radius_m", data=form)
    assert answer.status_code == 302
    page = administrator.get("/administration").text
    assert ">75<" in page
    assert "县局&lt;3&gt;号" in page
    for wrong in ({"value": "many"}, {"valid_from": "soon"}, {"source": ""}):
        refused = administrator.post("/administration/policies/stop_radius_m", data=form | wrong)
        assert refused.status_code == 422
    deputy = client_of(app, session, Role.DEPUTY)
    assert deputy.post("/administration/policies/stop_radius_m", data=form).status_code == 403
