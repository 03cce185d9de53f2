"""Revealing a reporter: who may, where, with a reason, and how often."""

import pytest
from shapely.geometry import box
from sqlalchemy import select

from inspect_app.domain.access import Role
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry
from inspect_app.workflows.reveal_reporter import reveal_reporter
from tests.conftest import NOW, seal_of
from tests.factories import actor_with, make_grid, make_matter, make_policies, make_reporter

PHONE = "13800009999"
MAY = {
    Role.CLERK: ("named",),
    Role.STATION: ("named",),
    Role.CHIEF: ("named",),
    Role.DEPUTY: ("named", "confidential"),
    Role.DIRECTOR: ("named", "confidential"),
}


@pytest.fixture
def county(session):
    make_policies(session)
    return make_grid(session)


def told(session, county, mode="named"):
    complaint = make_matter(session, at=NOW, grid_id=county.id).complaints[0]
    make_reporter(session, complaint, mode=mode, name="金丝雀", phone=PHONE)
    return complaint


def reveal(session, complaint, actor, reason="回访"):
    return reveal_reporter(
        session, complaint.id, reason, seal=seal_of(session), actor=actor, now=NOW
    )


@pytest.mark.parametrize("mode", ["named", "confidential"])
@pytest.mark.parametrize("role", Role)
def test_who_may_reveal_whom(session, county, role, mode):
    complaint = told(session, county, mode)
    actor = actor_with(session, role)
    if mode in MAY.get(role, ()):
        assert reveal(session, complaint, actor).reporter.phone == PHONE
        return
    with pytest.raises(Problem) as refused:
        reveal(session, complaint, actor)
    assert refused.value.code == "not_permitted"
    assert session.scalars(select(AuditEntry)).all() == []


def test_the_audit_entry_holds_the_reason_and_nothing_of_the_person(session, county):
    complaint = told(session, county)
    actor = actor_with(session, Role.CLERK)
    reveal(session, complaint, actor, "回访 满意度")
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.actor_id) == ("reporter.reveal", actor.person_id)
    assert entry.facts["reason"] == "回访 满意度"
    assert "金丝雀" not in str(entry.facts)
    assert PHONE not in str(entry.facts)


def test_without_a_reason_or_a_reporter_nothing_is_shown(session, county):
    actor = actor_with(session, Role.CLERK)
    with pytest.raises(Problem) as refused:
        reveal(session, told(session, county), actor, "  ")
    assert refused.value.code == "reason_missing"
    bare = make_matter(session, at=NOW, grid_id=county.id).complaints[0]
    with pytest.raises(Problem) as refused:
        reveal(session, bare, actor)
    assert refused.value.code == "reporter_none"


def test_another_grids_reporter_is_not_found(session, county):
    town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    chief = actor_with(session, Role.CHIEF, grid=town)
    with pytest.raises(Problem) as refused:
        reveal(session, told(session, county), chief)
    assert refused.value.code == "not_found"
    assert reveal(session, told(session, town), chief).reporter.name == "金丝雀"


def test_a_complaint_without_grid_belongs_where_its_matter_is(session, county):
    town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    complaint = told(session, town)
    complaint.grid_id = None
    session.flush()
    chief = actor_with(session, Role.CHIEF, grid=town)
    assert reveal(session, complaint, chief).reporter.name == "金丝雀"


def test_the_twenty_first_reveal_within_the_hour_is_refused(session, county):
    complaint = told(session, county)
    clerk, colleague = actor_with(session, Role.CLERK), actor_with(session, Role.CLERK)
    for _ in range(20):
        reveal(session, complaint, clerk)
    with pytest.raises(Problem) as refused:
        reveal(session, complaint, clerk)
    assert refused.value.code == "reveal_too_often"
    assert reveal(session, complaint, colleague).reporter.name == "金丝雀"
