"""Raising findings: what is kept, of whom, and what is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from shapely.geometry import box
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Event, Finding
from inspect_app.queries.findings import photos_on_record
from inspect_app.workflows.raise_finding import FindingDraft, raise_finding
from tests.conftest import NOW
from tests.factories import (
    actor_with,
    make_finding,
    make_grid,
    make_owner,
    make_photo,
    make_policies,
)


def a_draft(**values) -> FindingDraft:
    values = {
        "uid": uuid4(),
        "finding_type": "bank_waste",
        "severity": "normal",
        "description": "岸坡有垃圾",
        "lon": 120.5,
        "lat": 30.5,
        "found_at": NOW,
        "origin": "patrol",
        "photos": (),
    } | values
    return FindingDraft(**values)


@pytest.fixture
def worker(session: Session):
    return actor_with(session, Role.WORKER)


def refused(session, draft, actor) -> Problem:
    with pytest.raises(Problem) as caught:
        raise_finding(session, draft, actor=actor, now=NOW)
    assert session.scalar(select(func.count()).select_from(Finding)) == 0
    return caught.value


def test_a_finding_gets_number_grid_owner_photos_event_and_audit_row(session, worker):
    grid = make_grid(session)
    owner = make_owner(session, grid)
    make_policies(session)
    photos = (make_photo(session, at=NOW), make_photo(session, at=NOW))
    finding = raise_finding(session, a_draft(photos=photos), actor=worker, now=NOW)
    assert (finding.grid_id, finding.owner_person_id) == (grid.id, owner.person_id)
    assert (finding.state, finding.finding_no) == ("reported", "2026000001")
    assert photos_on_record(session, finding.id)["before"] == set(photos)
    event = session.scalars(select(Event)).one()
    assert (event.event, event.to_state, event.actor_id) == (
        "report",
        "reported",
        worker.person_id,
    )
    assert session.scalars(select(AuditEntry.action)).one() == "finding.report"
    # One working day after Tuesday 24 March ends with Wednesday in Beijing.
    assert finding.due_at == datetime(2026, 3, 25, 15, 59, tzinfo=UTC)


def test_the_owner_is_the_one_of_the_day_it_was_found_not_of_the_day_it_arrives(session, worker):
    grid = make_grid(session)
    old = make_owner(session, grid, valid_to=date(2026, 3, 24))
    make_owner(session, grid, valid_from=date(2026, 3, 24))
    # 15:59 UTC is the last minute of the 23rd in Beijing, 16:00 the first of the 24th.
    late = datetime(2026, 3, 23, 15, 59, tzinfo=UTC)
    before = raise_finding(session, a_draft(found_at=late), actor=worker, now=NOW)
    after = raise_finding(
        session, a_draft(found_at=late + timedelta(minutes=1)), actor=worker, now=NOW
    )
    assert (before.found_on, before.owner_person_id) == (date(2026, 3, 23), old.person_id)
    assert (after.found_on, after.owner_person_id != old.person_id) == (date(2026, 3, 24), True)


def test_a_finding_outside_every_grid_or_without_owner_is_kept(session, worker):
    grid = make_grid(session, shape=box(120, 30, 121, 31))
    outside = raise_finding(session, a_draft(lon=100.0), actor=worker, now=NOW)
    ownerless = raise_finding(session, a_draft(), actor=worker, now=NOW)
    assert (outside.grid_id, outside.owner_person_id) == (None, None)
    assert (ownerless.grid_id, ownerless.owner_person_id) == (grid.id, None)


def test_the_same_draft_again_returns_the_same_finding(session, worker):
    photos = (make_photo(session, at=NOW), make_photo(session, at=NOW))
    draft = a_draft(photos=photos)
    first = raise_finding(session, draft, actor=worker, now=NOW)
    again = replace(draft, photos=photos[::-1], found_at=NOW.astimezone())
    assert raise_finding(session, again, actor=worker, now=NOW + timedelta(days=9)).id == first.id
    assert session.scalar(select(func.count()).select_from(Event)) == 1


@pytest.mark.parametrize(
    "other", [{"description": "别的"}, {"lat": 30.6}, {"severity": "urgent"}, {"origin": "survey"}]
)
def test_the_same_uid_with_other_content_is_a_conflict(session, worker, other):
    draft = a_draft()
    raise_finding(session, draft, actor=worker, now=NOW)
    with pytest.raises(Problem) as caught:
        raise_finding(session, replace(draft, **other), actor=worker, now=NOW)
    assert caught.value.code == "record_conflict"


def test_a_uid_taken_by_an_imported_finding_is_a_conflict(session, worker):
    known = make_finding(session, at=NOW)
    with pytest.raises(Problem) as caught:
        raise_finding(session, a_draft(uid=known.uid), actor=worker, now=NOW)
    assert caught.value.code == "record_conflict"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"finding_type": "nonsense"}, "问题类型"),
        ({"severity": ""}, "严重程度"),
        ({"origin": "rumour"}, "来源"),
        ({"object_kind": "moon", "object_id": 1}, "对象类型"),
        ({"object_kind": "outlet"}, "对象"),
        ({"object_id": 5}, "对象"),
        ({"lon": 181.0}, "经度"),
        ({"lat": 120.5, "lon": 30.5}, "纬度"),
        ({"lat": float("nan")}, "纬度"),
        ({"lon": float("inf")}, "经度"),
        ({"found_at": NOW.replace(tzinfo=None)}, "发现时间"),
        ({"found_at": NOW + timedelta(days=2)}, "发现时间"),
        ({"patrol_stop_id": 404}, "巡查点"),
        ({"matter_id": 404}, "诉求事项"),
        ({"origin": "complaint"}, "诉求事项"),
    ],
)
def test_a_wrong_field_is_refused_by_name_and_nothing_is_written(session, worker, wrong, field):
    problem = refused(session, a_draft(**wrong), worker)
    assert (problem.code, problem.facts["field"]) == ("field_invalid", field)


def test_a_photo_that_was_not_received_is_named(session, worker):
    problem = refused(session, a_draft(photos=("f" * 64,)), worker)
    assert (problem.code, problem.facts["sha256"]) == ("photo_missing", "f" * 64)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CLERK, Role.DIRECTOR, Role.DEPUTY])
def test_who_may_not_report_is_refused(session, role):
    problem = refused(session, a_draft(), actor_with(session, role))
    assert problem.code == "not_permitted"


def test_a_county_without_policies_still_takes_findings_without_deadline(session, worker):
    finding = raise_finding(session, a_draft(uid=UUID(int=2**128 - 1)), actor=worker, now=NOW)
    assert finding.due_at is None
