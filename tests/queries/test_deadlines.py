"""Due times of many matters: the rules of the day of receipt, few statements, whose list it is."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Actor, Role
from inspect_app.domain.calendar import Light, local_day
from inspect_app.domain.deadlines import Clock, OverdueLevel
from inspect_app.models import Event, Policy
from inspect_app.queries.deadlines import RuleBook, clocks_of
from inspect_app.queries.matter_worklists import MatterTab, matter_worklist
from inspect_app.queries.matters import MatterFilter
from tests.conftest import NOW
from tests.factories import actor_with, add, make_grid, make_matter, make_policies


@pytest.fixture
def county(session: Session):
    make_policies(session)
    return make_grid(session)


def due_of(session: Session, matter, clock: Clock) -> date:
    clocks = clocks_of(session, [matter.id], now=NOW)[matter.id]
    return next(local_day(one.due) for one in clocks.deadlines if one.clock is clock)


def note(session: Session, matter, what: str, **values) -> None:
    values = {"at": NOW, "to_state": matter.state} | values
    add(session, Event(subject_kind="matter", subject_id=matter.id, event=what, **values))


def test_a_rule_counts_as_it_was_on_the_day_of_receipt(session, county):
    for row in session.query(Policy).filter_by(key="accept_working_days_phone_12369"):
        row.valid_to = date(2026, 3, 24)
    add(
        session,
        Policy(
            key="accept_working_days_phone_12369",
            value={"value": 5},
            valid_from=date(2026, 3, 24),
            source="新规",
        ),
    )
    old = make_matter(session, at=NOW - timedelta(days=1), grid_id=county.id)
    new = make_matter(session, at=NOW, grid_id=county.id)
    assert due_of(session, old, Clock.ACCEPT) == date(2026, 3, 26)
    assert due_of(session, new, Clock.ACCEPT) == date(2026, 3, 31)


def test_before_its_first_row_a_rule_is_that_row():
    first, then = date(2026, 1, 1), date(2026, 6, 1)
    book = RuleBook([("a", 2.0, then, None), ("a", 1.0, first, then), ("b", 3.0, first, then)])
    assert [book.on(day).get("a") for day in (date(2020, 1, 1), first, then)] == [1.0, 1.0, 2.0]
    assert [book.on(day).get("b") for day in (date(2020, 1, 1), then)] == [3.0, None]


def test_facts_of_events_move_the_time(session, county):
    matter = make_matter(session, at=NOW, state="handling", grid_id=county.id)
    note(session, matter, "accept", from_state="registered")
    assert due_of(session, matter, Clock.FINISH) == date(2026, 5, 23)
    note(session, matter, "extend", facts={"days": 10})
    assert due_of(session, matter, Clock.FINISH) == date(2026, 6, 2)


def test_the_number_of_statements_does_not_grow_with_the_matters(session, county):
    def statements(count: int) -> int:
        ids = [make_matter(session, at=NOW, grid_id=county.id).id for _ in range(count)]
        seen: list[str] = []

        def listen(_conn, _cursor, statement, *_rest):
            seen.append(statement)

        connection = session.connection()
        event.listen(connection, "before_cursor_execute", listen)
        clocks_of(session, ids, now=NOW)
        event.remove(connection, "before_cursor_execute", listen)
        return len(seen)

    assert statements(2) == statements(20) == 5


def titles(session: Session, actor: Actor, tab: MatterTab, **chosen) -> list[str]:
    shown = matter_worklist(session, actor, tab, chosen=MatterFilter(**chosen), page=1, now=NOW)
    return [row.line.matter.title for row in shown.rows]


def test_overdue_matters_reach_each_level_in_its_time(session, county):
    for days, title in ((7, "甲"), (9, "乙"), (20, "丙")):
        # Received so many days ago; three working days to accept a telephone report.
        make_matter(session, at=NOW - timedelta(days=days), title=title, grid_id=county.id)
    told = {
        role: sorted(titles(session, actor_with(session, role), MatterTab.WATCHED))
        for role in (Role.SUPERVISOR, Role.CHIEF, Role.DEPUTY, Role.DIRECTOR)
    }
    # Due on 20, 18 (Sunday 15 counts for nothing) and 6 March: overdue by 4, 6 and 18 days.
    assert told[Role.SUPERVISOR] == ["丙", "乙", "甲"]
    assert told[Role.CHIEF] == ["丙", "乙", "甲"]
    assert told[Role.DEPUTY] == ["丙", "乙", "甲"]
    assert told[Role.DIRECTOR] == ["丙"]


def test_a_suspended_matter_has_no_light_and_tells_nobody(session, county):
    matter = make_matter(
        session, at=NOW - timedelta(days=200), state="suspended", grid_id=county.id
    )
    begun = NOW - timedelta(days=150)
    note(session, matter, "suspend", from_state="handling", at=begun)
    clocks = clocks_of(session, [matter.id], now=NOW)[matter.id]
    assert (clocks.light, clocks.level) == (Light.NONE, None)
    running = make_matter(
        session, at=NOW - timedelta(days=200), state="handling", grid_id=county.id
    )
    clocks = clocks_of(session, [running.id], now=NOW)[running.id]
    assert (clocks.light, clocks.level) == (Light.RED, OverdueLevel.DIRECTOR)


def test_what_waits_is_whose_turn_it_is(session, county):
    handler = actor_with(session, Role.WORKER)
    helper = actor_with(session, Role.INSPECTOR)
    for state in ("registered", "accepted", "handling", "reply_review", "closed", "revisited"):
        matter = make_matter(
            session,
            at=NOW,
            state=state,
            title=state,
            grid_id=county.id,
            handler_person_id=handler.person_id,
            co_handler_ids=[helper.person_id],
        )
        if state == "closed":
            note(session, matter, "close", from_state="replied")
        if state == "accepted":
            note(session, matter, "request_extension", facts={"days": 5})
    make_matter(session, at=NOW, state="closed", title="imported", grid_id=county.id)
    waiting = {
        actor: sorted(titles(session, actor, MatterTab.WAITING))
        for actor in (handler, helper, *(actor_with(session, role) for role in ROLES))
    }
    assert list(waiting.values()) == [
        ["handling"],
        ["handling"],
        ["accepted", "closed", "registered", "revisited"],
        ["accepted", "registered", "reply_review"],
        ["accepted"],
        ["closed"],
        ["accepted"],
        [],
    ]


ROLES = (
    Role.CLERK,
    Role.DEPUTY,
    Role.DIRECTOR,
    Role.STATION,
    Role.CHIEF,
    Role.SUPERVISOR,
)


def test_who_has_no_part_in_it_waits_for_nothing(session, county):
    make_matter(session, at=NOW, grid_id=county.id)
    nobody = Actor(None, "无", frozenset(), EVERYWHERE)
    assert titles(session, nobody, MatterTab.WAITING) == []
    assert titles(session, nobody, MatterTab.ALL, only_late=True) == []
