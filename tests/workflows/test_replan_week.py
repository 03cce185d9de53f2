"""Changing a published plan: two offers, adoption in place, and what tablets still understand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, SYSTEM, Actor, Role
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    CrewGrid,
    CrewMember,
    Event,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    Person,
    PlanChange,
    PlanUncovered,
)
from inspect_app.queries.happenings import happenings
from inspect_app.queries.patrols import tasks_of_day
from inspect_app.queries.plan_changes import published_plan
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan
from inspect_app.workflows.replan_week import ChangeRequest, adopt_change, make_offers
from inspect_app.workflows.sync_patrol import Sent, keep_record
from tests.factories import FROM, actor_with, add, make_account, make_matter
from tests.patrol_factories import Tablet, sha256
from tests.small_county import WEEK, ZONE, make_small_county, request

MONDAY_MORNING = datetime(2026, 3, 23, 0, 10, tzinfo=UTC)
"""08:10 in Shanghai: twenty minutes before the shifts begin."""
TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def county(session: Session):
    return make_small_county(session)


@pytest.fixture
def plan(session: Session, county) -> PatrolPlan:
    assert county.segments
    made = plan_week(session, WEEK, request=request(), actor=SYSTEM, now=MONDAY_MORNING)
    publish_plan(session, made, actor=SYSTEM, now=MONDAY_MORNING)
    return made


def offers(session: Session, plan: PatrolPlan, asked: ChangeRequest, *, now=MONDAY_MORNING):
    quick = replace(asked, iterations=200)
    return make_offers(session, plan, quick, hand=Hand(SYSTEM, now, ZONE))


def adopt(session: Session, change: PlanChange, *, now=MONDAY_MORNING) -> PatrolPlan:
    return adopt_change(session, change, reason="试验", hand=Hand(SYSTEM, now, ZONE))


def urgent_matter(session: Session, county, *, at=MONDAY_MORNING):
    return make_matter(
        session,
        at=at,
        title="河面大量泡沫",
        severity="urgent",
        grid_id=county.east.id,
        geom="SRID=4490;POINT(120.14 31.0005)",
    )


def stop_named(session: Session, name: str) -> PatrolStop:
    return session.scalars(select(PatrolStop).where(PatrolStop.name == name)).one()


def places(session: Session) -> dict[str, tuple[str, object]]:
    return {
        stop.name: (stop.task.crew.name, stop.task.day)
        for stop in session.scalars(select(PatrolStop))
    }


def test_an_urgent_matter_is_found_and_inserted_within_two_hours(session, county, plan):
    matter = urgent_matter(session, county)
    found = happenings(session, plan, today=WEEK, promise=TWO_HOURS)
    assert [one.id for one in found.matters] == [matter.id]
    before = places(session)
    offered = offers(session, plan, ChangeRequest(urgent=(f"matter:{matter.id}",)))
    change = offered.insert_only
    (arrival,) = change.figures["arrivals"]
    assert arrival["kept"]
    assert arrival["crew"] == "东组"
    assert datetime.fromisoformat(arrival["at"]) <= matter.opened_at + TWO_HOURS
    assert change.figures["moved"] == 0
    assert published_plan(session, WEEK) is plan
    adopt(session, change)
    stop = stop_named(session, "河面大量泡沫")
    assert stop.object_id == matter.id
    assert stop.arrive_at <= matter.opened_at + TWO_HOURS
    assert stop.task.state == "published"
    assert {name: where for name, where in places(session).items() if name in before} == before
    assert plan.revision == 1
    assert happenings(session, plan, today=WEEK, promise=TWO_HOURS).matters == ()


def test_adoption_is_told_in_events_audit_and_the_stored_change(session, county, plan):
    matter = urgent_matter(session, county)
    offered = offers(session, plan, ChangeRequest(urgent=(f"matter:{matter.id}",)))
    adopt(session, offered.best)
    told = session.scalars(select(Event).where(Event.event == "change")).all()
    assert {one.subject_kind for one in told} == {"plan", "task"}
    assert all(one.reason == "试验" for one in told)
    acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "plan.change"))
    assert len(acts.all()) == 1
    change = session.get_one(PlanChange, offered.best.id)
    assert (change.revision, change.reason, change.adopted_at) == (1, "试验", MONDAY_MORNING)
    assert [one["name"] for one in change.moves["visits"] if one["from"] is None] == [
        "河面大量泡沫"
    ]


def test_the_visits_of_an_absent_crew_go_to_others_as_the_same_stops(session, county, plan):
    # The west crew may serve everything, so that it can stand in.
    session.add(CrewGrid(crew_id=county.west_crew.id, grid_id=county.east.id))
    session.flush()
    ids = {stop.name: stop.id for stop in session.scalars(select(PatrolStop))}
    asked = ChangeRequest(absent=((county.east_crew.id, (0, 1, 2, 3, 4)),))
    adopt(session, offers(session, plan, asked).insert_only)
    assert {stop.task.crew.name for stop in session.scalars(select(PatrolStop))} == {"西组"}
    assert {stop.name: stop.id for stop in session.scalars(select(PatrolStop))} == ids
    east = session.scalars(
        select(PatrolTask).where(PatrolTask.crew_id == county.east_crew.id)
    ).all()
    assert {task.state for task in east} == {"cancelled"}
    for task in session.scalars(select(PatrolTask)):
        assert [stop.seq for stop in task.stops] == list(range(1, len(task.stops) + 1))


def test_what_finds_no_room_is_named_with_its_reason(session, county, plan):
    asked = ChangeRequest(absent=((county.east_crew.id, (0, 1, 2, 3, 4)),))
    change = offers(session, plan, asked).insert_only
    lost = {one["name"] for one in change.figures["unserved"]}
    assert lost == {"总干渠第3段", "总干渠第4段"}
    adopt(session, change)
    left = session.scalars(select(PlanUncovered)).all()
    assert {one.name for one in left} == lost
    assert plan.verdict["served_visits"] == plan.verdict["due_visits"] - 2


def test_a_task_under_way_stays_the_same_and_its_done_stops_too(session, county, plan):
    account = make_account(session, Role.WORKER)
    task = stop_named(session, "总干渠第3段").task
    member = join_crew(session, county.east_crew, account)
    tablet = Tablet(task)
    tablet.at = task.starts_at
    send(session, tablet, member, "patrol_start")
    first = task.stops[0]
    send(session, tablet, member, "stop_result", stop_id=first.id, result="done")
    noon = task.starts_at + timedelta(minutes=20)
    matter = urgent_matter(session, county, at=noon)
    before = (first.id, first.seq, first.arrive_at, task.id)
    offered = offers(session, plan, ChangeRequest(urgent=(f"matter:{matter.id}",)), now=noon)
    adopt(session, offered.insert_only, now=noon)
    session.refresh(task)
    assert (task.stops[0].id, task.stops[0].seq, task.stops[0].arrive_at, task.id) == before
    assert task.state == "in_progress"
    new = stop_named(session, "河面大量泡沫")
    assert new.task_id == task.id
    assert new.seq > 1
    assert new.arrive_at > noon
    send(session, tablet, member, "stop_result", stop_id=new.id, result="done")
    assert stop_named(session, "河面大量泡沫").result == "done"


def test_the_crew_s_tablet_is_told_what_changed_and_why(session, county, plan):
    account = make_account(session, Role.WORKER)
    join_crew(session, county.east_crew, account)
    matter = urgent_matter(session, county)
    adopt(
        session, offers(session, plan, ChangeRequest(urgent=(f"matter:{matter.id}",))).insert_only
    )
    (card,) = tasks_of_day(session, account.person_id, day=WEEK, now=MONDAY_MORNING)
    assert (card.changed_at, card.change_reason) == (MONDAY_MORNING, "试验")
    assert "河面大量泡沫" in [stop.name for stop in card.stops]
    assert [stop.seq for stop in card.stops] == list(range(1, len(card.stops) + 1))


def test_an_offline_tablet_reports_a_stop_under_the_task_it_knew(session, county, plan):
    session.add(CrewGrid(crew_id=county.west_crew.id, grid_id=county.east.id))
    session.flush()
    account = make_account(session, Role.WORKER)
    member = join_crew(session, county.east_crew, account)
    stop = stop_named(session, "总干渠第4段")
    old = stop.task
    tablet = Tablet(old)
    send(session, tablet, member, "patrol_start")
    day = (old.day - WEEK).days
    adopt(
        session,
        offers(session, plan, ChangeRequest(absent=((county.east_crew.id, (day,)),))).insert_only,
    )
    session.refresh(stop)
    assert stop.task_id != old.id
    send(session, tablet, member, "stop_result", stop_id=stop.id, result="done")
    assert stop.result == "done"


def test_a_withdrawn_stop_that_was_visited_comes_back(session, county, plan):
    account = make_account(session, Role.WORKER)
    member = join_crew(session, county.east_crew, account)
    stop = stop_named(session, "总干渠第4段")
    old, number = stop.task, stop.id
    tablet = Tablet(old)
    send(session, tablet, member, "patrol_start")
    asked = ChangeRequest(absent=((county.east_crew.id, (0, 1, 2, 3, 4)),))
    adopt(session, offers(session, plan, asked).insert_only)
    assert session.get(PatrolStop, number) is None
    send(session, tablet, member, "stop_result", stop_id=number, result="done")
    back = session.get_one(PatrolStop, number)
    assert (back.result, back.name, back.task_id) == ("done", "总干渠第4段", old.id)


def test_an_offer_is_refused_once_the_crew_has_gone_on(session, county, plan):
    account = make_account(session, Role.WORKER)
    member = join_crew(session, county.east_crew, account)
    task = stop_named(session, "总干渠第3段").task
    matter = urgent_matter(session, county)
    offered = offers(session, plan, ChangeRequest(urgent=(f"matter:{matter.id}",)))
    tablet = Tablet(task)
    send(session, tablet, member, "patrol_start")
    send(session, tablet, member, "stop_result", stop_id=task.stops[-1].id, result="done")
    with pytest.raises(Problem) as refused:
        adopt(session, offered.insert_only)
    assert refused.value.code == "change_outdated"
    assert plan.revision == 0


def test_an_offer_is_adopted_once_and_needs_a_reason(session, county, plan):
    matter = urgent_matter(session, county)
    offered = offers(session, plan, ChangeRequest(urgent=(f"matter:{matter.id}",)))
    with pytest.raises(Problem, match="须填写理由"):
        adopt_change(
            session,
            offered.insert_only,
            reason="",
            hand=Hand(SYSTEM, MONDAY_MORNING, ZONE),
        )
    adopt(session, offered.insert_only)
    with pytest.raises(Problem) as again:
        adopt(session, offered.insert_only)
    assert again.value.code == "change_adopted"
    with pytest.raises(Problem) as other:
        adopt(session, offered.best)
    assert other.value.code == "change_outdated"


def test_missed_visits_of_yesterday_are_found_and_made_up_for(session, plan):
    tuesday = MONDAY_MORNING + timedelta(days=1)
    for task in session.scalars(select(PatrolTask)):
        task.day = WEEK
    found = happenings(session, plan, today=WEEK + timedelta(days=1), promise=TWO_HOURS)
    assert {one.day for one in found.missed} == {WEEK}
    ids = tuple(one.stop_id for one in found.missed)
    adopt(
        session, offers(session, plan, ChangeRequest(not_done=ids), now=tuesday).best, now=tuesday
    )
    again = happenings(session, plan, today=WEEK + timedelta(days=1), promise=TWO_HOURS)
    assert again.missed == ()
    assert session.get_one(PatrolStop, ids[0]).task.day == WEEK


def test_only_those_who_publish_for_the_county_change_a_plan(session, county, plan):
    asked = ChangeRequest(urgent=(f"outlet:{county.outlet.id}",))
    for actor in (
        actor_with(session, Role.WORKER),
        actor_with(session, Role.CHIEF, grid=county.west),
    ):
        with pytest.raises(Problem) as refused:
            make_offers(session, plan, asked, hand=Hand(actor, MONDAY_MORNING, ZONE))
        assert refused.value.code in ("not_permitted", "county_wide_only")
    with pytest.raises(Problem) as nothing:
        offers(session, plan, ChangeRequest())
    assert nothing.value.code == "change_nothing"
    late = MONDAY_MORNING + timedelta(days=7)
    with pytest.raises(Problem) as over:
        offers(session, plan, asked, now=late)
    assert over.value.code == "change_week_over"


def join_crew(session: Session, crew, account):
    add(session, CrewMember(crew_id=crew.id, person_id=account.person_id, valid_from=FROM))
    person = session.get_one(Person, account.person_id)
    return Actor(person.id, person.name, frozenset({Role.WORKER}), EVERYWHERE)


def send(session: Session, tablet: Tablet, actor, kind: str, **values) -> None:
    uid, body = tablet.write(kind, **values)
    receipt = keep_record(
        session, uid, Sent(body, sha256(body)), actor=actor, now=tablet.at + timedelta(minutes=1)
    )
    assert receipt.state == "new"
