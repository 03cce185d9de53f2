"""The orders of a plan: travel order by crew-day, pins, and nothing of other versions."""

from sqlalchemy import select

from inspect_app.domain.access import SYSTEM
from inspect_app.models import PatrolStop, PatrolTask
from inspect_app.queries.patrol_week import key_of
from inspect_app.queries.plan_orders import plan_orders
from inspect_app.workflows.plan_week import plan_week
from tests.conftest import NOW
from tests.small_county import WEEK, make_small_county, request


def test_orders_and_pins_are_those_of_the_version_s_stops(session):
    make_small_county(session)
    plan, other = (
        plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW) for _ in range(2)
    )
    stops = session.scalars(
        select(PatrolStop).join(PatrolTask).where(PatrolTask.plan_id == plan.id)
    ).all()
    stops[0].pinned = True
    session.flush()
    found = plan_orders(session, plan)
    by_hand = {
        (task.crew.name, (task.day - WEEK).days): tuple(
            key_of(stop) for stop in sorted(task.stops, key=lambda stop: stop.seq)
        )
        for task in plan.tasks
    }
    assert found.orders == by_hand
    pinned = stops[0]
    name = (pinned.task.crew.name, (pinned.task.day - WEEK).days)
    assert found.pinned == {(key_of(pinned), name)}
    assert found.pins() == {key_of(pinned): {name}}
    assert plan_orders(session, other).pinned == frozenset()
