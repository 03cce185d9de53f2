"""Check sheets: all are kept, the newest of a tablet counts, whatever the order of arrival."""

import json
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Actor, Role
from inspect_app.domain.check_forms import FORMS, FaultKind, normal_answers
from inspect_app.domain.codes import ObjectKind
from inspect_app.models import CheckSheet, Finding, Measure, SyncRecord
from inspect_app.queries.check_sheets import (
    checks_of_tasks,
    history_of,
    object_classes,
    sheets_of_log,
)
from inspect_app.workflows.sync_patrol import Sent, keep_record
from tests.conftest import NOW
from tests.factories import make_account, make_grid, make_owner, make_policies
from tests.patrol_factories import Tablet, make_crew, make_task, sha256

REACH, OUTLET = FORMS["river_patrol_log", 1], FORMS["outlet_inspection", 1]


@pytest.fixture
def day(session: Session):
    """Give a started task, its inspector and a tablet."""
    make_policies(session)
    grid = make_grid(session)
    make_owner(session, grid)
    account = make_account(session, Role.INSPECTOR)
    task = make_task(session, make_crew(session, account), grid=grid)
    actor = Actor(account.person_id, account.person.name, frozenset([Role.INSPECTOR]), EVERYWHERE)
    tablet = Tablet(task)
    send(session, tablet.write("patrol_start"), actor)
    return task, actor, tablet


def send(session: Session, item, actor):
    uid, body = item
    return keep_record(session, uid, Sent(body, sha256(body)), actor=actor, now=NOW)


def filled(tablet: Tablet, stop, answers, *, form=REACH, but=None, **values):
    facts = {
        "stop_id": stop.id,
        "object_kind": stop.object_kind,
        "object_id": stop.object_id,
        "form": form.key,
        "version": form.version,
        "answers": answers,
    }
    return tablet.write("check_form", **(facts | values | (but or {})))


def test_a_filled_form_is_kept_with_its_version_and_read_with_its_declaration(session, day):
    task, actor, tablet = day
    stop = task.stops[0]
    answers = normal_answers(REACH) | {"water_colour": "black", "dry_days": 4}
    uid, body = filled(tablet, stop, answers)
    send(session, (uid, body), actor)
    row = session.scalars(select(CheckSheet)).one()
    assert (row.uid, row.form, row.version, row.answers) == (uid, REACH.key, 1, answers)
    assert (row.filled_by, row.filled_at, row.received_at) == (actor.person_id, tablet.at, NOW)
    [sheet] = sheets_of_log(session, tablet.log_uid)[stop.id]
    assert [field.key for field in sheet.problems] == ["water_colour"]
    assert sheet.faults == ()
    assert (sheet.filled_by, sheet.day) == (actor.name, task.day)


def test_nothing_found_is_kept_as_such(session, day):
    task, actor, tablet = day
    stop = task.stops[2]
    item = filled(tablet, stop, normal_answers(OUTLET), form=OUTLET, nothing_found=True)
    send(session, item, actor)
    [sheet] = sheets_of_log(session, tablet.log_uid)[stop.id]
    assert sheet.nothing_found
    assert (sheet.problems, sheet.faults) == ((), ())


def test_answers_that_cannot_be_right_are_kept_and_flagged(session, day):
    task, actor, tablet = day
    stop = task.stops[2]
    answers = normal_answers(OUTLET) | {"is_discharging": True, "ph": 71, "colour": "violet"}
    assert send(session, filled(tablet, stop, answers, form=OUTLET), actor).state == "new"
    [sheet] = sheets_of_log(session, tablet.log_uid)[stop.id]
    assert sheet.answers["ph"] == 71
    assert {(fault.field.key, fault.kind) for fault in sheet.faults} == {
        ("ph", FaultKind.OUT_OF_RANGE),
        ("colour", FaultKind.NOT_AN_OPTION),
    }


def test_the_newest_sheet_of_a_tablet_counts_in_every_order_and_all_are_kept(session, day):
    task, actor, tablet = day
    stop = task.stops[0]
    sheets = [filled(tablet, stop, {"remark": str(number)}) for number in range(3)]
    for order in permutations(sheets):
        with session.begin_nested() as attempt:
            for item in order:
                send(session, item, actor)
            [sheet] = sheets_of_log(session, tablet.log_uid)[stop.id]
            assert sheet.answers["remark"] == "2"
            assert session.scalar(select(func.count()).select_from(CheckSheet)) == 3
            assert checks_of_tasks(session, [task.id])[str(stop.id)]["sheet"]["answers"] == {
                "remark": "2"
            }
            attempt.rollback()


def test_two_tablets_at_one_stop_are_both_heard(session, day):
    task, actor, tablet = day
    stop = task.stops[0]
    other = Tablet(task, log_uid=tablet.log_uid)
    send(session, filled(tablet, stop, {"remark": "甲"}), actor)
    send(session, filled(other, stop, {"remark": "乙"}), actor)
    sheets = sheets_of_log(session, tablet.log_uid)[stop.id]
    assert {sheet.answers["remark"] for sheet in sheets} == {"甲", "乙"}


def test_a_sheet_that_overtook_its_patrols_start_waits_for_it(session):
    make_policies(session)
    account = make_account(session, Role.INSPECTOR)
    task = make_task(session, make_crew(session, account))
    actor = Actor(account.person_id, "甲", frozenset([Role.INSPECTOR]), EVERYWHERE)
    tablet = Tablet(task)
    start, sheet = tablet.write("patrol_start"), filled(tablet, task.stops[0], {})
    assert send(session, sheet, actor).problem.code == "record_early"
    assert session.scalars(select(CheckSheet)).all() == []
    send(session, start, actor)
    assert session.scalars(select(CheckSheet.uid)).all() == [sheet[0]]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"version": 2}, "form_unknown"),
        ({"form": "moon_inspection"}, "form_unknown"),
        ({"object_id": 2**40}, "field_invalid"),
        ({"object_kind": "outlet"}, "field_invalid"),
        ({"form": "outlet_inspection"}, "field_invalid"),
        ({"stop_id": 2**40}, "not_your_task"),
        ({"answers": [1]}, "body_invalid"),
        ({"answers": {"remark": {"a": 1}}}, "body_invalid"),
        ({"answers": {"remark": "a\x00b"}}, "body_invalid"),
        ({"answers": {"Remark'--": "a"}}, "body_invalid"),
        ({"version": 0}, "body_invalid"),
    ],
)
def test_what_is_no_sheet_of_this_stop_is_kept_for_a_person(session, day, values, code):
    task, actor, tablet = day
    item = filled(tablet, task.stops[0], {}, but=values)
    receipt = send(session, item, actor)
    assert (receipt.state, receipt.problem.code) == ("inbox", code)
    assert session.scalars(select(CheckSheet)).all() == []
    assert session.get_one(SyncRecord, item[0]).body == item[1]


def test_answers_a_newer_form_has_besides_are_kept(session, day):
    task, actor, tablet = day
    answers = normal_answers(REACH) | {"drone_height_m": 12.5, "asked_twice": None}
    send(session, filled(tablet, task.stops[0], answers), actor)
    assert session.scalars(select(CheckSheet.answers)).one() == answers


def test_the_next_visit_begins_with_what_hardly_changes_and_no_problem_is_carried(session, day):
    task, actor, tablet = day
    stop = task.stops[2]
    answers = normal_answers(OUTLET) | {"remediation_status": "kept", "traced_source_id": 7}
    send(session, filled(tablet, stop, answers | {"foam": True}, form=OUTLET), actor)
    known = checks_of_tasks(session, [task.id])
    assert known[str(stop.id)]["carried"] == {"remediation_status": "kept", "traced_source_id": 7}
    assert known[str(task.stops[0].id)] == {"class": None, "carried": {}, "sheet": None}


def test_the_history_of_an_object_shows_each_patrol(session, day):
    task, actor, tablet = day
    stop = task.stops[2]
    send(session, filled(tablet, stop, {"remark": "旧"}, form=OUTLET), actor)
    send(session, filled(tablet, stop, {"remark": "新"}, form=OUTLET), actor)
    [sheet] = history_of(session, ObjectKind.OUTLET, stop.object_id, scope=EVERYWHERE)
    assert sheet.answers == {"remark": "新"}
    assert history_of(session, ObjectKind.OUTLET, stop.object_id + 1, scope=EVERYWHERE) == []


def test_no_objects_have_no_classes(session):
    assert object_classes(session, []) == {}
    assert object_classes(session, [("matter", 1), ("outlet", 2**40)]) == {}


def test_what_was_done_on_the_spot_becomes_a_measure_of_the_finding(session, day):
    _, actor, tablet = day
    found = {
        "finding_type": "bank_waste",
        "severity": "normal",
        "description": "",
        "lon": 120.505,
        "lat": 30.5,
        "photos": [],
    }
    send(session, tablet.write("finding", **found, measure="当场制止、责令清理"), actor)
    finding = session.scalars(select(Finding)).one()
    measure = session.scalars(select(Measure)).one()
    assert (measure.finding_id, measure.kind) == (finding.id, "on_site_action")
    assert (measure.note, measure.issued_by) == ("当场制止、责令清理", actor.person_id)
    assert measure.issued_at == finding.found_at
    send(session, tablet.write("finding", **found), actor)
    assert len(session.scalars(select(Measure)).all()) == 1


def test_the_same_sheet_twice_is_one_sheet(session, day):
    task, actor, tablet = day
    item = filled(tablet, task.stops[0], {})
    assert [send(session, item, actor).state for _ in range(2)] == ["new", "seen"]
    other = (uuid4(), json.dumps(json.loads(item[1]) | {"seq": 99}).encode())
    assert send(session, other, actor).state == "new"
    assert len(session.scalars(select(CheckSheet)).all()) == 2
