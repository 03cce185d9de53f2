"""Plans of the demo's past look like those the planner writes, and read like them."""

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from gis.periods import period_of
from gis.routing.explain import REASONS, REMEDIES, Reason, Remedy
from gis.schedule import policy_for
from inspect_app.demo.plan_records import POLICIES
from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import PatrolPlan, PlanUncovered
from inspect_app.workflows.plan_week import plan_week
from tests.conftest import NOW
from tests.demo_county import drawn
from tests.factories import log_in, make_account
from tests.small_county import WEEK, make_small_county, request


@pytest.fixture(scope="module")
def plans() -> list[dict[str, object]]:
    return drawn().frames["patrol_plan"].to_dict("records")


@pytest.fixture(scope="module")
def left() -> pd.DataFrame:
    return drawn().frames["plan_uncovered"]


@pytest.fixture
def made(session: Session) -> PatrolPlan:
    """Give a plan the planner made, of a county whose sources no crew can serve in time."""
    assert make_small_county(session).segments
    return plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)


def shape(value: object) -> object:
    """Return the keys and types of a value; of lists, those of the first entry."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return "number" if isinstance(value, int | float) else type(value).__name__


def test_a_past_plan_has_the_keys_and_types_the_planner_writes(made: PatrolPlan, plans):
    for plan in plans:
        assert set(plan["parameters"]) == set(made.parameters)
        ours, theirs = dict(plan["figures"]), dict(made.figures)
        crews, their_crews = ours.pop("crews"), theirs.pop("crews")
        assert {*map(repr, map(sorted, crews.values()))} == {
            *map(repr, map(sorted, their_crews.values()))
        }
        for row in ours["policies"]:
            assert set(row) == set(theirs["policies"][0])
        ours.pop("policies"), theirs.pop("policies")
        # A bound is proved for a plan that was searched; past plans of the demo claim none.
        theirs.pop("bound_s"), theirs.pop("gap_share")
        theirs["seconds"] = {key: s for key, s in theirs["seconds"].items() if key != "bound"}
        assert shape(ours) == shape(theirs)
        assert shape(plan["verdict"]) == shape(made.verdict)


def test_the_figures_of_a_past_plan_agree_with_its_tasks_and_stops(plans, left: pd.DataFrame):
    frames = drawn().frames
    for plan in plans:
        tasks = frames["patrol_task"][frames["patrol_task"].plan_id == plan["id"]]
        stops = frames["patrol_stop"][frames["patrol_stop"].task_id.isin(tasks.id)]
        missing = left[left.plan_id == plan["id"]]
        verdict, figures = plan["verdict"], plan["figures"]
        assert verdict["served_visits"] == len(stops)
        assert verdict["due_visits"] == len(stops) + missing.visits_missing.sum()
        assert sum(row["served"] for row in figures["policies"]) == len(stops)
        assert sum(row["due"] for row in figures["policies"]) == verdict["due_visits"]
        stay_s = (stops.leave_at - stops.arrive_at).dt.total_seconds().sum()
        assert verdict["service_s"] == pytest.approx(stay_s, rel=0.01)
        hours = figures["crews"].values()
        assert sum(row["travel_s"] for row in hours) == pytest.approx(verdict["travel_s"], abs=30)


def test_no_object_was_visited_oftener_in_a_period_than_its_frequency_asks():
    frames = drawn().frames
    segments, waterways = frames["patrol_segment"], frames["waterway"].set_index("id")
    sources = frames["pollution_source"]
    classes = {
        **{("segment", one.id): waterways.level[one.waterway_id] for one in segments.itertuples()},
        **{("source", one.id): one.permit_class for one in sources.itertuples()},
    }
    visits: Counter[tuple[object, ...]] = Counter()
    asked: dict[tuple[object, ...], int] = {}
    made = frames["patrol_stop"][frames["patrol_stop"].result == "done"]
    for stop in made.itertuples():
        day = stop.done_at.astimezone(ZoneInfo("Asia/Shanghai")).date()
        policy = policy_for(
            POLICIES,
            kind=stop.object_kind,
            object_class=classes.get((stop.object_kind, stop.object_id)),
            week=day - timedelta(days=day.weekday()),
        )
        period = period_of(policy.unit, day=day)
        visit = (stop.object_kind, stop.object_id, period)
        visits[visit] += 1
        asked[visit] = policy.times
    assert len(visits) > 1_000
    assert {one: count for one, count in visits.items() if count > asked[one]} == {}


def test_what_a_past_plan_left_out_has_a_reason_and_a_remedy_in_words(left: pd.DataFrame):
    for row in left.itertuples():
        assert REASONS[Reason(row.reason)] % row.facts["facts"]
        assert [REMEDIES[Remedy(fix["remedy"])] % fix["facts"] for fix in row.facts["fixes"]]


def test_the_page_of_a_past_week_reads_like_that_of_a_plan_just_made(
    app: Flask, session: Session, made: PatrolPlan, *, plans, left: pd.DataFrame
):
    past = plans[0]
    made.parameters, made.figures, made.verdict = (
        past[name] for name in ("parameters", "figures", "verdict")
    )
    row = left[left.plan_id == past["id"]].drop(columns=["id", "grid_id"]).iloc[0].to_dict()
    session.add(PlanUncovered(**row | {"plan_id": made.id}))
    account = make_account(session, Role.DEPUTY)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    page = client.get("/plans?week=2026-W13").text
    assert REASONS[Reason(row["reason"])] % row["facts"]["facts"] in page
    assert f"搜索{past['figures']['iterations']}轮" in page
    assert past["figures"]["policies"][0]["source"] in page
    assert "核验通过" in page
