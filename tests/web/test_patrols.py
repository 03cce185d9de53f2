"""Review of patrols: what waits, one patrol with its figures, accept and return."""

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import Event, PatrolLog, TrackSegment
from tests.conftest import NOW
from tests.factories import log_in, make_account, make_grid, make_policies
from tests.patrol_factories import Tablet, digest, make_crew, make_task


@pytest.fixture
def handed_in(app: Flask, session: Session):
    """Give a handed-in task and its grid."""
    make_policies(session)
    grid = make_grid(session)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_task(session, make_crew(session, account), grid=grid)
    session.commit()
    client, tablet = app.test_client(), Tablet(task)
    log_in(client, account)
    for kind in ("patrol_start", "patrol_end"):
        uid, body = tablet.write(kind)
        answer = client.put(f"/sync/records/{uid}", data=body, headers=digest(body))
        assert answer.status_code == 201
        if kind == "patrol_start":
            body = tablet.fixes(120.50, 120.51)
            address = f"/sync/tracks/{tablet.log_uid}/segments/0"
            client.put(address, data=body, headers=digest(body))
    return task, grid


def reviewer(app: Flask, session: Session, *, grid=None):
    account = make_account(session, Role.CHIEF, grid=grid)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def test_a_handed_in_patrol_is_listed_with_its_figures_and_shapes(app, session, handed_in):
    task, grid = handed_in
    client = reviewer(app, session, grid=grid)
    page = client.get("/patrols").text
    assert task.crew.name in page
    assert "960 m" in page
    detail = client.get(f"/patrols/{task.id}").text
    assert "低于下限" in detail
    shapes = client.get(f"/api/patrols/{task.id}").json
    assert len(shapes["stops"]) == 3
    assert shapes["track"][0]["geometry"]["type"] == "LineString"


def test_the_review_tells_each_visits_outcome_with_its_reason(app, session, handed_in):
    task, grid = handed_in
    client = reviewer(app, session, grid=grid)
    detail = client.get(f"/patrols/{task.id}").text
    # The tablet walked the first half of the canal, up to where the second segment begins.
    assert "轨迹覆盖 960 米（100%），通过 1 次" in detail
    assert "最近经过距离 0 米，要求 30 米以内" in detail
    assert "没有到达，最近 960 米" in detail
    assert "有轨迹的时间 5 分钟，少于 10 分钟" in detail
    assert "收到 61 个，采用 61 个" in detail
    shapes = client.get(f"/api/patrols/{task.id}").json
    assert list(shapes["outcomes"].values()) == ["done", "missed", "missed"]
    assert shapes["gaps"] == []
    assert shapes["uncovered"][0]["type"] == "LineString"


def test_a_gap_is_two_marks_and_never_a_line(app, session, handed_in):
    task, grid = handed_in
    log = session.scalars(select(PatrolLog).where(PatrolLog.task_id == task.id)).one()
    first = session.get_one(TrackSegment, (log.uid, 0)).fixes
    later = [[at + 1_200_000, lon + 0.012, lat, accuracy] for at, lon, lat, accuracy in first]
    session.add(
        TrackSegment(log_uid=log.uid, number=1, fixes=later, sha256="0" * 64, received_at=NOW)
    )
    session.commit()
    client = reviewer(app, session, grid=grid)
    shapes = client.get(f"/api/patrols/{task.id}").json
    assert [piece["geometry"]["type"] for piece in shapes["track"]] == ["LineString", "LineString"]
    (gap,) = shapes["gaps"]
    assert gap["title"] == "08:35–08:50 长时间无定位"
    assert gap["ends"]["type"] == "MultiPoint"
    ends = [longitude for longitude, _ in gap["ends"]["coordinates"]]
    assert ends == pytest.approx([120.51, 120.512], abs=1e-4)
    assert "08:35–08:50 15.0 分钟" in client.get(f"/patrols/{task.id}").text


def test_a_patrol_without_a_track_is_shown_as_one(app, session, handed_in):
    task, grid = handed_in
    session.execute(delete(TrackSegment))
    task.stops[2].result, task.stops[2].result_reason = "done", "隔河查看"
    session.commit()
    detail = reviewer(app, session, grid=grid).get(f"/patrols/{task.id}").text
    assert "没有可用轨迹" in detail
    assert "人工登记完成：隔河查看" in detail
    assert "其中 1 处无轨迹证明" in detail


def test_another_grids_chief_sees_no_trace_of_it(app, session, handed_in):
    task, _ = handed_in
    client = reviewer(app, session, grid=make_grid(session))
    assert task.crew.name not in client.get("/patrols").text
    assert client.get(f"/patrols/{task.id}").status_code == 404
    assert client.get(f"/api/patrols/{task.id}").status_code == 404
    assert client.post(f"/patrols/{task.id}/accept").status_code == 404


def test_a_patrol_is_returned_only_with_a_reason_and_then_accepted(app, session, handed_in):
    task, grid = handed_in
    client = reviewer(app, session, grid=grid)
    assert client.post(f"/patrols/{task.id}/return").status_code == 422
    assert client.post(f"/patrols/{task.id}/finish").status_code == 422
    answer = client.post(f"/patrols/{task.id}/return", data={"reason": "漏查排口"})
    assert answer.status_code == 302
    session.expire_all()
    assert task.state == "returned"
    last = select(Event.reason).where(Event.subject_kind == "task").order_by(Event.id.desc())
    assert session.scalars(last).first() == "漏查排口"
    assert client.post(f"/patrols/{task.id}/accept").status_code == 409


def test_a_patrol_is_accepted(app, session, handed_in):
    task, grid = handed_in
    client = reviewer(app, session, grid=grid)
    assert client.post(f"/patrols/{task.id}/accept").status_code == 302
    session.expire_all()
    assert task.state == "completed"
