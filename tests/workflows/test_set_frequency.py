"""Frequencies are added, changed and ended from a day on; the past is never rewritten."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.domain.codes import ObjectKind, PeriodUnit
from inspect_app.domain.frequencies import FrequencyTerms
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, FrequencyPolicy
from inspect_app.queries.policies import frequency_policies
from inspect_app.workflows.set_frequency import (
    FrequencyChange,
    FrequencyEnd,
    add_frequency,
    change_frequency,
    end_frequency,
)
from tests.conftest import NOW
from tests.factories import actor_with, make_frequency, make_grid

TODAY = NOW.date()
LATER = TODAY + timedelta(days=7)
WHY = "县局〔2026〕3号"
MONTHLY = FrequencyTerms(
    object_kind=ObjectKind.OUTLET, times=1, period_unit=PeriodUnit.MONTH, service_min=10
)
TWICE = replace(MONTHLY, times=2)
CHANGE = FrequencyChange(TWICE, TODAY, None, WHY)


def add(session: Session, wanted: FrequencyChange = CHANGE, *, actor=SYSTEM) -> FrequencyPolicy:
    return add_frequency(session, wanted, actor=actor, today=TODAY, now=NOW)


def change(session: Session, row, wanted: FrequencyChange = CHANGE, *, actor=SYSTEM):
    number = getattr(row, "id", row)
    return change_frequency(session, number, wanted, actor=actor, today=TODAY, now=NOW)


def end(session: Session, row, day: date = TODAY, *, actor=SYSTEM, source: str = WHY) -> None:
    ending = FrequencyEnd(day, source)
    number = getattr(row, "id", row)
    end_frequency(session, number, ending, actor=actor, today=TODAY, now=NOW)


def monthly(session: Session, **values) -> FrequencyPolicy:
    return make_frequency(session, "outlet", period_unit="month", **values)


def in_force(session: Session, day: date) -> list[int]:
    return [row.times for row in frequency_policies(session, day=day)]


def trail(session: Session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def refusal(call, *args, **values) -> Problem:
    with pytest.raises(Problem) as refused:
        call(*args, **values)
    return refused.value


def test_a_new_row_is_kept_with_all_its_terms_and_in_the_audit_trail(session: Session):
    terms = replace(
        TWICE,
        object_class="1.1",
        season_from="11-01",
        season_to="02-29",
        window_from=time(18),
        window_to=time(6),
        min_gap_h=48,
        two_officers=True,
        priority=3,
    )
    row = add(session, FrequencyChange(terms, LATER, LATER, f" {WHY} "))
    session.expire_all()
    assert (row.object_kind, row.object_class, row.times, row.period_unit) == (
        "outlet",
        "1.1",
        2,
        "month",
    )
    assert (row.season_from, row.season_to, row.window_from) == ("11-01", "02-29", time(18))
    assert (row.min_gap_h, row.two_officers, row.priority, row.source) == (48, True, 3, WHY)
    assert (row.valid_from, row.valid_to) == (LATER, LATER + timedelta(days=1))
    (entry,) = trail(session)
    assert (entry.action, entry.subject_kind, entry.subject_id) == (
        "frequency.add",
        "frequency",
        str(row.id),
    )
    assert entry.facts["times"] == 2
    assert entry.facts["source"] == WHY
    assert entry.facts["window_from"] == "18:00:00"


def test_a_change_ends_the_old_row_and_begins_a_new_one(session: Session):
    old = monthly(session)
    new = change(session, old, replace(CHANGE, valid_from=LATER))
    assert new.id != old.id
    assert (old.times, old.source, old.valid_to) == (1, "测试", LATER)
    assert in_force(session, TODAY) == in_force(session, LATER - timedelta(days=1)) == [1]
    assert in_force(session, LATER) == [2]
    (entry,) = trail(session)
    assert entry.action == "frequency.change"
    assert (entry.facts["was"]["times"], entry.facts["times"]) == (1, 2)


def test_a_row_that_has_not_begun_is_rewritten_and_the_trail_keeps_what_it_said(session: Session):
    coming = monthly(session, valid_from=LATER)
    assert change(session, coming) is coming
    assert (coming.times, coming.valid_from) == (2, TODAY)
    assert change(session, coming, replace(CHANGE, terms=replace(TWICE, times=3))) is coming
    assert [entry.facts["was"]["times"] for entry in trail(session)] == [1, 2]
    assert len(session.scalars(select(FrequencyPolicy)).all()) == 1


def test_a_change_keeps_clear_of_the_row_that_follows(session: Session):
    first = monthly(session, valid_to=LATER)
    second = monthly(session, valid_from=LATER)
    problem = refusal(change, session, first)
    assert problem.code == "frequency_clash"
    assert str(problem.facts["other"]) == "入河排污口·全部 1次/月"
    assert problem.facts["period"] == f"{LATER} –"
    change(session, first, replace(CHANGE, last_day=LATER - timedelta(days=1)))
    assert in_force(session, TODAY) == [2]
    assert in_force(session, LATER) == [second.times]


def test_a_change_speaks_of_the_objects_of_its_row(session: Session):
    row = monthly(session)
    other = replace(CHANGE, terms=replace(TWICE, object_class="2"))
    assert refusal(change, session, row, other).facts["field"] == "对象"
    assert row.valid_to is None


def test_ending_closes_a_row_and_takes_out_one_that_never_held(session: Session):
    row, coming = monthly(session), monthly(session, object_class="2", valid_from=LATER)
    end(session, row, LATER)
    end(session, coming, LATER)
    assert in_force(session, LATER - timedelta(days=1)) == [1]
    assert in_force(session, LATER) == []
    assert session.scalars(select(FrequencyPolicy)).all() == [row]
    first, second = trail(session)
    assert first.action == second.action == "frequency.end"
    assert first.facts["source"] == WHY
    assert second.facts["was"]["object_class"] == "2"


def test_what_is_past_is_neither_changed_nor_ended(session: Session):
    past = monthly(session, valid_to=TODAY)
    ending = monthly(session, object_class="2", valid_to=LATER)
    assert refusal(change, session, past).code == "frequency_over"
    assert refusal(end, session, past).code == "frequency_over"
    assert refusal(end, session, ending, LATER).code == "frequency_over"
    assert past.valid_to == TODAY
    assert trail(session) == []


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"valid_from": TODAY - timedelta(days=1)}, "field_invalid", "自"),
        ({"valid_from": date(2999, 1, 1)}, "field_invalid", "自"),
        ({"last_day": TODAY - timedelta(days=1)}, "days_reversed", None),
        ({"last_day": date.max}, "field_invalid", "至"),
        ({"source": "  "}, "field_invalid", "依据"),
        ({"source": "文" * 201}, "field_invalid", "依据"),
        ({"terms": replace(TWICE, times=0)}, "field_invalid", "次数"),
    ],
)
def test_senseless_rows_are_refused_and_nothing_is_written(
    session: Session, values: dict, code: str, field: str | None
):
    row = monthly(session, object_class="2")
    wanted = replace(CHANGE, **values)
    same = replace(wanted, terms=replace(wanted.terms, object_class="2"))
    for problem in (refusal(add, session, wanted), refusal(change, session, row, same)):
        assert problem.code == code
        assert problem.facts.get("field") == field
    assert session.scalars(select(FrequencyPolicy)).all() == [row]
    assert trail(session) == []


@pytest.mark.parametrize(("day", "source"), [(TODAY - timedelta(days=1), WHY), (TODAY, " ")])
def test_senseless_endings_are_refused(session: Session, day: date, source: str):
    row = monthly(session)
    assert refusal(end, session, row, day, source=source).code == "field_invalid"
    assert row.valid_to is None


def test_a_row_that_contradicts_another_is_refused_only_while_both_hold(session: Session):
    row = monthly(session, source="旧文件")
    problem = refusal(add, session)
    assert problem.code == "frequency_clash"
    assert problem.facts["source"] == "旧文件"
    end(session, row, LATER)
    assert refusal(add, session).facts["period"] == (
        f"{row.valid_from} – {LATER - timedelta(days=1)}"
    )
    add(session, replace(CHANGE, valid_from=LATER))
    assert in_force(session, LATER) == [2]


def test_season_class_and_hours_stand_beside_the_general_row(session: Session):
    monthly(session)
    for values in (
        {"object_class": "2"},
        {"season_from": "06-01", "season_to": "08-31"},
        {"window_from": time(18), "window_to": time(6)},
        {"object_kind": ObjectKind.SOURCE},
    ):
        add(session, replace(CHANGE, terms=replace(TWICE, **values)))
    assert len(in_force(session, TODAY)) == 5


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.DIRECTOR, Role.STATION])
def test_only_those_who_make_plans_and_administrators_set_frequencies(session: Session, role: Role):
    row, person = monthly(session), actor_with(session, role)
    for problem in (
        refusal(add, session, actor=person),
        refusal(change, session, row, actor=person),
        refusal(end, session, row, actor=person),
    ):
        assert problem.code == "not_permitted"


def test_a_township_does_not_set_the_countys_frequencies(session: Session):
    row = monthly(session)
    chief = actor_with(session, Role.CHIEF, grid=make_grid(session))
    assert refusal(add, session, actor=chief).code == "county_wide_only"
    assert refusal(change, session, row, actor=chief).code == "county_wide_only"
    assert refusal(end, session, row, actor=chief).code == "county_wide_only"


def test_unknown_rows_are_not_found(session: Session):
    assert refusal(change, session, 999).code == "not_found"
    assert refusal(end, session, 999).code == "not_found"
