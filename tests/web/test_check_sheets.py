"""Check sheets at the desk: problems first, the normal rest folded, an object's history."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.check_forms import FORMS, normal_answers
from tests.factories import log_in, make_account, make_grid, make_policies
from tests.patrol_factories import Tablet, digest, make_crew, make_task

OUTLET = FORMS["outlet_inspection", 1]


@pytest.fixture
def checked(app: Flask, session: Session):
    """Give a handed-in task whose outlet was checked, its grid and its tablet's client."""
    make_policies(session)
    grid = make_grid(session)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_task(session, make_crew(session, account), grid=grid)
    session.commit()
    client, tablet = app.test_client(), Tablet(task)
    log_in(client, account)
    stop = task.stops[2]
    answers = normal_answers(OUTLET) | {
        "is_discharging": True,
        "foam": True,
        "ph": 71,
        "trace_note": "上游<b>作坊</b>",
        "question_of_tomorrow": 5,
    }
    sheet = {
        "stop_id": stop.id,
        "object_kind": stop.object_kind,
        "object_id": stop.object_id,
        "form": OUTLET.key,
        "version": 1,
        "answers": answers,
    }
    send(client, tablet, "patrol_start")
    send(client, tablet, "check_form", **sheet)
    send(client, tablet, "patrol_end")
    return task, grid, client


def send(client, tablet: Tablet, kind: str, **values) -> None:
    uid, body = tablet.write(kind, **values)
    answer = client.put(f"/sync/records/{uid}", data=body, headers=digest(body))
    assert answer.status_code == 201, answer.text


def reviewer(app: Flask, session: Session, *, grid):
    account = make_account(session, Role.CHIEF, grid=grid)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def history_of(task) -> str:
    stop = task.stops[2]
    return f"/checks/{stop.object_kind}/{stop.object_id}"


def test_the_review_shows_problems_then_doubts_then_the_folded_rest(app, session, checked):
    task, grid, _ = checked
    page = reviewer(app, session, grid=grid).get(f"/patrols/{task.id}").text
    sheets = page[page.index('id="sheets"') :]
    problem, doubt = sheets.index("泡沫"), sheets.index("超出合理范围(0~14)")
    folded = sheets.index("<details>")
    assert problem < doubt < folded < sheets.index("油膜")
    assert "1 项有问题" in sheets
    assert "上游&lt;b&gt;作坊&lt;/b&gt;" in sheets
    assert "question_of_tomorrow" in sheets
    assert history_of(task) in sheets


def test_the_history_of_an_object_shows_its_sheets_inside_the_scope_only(app, session, checked):
    task, grid, _ = checked
    page = reviewer(app, session, grid=grid).get(history_of(task))
    assert page.status_code == 200
    assert "三里桥排口" in page.text
    assert f"/patrols/{task.id}" in page.text
    assert "泡沫" in page.text
    elsewhere = reviewer(app, session, grid=make_grid(session))
    assert elsewhere.get(history_of(task)).status_code == 404


@pytest.mark.parametrize("address", ["/checks/outlet/999999", "/checks/moon/1"])
def test_what_was_never_checked_has_no_history(app, session, checked, address):
    _, grid, _ = checked
    assert reviewer(app, session, grid=grid).get(address).status_code == 404


def test_the_package_has_forms_classes_and_what_was_filled_already(checked):
    task, _, client = checked
    package = client.get("/sync/tasks").json
    assert {form["object_kind"] for form in package["forms"]} == {
        "segment",
        "outlet",
        "source",
        "water_source",
    }
    known = package["checks"][str(task.stops[2].id)]
    assert known["sheet"]["answers"]["foam"] is True
    assert known["carried"] == {}
    assert package["checks"][str(task.stops[0].id)]["sheet"] is None
