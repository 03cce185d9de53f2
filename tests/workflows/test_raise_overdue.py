"""Overdue matters go up: to the owner of the grid above, then on; noted once, found at once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Actor, Role, Scope
from inspect_app.domain.deadlines import OverdueLevel
from inspect_app.domain.turns import UPPER_LEVELS, told_of_levels
from inspect_app.models import AuditEntry, Complaint, Event, GridOwner, Person, Policy
from inspect_app.queries.matter_record import matter_version
from inspect_app.queries.matter_worklists import MatterTab, matter_worklist
from inspect_app.queries.matters import MatterFilter
from inspect_app.queries.overdue import risen_to
from inspect_app.queries.owners import upper_owners
from inspect_app.workflows.handle_matter import MatterForm, handle
from inspect_app.workflows.raise_overdue import raise_overdue
from tests.conftest import NOW
from tests.factories import (
    actor_with,
    add,
    client_of,
    make_grid,
    make_matter,
    make_owner,
    make_policies,
)

CHIEF, DEPUTY, DIRECTOR = UPPER_LEVELS


class County:
    """A county, a township and a village, each with its owner."""

    def __init__(self, session: Session) -> None:
        self.session = session
        make_policies(session)
        self.county = make_grid(session)
        self.town = make_grid(session, parent=self.county, shape=box(120, 30, 120.8, 31))
        self.village = make_grid(session, parent=self.town, shape=box(120, 30, 120.4, 31))
        self.chief = actor_with(session, Role.CHIEF, grid=self.town)
        self.deputy = actor_with(session, Role.DEPUTY)
        self.director = actor_with(session, Role.DIRECTOR)
        self.worker = actor_with(session, Role.WORKER, grid=self.village)
        for grid, owner in (
            (self.county, self.director),
            (self.town, self.chief),
            (self.village, self.worker),
        ):
            make_owner(session, grid, person=session.get_one(Person, owner.person_id))

    def matter(self, days: float, **values):
        values = {
            "grid_id": self.village.id,
            "state": "handling",
            "handler_person_id": self.worker.person_id,
        } | values
        return make_matter(self.session, at=NOW - timedelta(days=days), **values)

    def due(self, days: int):
        """Return a matter whose sixty days to finish ended so many days ago."""
        matter = self.matter(60 + days)
        self.note(matter, "accept", at=NOW - timedelta(days=60 + days))
        self.note(matter, "assign", at=NOW - timedelta(days=60 + days))
        return matter

    def note(self, matter, what: str, **values) -> None:
        values = {"at": NOW, "to_state": matter.state} | values
        add(
            self.session,
            Event(subject_kind="matter", subject_id=matter.id, event=what, **values),
        )

    def levels(self, matter) -> list[str]:
        rows = self.session.scalars(
            select(Event)
            .where(Event.event == "go_up", Event.subject_id == matter.id)
            .order_by(Event.id)
        )
        return [row.facts["level"] for row in rows]

    def risen(self, actor: Actor, now: datetime = NOW) -> set[int]:
        return set(risen_to(self.session, actor, now=now))


@pytest.fixture
def county(session: Session) -> County:
    return County(session)


def test_each_level_finds_it_after_its_days_and_is_named_in_the_history(county, session):
    matters = {days: county.due(days) for days in (0, 1, 3, 7)}
    written = raise_overdue(session, actor=SYSTEM, now=NOW)
    assert {days: county.levels(matter) for days, matter in matters.items()} == {
        0: [],
        1: ["chief"],
        3: ["chief", "deputy"],
        7: ["chief", "deputy", "director"],
    }
    last = written[-1].facts
    assert last["late_person_ids"] == [county.worker.person_id]
    assert last["told_person_ids"] == [county.director.person_id]
    # Sixty days from the 16th of January: the 17th of March to its end.
    assert datetime.fromisoformat(str(last["overdue_since"])).date() == date(2026, 3, 17)
    found = [county.risen(one) for one in (county.chief, county.deputy, county.director)]
    ids = {days: matter.id for days, matter in matters.items()}
    assert found == [{ids[1], ids[3], ids[7]}, {ids[3], ids[7]}, {ids[7]}]
    assert county.risen(county.worker) == set()


def test_a_second_run_notes_nothing_and_every_note_has_an_audit_line(county, session):
    matter = county.due(3)
    version = matter_version(session, matter.id)
    assert len(raise_overdue(session, actor=SYSTEM, now=NOW)) == 2
    assert raise_overdue(session, actor=SYSTEM, now=NOW) == []
    later = raise_overdue(session, actor=SYSTEM, now=NOW + timedelta(days=4))
    assert [one.facts["level"] for one in later] == ["director"]
    audited = session.scalar(
        select(func.count()).where(
            AuditEntry.action == "matter.go_up", AuditEntry.subject_id == str(matter.id)
        )
    )
    assert audited == 3
    assert matter.state == "handling"
    assert matter_version(session, matter.id) == version


def test_a_step_that_ends_the_clock_takes_it_out_of_list_and_count(county, session):
    matter = county.matter(30, state="registered", handler_person_id=None)
    raise_overdue(session, actor=SYSTEM, now=NOW)
    assert county.risen(county.chief) == {matter.id}
    form = MatterForm(
        state="registered",
        version=matter_version(session, matter.id),
        reason="属实",
        refusal_reason="not_ours",
        means="phone",
        told="已告知",
    )
    handle(session, matter, "refuse", form=form, actor=county.deputy, now=NOW)
    assert county.risen(county.chief) == set()
    assert raise_overdue(session, actor=SYSTEM, now=NOW + timedelta(days=30)) == []


def test_an_extension_ends_it_and_begins_anew_when_the_new_time_runs_out(county, session):
    matter = county.due(3)
    raise_overdue(session, actor=SYSTEM, now=NOW)
    county.note(matter, "extend", facts={"days": 10})
    assert county.risen(county.chief) == set()
    assert raise_overdue(session, actor=SYSTEM, now=NOW) == []
    # Due on the 31st now: one day later the chief is told again, of the new time.
    after = NOW + timedelta(days=8)
    assert [one.facts["level"] for one in raise_overdue(session, actor=SYSTEM, now=after)] == [
        "chief"
    ]
    assert county.risen(county.chief, after) == {matter.id}


def test_a_paused_matter_goes_to_nobody_and_its_days_are_added(county, session):
    matter = county.due(1)
    raise_overdue(session, actor=SYSTEM, now=NOW)
    county.note(matter, "suspend", at=NOW - timedelta(days=10), from_state="handling")
    matter.state = "suspended"
    session.flush()
    assert county.risen(county.chief) == set()
    county.note(matter, "resume", at=NOW, to_state="handling")
    matter.state = "handling"
    session.flush()
    # Ten days of hearing: due on the second of April and not on the 23rd of March.
    assert raise_overdue(session, actor=SYSTEM, now=NOW) == []
    late = raise_overdue(session, actor=SYSTEM, now=datetime(2026, 4, 3, 1, tzinfo=UTC))
    assert [one.facts["level"] for one in late] == ["chief"]


def test_holidays_put_the_running_out_off(county, session):
    # Telephone, three working days: received on 13 February 2026, a Friday before the Spring
    # Festival (15 to 23 February off, the 14th and the 28th worked): 14, 24, 25.
    matter = county.matter(
        0,
        state="registered",
        opened_at=datetime(2026, 2, 13, 2, tzinfo=UTC),
        handler_person_id=None,
    )
    for complaint in session.scalars(select(Complaint).where(Complaint.matter_id == matter.id)):
        complaint.received_at = datetime(2026, 2, 13, 2, tzinfo=UTC)
    session.flush()
    for day, levels in (("25", 0), ("26", 1)):
        noon = datetime(2026, 2, int(day), 4, tzinfo=UTC)
        assert len(raise_overdue(session, actor=SYSTEM, now=noon)) == levels


def test_who_is_given_the_matter_anew_is_late_from_then_on(county, session):
    matter = county.due(3)
    other = actor_with(session, Role.STATION, grid=county.town)
    matter.handler_person_id = other.person_id
    session.flush()
    raise_overdue(session, actor=SYSTEM, now=NOW)
    shown = matter_worklist(
        session,
        county.chief,
        MatterTab.WATCHED,
        chosen=MatterFilter(only_risen=True),
        page=1,
        now=NOW,
    )
    row = shown.rows[0]
    assert (shown.count, shown.risen, row.is_risen) == (1, 1, True)
    assert row.late.person_ids == (other.person_id,)
    assert row.rise is not None
    assert row.rise.level is OverdueLevel.DEPUTY


def test_the_owner_of_the_day_is_told_and_a_vacant_grid_is_passed_over(county, session):
    matter = county.due(1)
    raise_overdue(session, actor=SYSTEM, now=NOW)
    heir = actor_with(session, Role.STATION, grid=county.town)
    # A station that owns the township without the role of a chief.
    for row in session.scalars(select(GridOwner).where(GridOwner.grid_id == county.town.id)):
        row.valid_to = date(2026, 3, 20)
    holder = session.get_one(Person, heir.person_id)
    make_owner(session, county.town, person=holder, valid_from=date(2026, 3, 20))
    assert county.risen(heir) == {matter.id}
    assert county.risen(replace(heir, scope=Scope(everywhere=False))) == set()
    session.execute(
        update(GridOwner)
        .where(GridOwner.person_id == heir.person_id)
        .values(valid_to=date(2026, 3, 24))
    )
    above = upper_owners(session, [county.village.id], day=date(2026, 3, 24))
    assert above == {county.village.id: (county.director.person_id,)}


def test_the_promise_to_be_on_the_spot_goes_up_by_half_hours(county, session):
    matter = county.matter(0, state="assigned", is_on_site_promised=True)
    county.note(matter, "accept")
    county.note(matter, "assign")
    told = []
    for minutes in (119, 121, 151, 181, 241):
        now = NOW + timedelta(minutes=minutes)
        raise_overdue(session, actor=SYSTEM, now=now)
        told.append(county.levels(matter)[-1:])
    assert told == [[], [], ["chief"], ["deputy"], ["director"]]
    later = NOW + timedelta(hours=5)
    assert county.risen(county.chief, later) == {matter.id}
    county.note(matter, "arrive", at=later)
    assert county.risen(county.chief, later) == set()


def test_without_rules_nothing_goes_up(county, session):
    for row in session.scalars(select(Policy).where(Policy.key.startswith("overdue_"))):
        row.value = {"value": 0}
    county.due(30)
    session.flush()
    assert raise_overdue(session, actor=SYSTEM, now=NOW) == []


def test_pages_show_the_count_the_row_and_the_entry(app: Flask, session: Session):
    county = County(session)
    matter = county.due(8)
    raise_overdue(session, actor=SYSTEM, now=NOW)
    director = client_of(app, session, Role.DIRECTOR)
    session.commit()
    first = director.get("/summary").text
    assert "超期事项 1 件已上报到您" in first
    assert 'title="超期已上报到您">1<' in first
    shown = director.get("/complaints?tab=watched&risen=1").text
    assert "已上报到您" in shown
    assert "超期责任" in shown
    assert "自2026-03-16 23:59起" in shown
    page = director.get(f"/complaints/{matter.id}").text
    assert page.count("超期上报") == 3
    assert 'action="/complaints/' not in page or "/go_up" not in page
    refused = director.post(
        f"/complaints/{matter.id}/go_up", data={"state": "handling", "version": 0}
    )
    assert refused.status_code >= 400


def test_those_told_are_the_owners_above_and_the_leaders_at_their_level():
    posts = [(1, Role.CHIEF), (2, Role.DEPUTY), (3, Role.DIRECTOR)]
    # 1 owns the township, 3 the county: each is told at the level of the role.
    assert told_of_levels([1, 3], posts) == {CHIEF: (1,), DEPUTY: (2,), DIRECTOR: (3,)}
    # The chief is late: nobody is left at that level, so the next hears of it at once.
    assert told_of_levels([1, 3], posts, late=[1]) == {CHIEF: (2,), DEPUTY: (2,), DIRECTOR: (3,)}
    # Owners without a leading role are told one after the other.
    assert told_of_levels([7, 8], []) == {CHIEF: (7,), DEPUTY: (8,), DIRECTOR: ()}
    assert told_of_levels([], []) == {CHIEF: (), DEPUTY: (), DIRECTOR: ()}


PERSONS = st.integers(1, 6)


@settings(max_examples=60)
@given(
    st.lists(PERSONS, max_size=4),
    st.lists(st.tuples(PERSONS, st.sampled_from([Role.CHIEF, Role.DEPUTY, Role.DIRECTOR]))),
    st.sets(PERSONS),
)
def test_nobody_late_is_told_and_everybody_else_above_is(owners, posts, late):
    told = told_of_levels(owners, posts, late=late)
    everybody = {person for persons in told.values() for person in persons}
    assert everybody == ({*owners} | {person for person, _ in posts}) - late
    if everybody:
        last = max(n for n, level in enumerate(UPPER_LEVELS) if told[level])
        assert all(told[level] for level in UPPER_LEVELS[: last + 1])
