"""Log-in: sessions, locking, where the start page leads, whom a route lets in."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import WebSession
from tests.conftest import NOW
from tests.factories import PASSWORD, log_in, make_account


def attempt(client, login, password):
    return client.post("/login", data={"login": login, "password": password})


def test_a_stranger_is_sent_to_the_log_in_page_and_back_to_where_they_wanted(app: Flask):
    answer = app.test_client().get("/?x=1")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/?x%3D1"


def test_a_right_password_opens_a_session_under_a_new_token(app: Flask, session: Session):
    account = make_account(session, Role.CHIEF)
    session.commit()
    client = app.test_client()
    client.get("/login")
    before = client.get_cookie("inspect").value
    log_in(client, account)
    after = client.get_cookie("inspect").value
    assert before != after
    assert session.query(WebSession).count() == 1
    assert client.get("/").status_code == 302


def test_wrong_name_and_wrong_password_get_the_same_sentence(app: Flask, session: Session):
    account = make_account(session, Role.CHIEF)
    session.commit()
    client = app.test_client()
    answers = [attempt(client, account.login, "no"), attempt(client, "nobody", "no")]
    assert {answer.status_code for answer in answers} == {401}
    assert all("用户名或密码不正确" in answer.text for answer in answers)


def test_five_wrong_passwords_lock_the_account_for_a_while(app: Flask, session: Session):
    account = make_account(session, Role.CHIEF)
    session.commit()
    client = app.test_client()
    for _ in range(5):
        attempt(client, account.login, "no")
    assert "锁定" in attempt(client, account.login, PASSWORD).text
    app.extensions["clock"] = lambda: NOW + timedelta(minutes=16)
    assert attempt(client, account.login, PASSWORD).status_code == 302


def test_a_session_ends_with_log_out_and_after_idle_time(app: Flask, session: Session):
    account = make_account(session, Role.CHIEF)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    app.extensions["clock"] = lambda: NOW + timedelta(minutes=31)
    assert "/login" in client.get("/").location
    app.extensions["clock"] = lambda: NOW
    log_in(client, account)
    token = client.get_cookie("inspect").value
    client.post("/logout")
    client.set_cookie("inspect", token)
    assert "/login" in client.get("/").location


@pytest.mark.parametrize(
    ("role", "first_page"),
    [
        (Role.INSPECTOR, "/patrol"),
        (Role.WORKER, "/patrol"),
        (Role.STATION, "/patrol"),
        (Role.CHIEF, "/summary"),
        (Role.CLERK, "/map"),
        (Role.AUDITOR, "/audit"),
    ],
)
def test_everybody_begins_with_their_own_work(app: Flask, session: Session, role, first_page):
    account = make_account(session, role)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    assert client.get("/").location == first_page


def test_the_way_back_after_log_in_never_leaves_the_house(app: Flask, session: Session):
    account = make_account(session, Role.CHIEF)
    session.commit()
    for target in ("//evil.example", "/\\evil", "https://evil.example", "javascript:alert(1)"):
        client = app.test_client()
        answer = client.post(
            "/login",
            query_string={"next": target},
            data={"login": account.login, "password": PASSWORD},
        )
        assert answer.location == "/", target


def test_every_answer_carries_a_policy_without_inline_scripts(app: Flask):
    policy = app.test_client().get("/login").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
