"""Alarms of surges: rung on the first morning, once, about the right thing, taken note of."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, SYSTEM, Role, Scope
from inspect_app.domain.alarm_codes import AlarmUnit
from inspect_app.domain.problems import Problem
from inspect_app.models import BurstAlarm, ComplaintMatter
from inspect_app.queries.bursts import alarms
from inspect_app.workflows.ring_bursts import acknowledge, burst_rules, ring_bursts
from tests.conftest import NOW
from tests.county import County, make_county
from tests.factories import actor_with, make_complaint, make_matter, make_source

DAY = timedelta(days=1)
EVENING_BEFORE = NOW - timedelta(hours=13)
"""Eight in the evening, before NOW's morning."""


@pytest.fixture
def county(session: Session) -> County:
    """Give a year of 150 complaints about 110 matters in four grids, and no surge."""
    county = make_county(session)
    rng = np.random.default_rng(5)
    units = list(county.units.values())
    for number in range(110):
        at = NOW - float(3 + 360 * rng.random()) * DAY
        matter = make_matter(session, at=at, grid_id=units[number % 4].id)
        if number < 40:
            make_complaint(session, matter, at=min(at + 9 * DAY, NOW))
    session.flush()
    return county


def plant(session: Session, county: County, *, calls: int = 68, **values) -> ComplaintMatter:
    """Plant calls over the two days that begin at eight the evening before."""
    matter = make_matter(
        session,
        at=EVENING_BEFORE,
        complaints=0,
        title="化工厂异味",
        grid_id=county.units["west_south"].id,
        **values,
    )
    for hours in np.linspace(0, 47, calls):
        make_complaint(session, matter, at=EVENING_BEFORE + timedelta(hours=float(hours)))
    session.flush()
    return matter


def ring(session: Session, *, at=NOW) -> list[BurstAlarm]:
    return ring_bursts(session, burst_rules(session, at.date()), actor=SYSTEM, now=at)


def test_sixty_eight_calls_in_two_days_ring_on_the_first_morning_and_once(session, county):
    matter = plant(session, county)
    mornings = [ring(session, at=NOW + number * timedelta(hours=1)) for number in range(-12, 40)]
    rung = [alarm for found in mornings for alarm in found]
    assert [alarm.matter_id for alarm in rung] == [matter.id]
    (alarm,) = rung
    assert alarm.rung_at <= NOW
    assert alarm.unit == AlarmUnit.MATTER.value
    assert alarm.history == 0
    assert alarm.observed < 20
    assert alarm.peak == 68
    assert alarm.q <= 0.01


@pytest.mark.usefixtures("county")
def test_without_a_surge_nothing_rings_on_thirty_mornings(session):
    assert [ring(session, at=NOW - number * DAY) for number in range(30)] == [[]] * 30


def test_calls_that_were_not_merged_ring_for_the_respondent_and_not_for_the_grid(session, county):
    plant_ = make_source(session, 120.2, 30.2, grid_id=county.units["west_south"].id)
    for number in range(12):
        make_matter(
            session,
            at=NOW - timedelta(hours=number),
            grid_id=county.units["west_south"].id,
            respondent_source_id=plant_.id,
        )
    (alarm,) = ring(session)
    assert (alarm.unit, alarm.source_id, alarm.title) == ("respondent", plant_.id, plant_.name)


def test_a_respondent_known_by_name_only_and_a_grid_ring_too(session, county):
    for number in range(12):
        grid = county.units["east_north"]
        name = "流动摊贩" if number < 9 else None
        at = NOW - timedelta(hours=number)
        make_matter(session, at=at, grid_id=grid.id, respondent_name=name)
    (alarm,) = ring(session)
    assert (alarm.unit, alarm.title, alarm.grid_id) == ("respondent", "流动摊贩", grid.id)
    for number in range(20):
        make_matter(
            session, at=NOW - timedelta(hours=number), grid_id=county.units["east_south"].id
        )
    (alarm,) = ring(session)
    assert (alarm.unit, alarm.grid_id) == ("grid", county.units["east_south"].id)
    assert alarm.observed == 20


def test_complaints_on_a_fallback_coordinate_ring_for_no_grid(session, county):
    grid = county.units["east_south"]
    for number in range(20):
        matter = make_matter(session, at=NOW, complaints=0, grid_id=grid.id)
        at = NOW - timedelta(hours=number)
        make_complaint(session, matter, at=at, place_quality="shared_fallback")
    assert ring(session) == []


def test_a_person_takes_note_once_with_words_and_inside_the_scope(session, county):
    plant(session, county)
    (alarm,) = ring(session)
    deputy = actor_with(session, Role.DEPUTY)
    stranger = actor_with(session, Role.CHIEF, grid=county.east)
    for actor, note, code in (
        (stranger, "已派人", "not_found"),
        (deputy, " ", "reason_missing"),
    ):
        with pytest.raises(Problem) as refused:
            acknowledge(session, alarm.id, note=note, actor=actor, now=NOW)
        assert refused.value.code == code
    acknowledge(session, alarm.id, note="已派执法大队到场", actor=deputy, now=NOW)
    with pytest.raises(Problem) as refused:
        acknowledge(session, alarm.id, note="再看", actor=deputy, now=NOW)
    assert refused.value.code == "alarm_acknowledged"
    (line,) = alarms(session, EVERYWHERE, since=NOW - DAY, until=NOW + DAY)
    assert line.acknowledged_by == deputy.name
    assert ring(session, at=NOW + DAY) == []


def test_lists_keep_to_the_scope_and_open_alarms_stay_until_acknowledged(session, county):
    plant(session, county)
    ring(session)
    later = NOW + 60 * DAY
    west = Scope(everywhere=False, grid_paths=(county.west.path,))
    east = Scope(everywhere=False, grid_paths=(county.east.path,))
    assert len(alarms(session, west, since=later - DAY, until=later)) == 1
    assert alarms(session, east, since=later - DAY, until=later) == []
    alarm = session.scalars(select(BurstAlarm)).one()
    alarm.acknowledged_at, alarm.acknowledgement = NOW, "好"
    session.flush()
    assert alarms(session, west, since=later - DAY, until=later) == []
