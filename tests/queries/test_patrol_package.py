"""The week's package: what is known about the objects, whom to call, what is promised."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.models import FindingPhoto, PatrolStop, PatrolTask, PlanChange, Policy
from inspect_app.queries.arrival_promises import arrival_promises
from inspect_app.queries.patrol_package import grid_contacts, objects_history, policies_known
from inspect_app.queries.patrols import tasks_of_day
from tests.conftest import NOW
from tests.factories import (
    actor_with,
    add,
    log_in,
    make_account,
    make_finding,
    make_grid,
    make_owner,
    make_person,
    make_photo,
    make_policies,
)
from tests.patrol_factories import DAY, make_crew, make_task


def past_task(session: Session, task: PatrolTask, *, days: int, result: str = "done") -> PatrolTask:
    """Return another crew's task so many days before, to the same objects, with its results."""
    crew = make_crew(session)
    past = make_task(session, crew, day=DAY - timedelta(days=days), state="completed")
    for stop, same in zip(past.stops, task.stops, strict=True):
        stop.object_id = same.object_id
        stop.result = result
        stop.result_reason = None if result == "done" else "涨水"
        stop.done_at = NOW - timedelta(days=days)
    session.flush()
    return past


def test_of_four_visits_the_last_three_are_told_with_what_came_of_them(session: Session):
    task = make_task(session, make_crew(session))
    for days, result in ((28, "done"), (21, "done"), (14, "skipped"), (7, "done")):
        past_task(session, task, days=days, result=result)
    actor = actor_with(session, Role.INSPECTOR)
    history = {
        (thing.kind, thing.id): thing for thing in objects_history(session, [task.id], actor=actor)
    }
    assert set(history) == {(stop.object_kind, stop.object_id) for stop in task.stops}
    visits = history["outlet", task.stops[2].object_id].visits
    assert [visit.at for visit in visits] == [NOW - timedelta(days=days) for days in (7, 14, 21)]
    assert [(visit.result, visit.reason) for visit in visits] == [
        ("done", None),
        ("skipped", "涨水"),
        ("done", None),
    ]


def test_the_tasks_own_visits_are_no_history(session: Session):
    task = make_task(session, make_crew(session))
    task.stops[0].result, task.stops[0].done_at = "done", NOW
    session.flush()
    assert objects_history(session, [task.id], actor=actor_with(session, Role.INSPECTOR)) == []
    assert objects_history(session, [], actor=actor_with(session, Role.INSPECTOR)) == []


def test_findings_come_with_their_photos_and_only_from_inside_the_scope(session: Session):
    mine, other = make_grid(session), make_grid(session)
    task = make_task(session, make_crew(session))
    about = {"object_kind": "outlet", "object_id": task.stops[2].object_id}
    near = make_finding(session, at=NOW - timedelta(days=3), grid_id=mine.id, **about)
    make_finding(session, at=NOW - timedelta(days=2), grid_id=other.id, **about)
    photos = sorted(make_photo(session, at=NOW) for _ in range(3))
    for photo in photos:
        add(session, FindingPhoto(finding_id=near.id, photo_sha256=photo))

    inspector = actor_with(session, Role.INSPECTOR, grid=mine)
    (thing,) = objects_history(session, [task.id], actor=inspector)
    assert [finding.finding_no for finding in thing.findings] == [near.finding_no]
    assert thing.findings[0].photos == photos[:2]
    assert objects_history(session, [task.id], actor=actor_with(session, Role.AUDITOR)) == []


def test_a_finding_raised_at_an_earlier_stop_is_about_its_object(session: Session):
    task = make_task(session, make_crew(session))
    past = past_task(session, task, days=7)
    found = make_finding(session, at=NOW - timedelta(days=7), patrol_stop_id=past.stops[1].id)
    actor = actor_with(session, Role.DIRECTOR)
    told = {
        (thing.kind, thing.id): [finding.finding_no for finding in thing.findings]
        for thing in objects_history(session, [task.id], actor=actor)
    }
    assert told["segment", task.stops[1].object_id] == [found.finding_no]
    assert told["segment", task.stops[0].object_id] == []


def test_the_owner_of_the_day_is_whom_to_call(session: Session):
    grid = make_grid(session)
    task = make_task(session, make_crew(session), grid=grid)
    before, after = make_person(session, phone="13800000001"), make_person(session, phone=None)
    make_owner(session, grid, person=before, valid_to=DAY)
    make_owner(session, grid, person=after, valid_from=DAY)
    (contact,) = grid_contacts(session, [task.id])
    assert (contact.grid_id, contact.day) == (grid.id, DAY)
    assert (contact.name, contact.phone, contact.duty) == (after.name, None, "responsible_person")


def test_a_grid_without_owner_is_answered_for_by_the_one_above(session: Session):
    town = make_grid(session)
    village = make_grid(session, parent=town)
    task = make_task(session, make_crew(session), grid=village)
    assert grid_contacts(session, [task.id]) == []
    chief = make_person(session)
    make_owner(session, town, person=chief, duty="grid_chief")
    (contact,) = grid_contacts(session, [task.id])
    assert (contact.grid, contact.name, contact.duty) == (village.name, chief.name, "grid_chief")
    responsible = make_person(session)
    make_owner(session, town, person=responsible)
    assert grid_contacts(session, [task.id])[0].name == responsible.name


def adopt(session: Session, stop: PatrolStop, promise, *, revision: int | None) -> None:
    key = f"{stop.object_kind}:{stop.object_id}"
    arrivals = [{"key": key, "name": stop.name, "promise": promise.isoformat(), "kept": True}]
    adopted = {} if revision is None else {"adopted_at": NOW, "reason": "群众投诉"}
    add(
        session,
        PlanChange(
            plan_id=stop.task.plan_id,
            way="insert_only",
            request={},
            orders={},
            moves={},
            figures={"arrivals": arrivals},
            standing="0" * 64,
            offered_at=NOW,
            revision=revision,
            **adopted,
        ),
    )


def test_the_last_adopted_change_says_until_when_an_urgent_stop_is_promised(session: Session):
    account = make_account(session, Role.INSPECTOR)
    task = make_task(session, make_crew(session, account))
    stop = task.stops[2]
    adopt(session, stop, NOW + timedelta(hours=2), revision=1)
    adopt(session, stop, NOW + timedelta(hours=3), revision=2)
    adopt(session, stop, NOW + timedelta(hours=9), revision=None)
    (card,) = tasks_of_day(session, account.person_id, day=DAY, now=NOW)
    assert [each.due_at for each in card.stops] == [None, None, NOW + timedelta(hours=3)]
    assert arrival_promises(session, []) == {}


def test_a_policy_the_county_has_not_set_is_none_and_the_newest_valid_one_counts(session: Session):
    make_policies(session)
    for day, value in ((DAY, 80), (DAY + timedelta(days=1), 90)):
        row = {"key": "stop_radius_m", "value": {"value": value}, "source": "试行"}
        add(session, Policy(**row, valid_from=day))
    found = policies_known(session, ["stop_radius_m", "no_such_number"], day=DAY)
    assert found == {"stop_radius_m": 80.0, "no_such_number": None}


@pytest.fixture
def client(app: Flask, session: Session):
    make_policies(session)
    account = make_account(session, Role.INSPECTOR, grid=make_grid(session))
    crew = make_crew(session, account)
    make_task(session, crew)
    make_task(
        session,
        crew,
        day=DAY + timedelta(days=2),
        starts_at=NOW + timedelta(days=2),
        ends_at=NOW + timedelta(days=2, hours=8),
    )
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def test_an_unchanged_package_is_not_sent_again_and_its_size_is_told_before(client):
    whole = client.get("/sync/week")
    assert [task["day"] for task in whole.json["tasks"]] == ["2026-03-24", "2026-03-26"]
    size = client.get("/sync/week?size=1").json
    assert size == {
        "etag": whole.headers["ETag"],
        "bytes": len(whole.data),
        "thumbs": 0,
        "thumb_bytes": 0,
        "tasks": 2,
    }
    assert client.head("/sync/week").content_length == len(whole.data)
    again = client.get("/sync/week", headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["X-Now"] == NOW.isoformat()


def test_a_week_costs_as_many_statements_as_a_day(client, engine):
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    client.get("/sync/tasks")
    of_day, statements[:] = len(statements), []
    client.get("/sync/week")
    assert len(statements) == of_day
