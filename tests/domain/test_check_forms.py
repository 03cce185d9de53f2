"""Check forms: every field that is filled on site is there, and answers are read as they are."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.domain.check_forms import (
    FORMS,
    Carry,
    FaultKind,
    Field,
    Form,
    Kind,
    abnormal,
    applies,
    check,
    current,
    form_json,
    normal_answers,
)
from inspect_app.domain.codes import ObjectKind, OutletClass, SourceKind, WaterSourceType

# What an inspector fills in on site, as the registers name it. Not here: what comes by itself
# (number, kind, times, crew, track, weather of the patrol, photos, findings) and what the registers
# of objects hold (names, codes, place, responsible body, receiving water, permit class).
FILLED_ON_SITE = {
    "river_patrol_log": """
        floating_debris water_colour water_odour bank_debris new_outlet_found dry_weather_flow
        dry_days encroachment livestock signboard_ok previous_findings_fixed on_site_action
        handling_opinion remark""",
    "outlet_inspection": """
        signboard_ok sampling_point_ok manhole_ok is_discharging dry_days dry_weather_overflow
        flow_estimate colour odour foam oil_film ph cod nh3n tp conductivity sample_no trace_note
        traced_source_id remediation_status remark""",
    "water_source_patrol_log": """
        patrol_scope fence_ok boundary_mark_ok traffic_sign_ok publicity_sign_ok outlet_present
        unrelated_project polluting_project aquaculture livestock tourism swimming fishing
        hazmat_transport wharf waste_dump farming water_abnormal intake_ok camera_ok
        on_site_action remark""",
    "source_inspection": """
        inspection_kind site_contact site_phone permit_valid_to eia_no acceptance_no
        production_state treatment_running online_monitoring outlets_checked ledger_ok
        hazwaste_storage situation requirements respondent_comment respondent_sign refusal_note
        sample_no""",
}
EVERY_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.key)
CLASSES = {
    ObjectKind.OUTLET: tuple(OutletClass),
    ObjectKind.SOURCE: tuple(SourceKind),
    ObjectKind.WATER_SOURCE: tuple(WaterSourceType),
    ObjectKind.SEGMENT: ("river", "canal"),
}
OUTLET = FORMS["outlet_inspection", 1]
REACH = FORMS["river_patrol_log", 1]


def field_of(form: Form, key: str) -> Field:
    field = form.field(key)
    assert field is not None
    return field


@pytest.mark.parametrize("key", FILLED_ON_SITE)
def test_the_first_version_asks_for_what_the_registers_want_filled_on_site(key):
    assert {field.key for field in FORMS[key, 1].fields} == set(FILLED_ON_SITE[key].split())


def test_every_kind_that_is_patrolled_has_a_form_and_a_complaint_has_none():
    assert {kind for kind in ObjectKind if current(kind)} == set(ObjectKind) - {ObjectKind.MATTER}


@EVERY_FORM
def test_a_form_is_found_by_its_name_and_version_and_names_each_field_once(form: Form):
    assert FORMS[form.key, form.version] is form
    keys = [field.key for field in form.fields]
    assert len(keys) == len(set(keys))


@EVERY_FORM
def test_fields_are_whole(form: Form):
    for field in form.fields:
        chosen = field.kind in (Kind.YES_NO, Kind.CHOICE)
        assert bool(field.options) == chosen, field.key
        values = [option.value for option in field.options]
        assert len(values) == len(set(values)), field.key
        assert field.normal is None or field.normal in values, field.key
        assert field.normal not in field.faults, field.key
        assert (field.finding is not None) == bool(field.faults), field.key
        assert (field.of_kind is not None) == (field.kind is Kind.OBJECT), field.key
        assert set(field.classes) <= set(CLASSES[form.object_kind]), field.key
        if field.kind is Kind.YES_NO:
            assert set(values) == {True, False}, field.key
        if field.kind is Kind.NUMBER:
            assert field.low < field.high, field.key
        if field.after is not None:
            assert field_of(form, field.after[0]).options, field.key


@EVERY_FORM
def test_nothing_found_is_a_valid_sheet_without_a_problem_for_every_class(form: Form):
    for object_class in (None, *CLASSES[form.object_kind]):
        answers = normal_answers(form, object_class)
        assert answers
        assert check(answers, form, object_class) == ()
        assert abnormal(answers, form) == ()


@EVERY_FORM
def test_an_empty_sheet_lacks_exactly_what_nothing_found_would_set(form: Form):
    lacking = {fault.field.key for fault in check({}, form)}
    assert lacking == set(normal_answers(form))
    assert {fault.kind for fault in check({}, form)} == {FaultKind.MISSING}


@EVERY_FORM
def test_every_fault_answer_proposes_the_type_of_its_finding(form: Form):
    for field in form.fields:
        for fault in field.faults:
            answers = normal_answers(form) | {field.key: fault}
            assert abnormal(answers, form) == (field,)
            assert check(answers, form) == ()


@EVERY_FORM
def test_a_form_goes_to_the_tablet_as_json_with_its_labels_translated(form: Form):
    sent = json.loads(json.dumps(form_json(form, lambda text: f"<{text}>")))
    assert (sent["key"], sent["version"]) == (form.key, form.version)
    assert sent["title"] == f"<{form.title}>"
    assert [field["key"] for field in sent["fields"]] == [field.key for field in form.fields]
    assert all(field["label"].startswith("<") for field in sent["fields"])


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"ph": 7.2}, None),
        ({"ph": 0}, None),
        ({"ph": 14}, None),
        ({"ph": 15}, FaultKind.OUT_OF_RANGE),
        ({"ph": -0.1}, FaultKind.OUT_OF_RANGE),
        ({"ph": float("nan")}, FaultKind.WRONG_KIND),
        ({"ph": "7"}, FaultKind.WRONG_KIND),
        ({"ph": True}, FaultKind.WRONG_KIND),
        ({"colour": "black"}, None),
        ({"colour": "violet"}, FaultKind.NOT_AN_OPTION),
        ({"colour": 3}, FaultKind.WRONG_KIND),
        ({"foam": True}, None),
        ({"foam": 1}, FaultKind.WRONG_KIND),
        ({"foam": None}, FaultKind.WRONG_KIND),
        ({"trace_note": "上游小作坊"}, None),
        ({"trace_note": "长" * 2001}, FaultKind.OUT_OF_RANGE),
        ({"traced_source_id": 12}, None),
        ({"traced_source_id": 0}, FaultKind.WRONG_KIND),
        ({"a_question_of_version_2": {"x": 1}}, None),
    ],
)
def test_an_answer_is_judged_by_its_field(answers, expected):
    faults = check(normal_answers(OUTLET) | answers, OUTLET)
    assert [fault.kind for fault in faults] == ([] if expected is None else [expected])


@pytest.mark.parametrize(("day", "right"), [(date(2027, 3, 1).isoformat(), True), ("明年", False)])
def test_a_day_is_a_calendar_day(day, right):
    form = FORMS["source_inspection", 1]
    faults = check(normal_answers(form) | {"permit_valid_to": day}, form)
    assert (faults == ()) is right


def test_what_is_measured_is_asked_only_of_an_outlet_that_discharges():
    ph = field_of(OUTLET, "ph")
    assert applies(ph, {"is_discharging": True})
    assert not applies(ph, {"is_discharging": False})
    assert not applies(ph, {"is_discharging": 1})
    assert not applies(ph, {})


def test_a_scattered_outlet_has_no_well_and_a_well_has_no_swimmers():
    manhole = field_of(OUTLET, "manhole_ok")
    assert applies(manhole, {}, "1.1")
    assert not applies(manhole, {}, "4.8")
    swimming = field_of(FORMS["water_source_patrol_log", 1], "swimming")
    assert applies(swimming, {}, "lake")
    assert not applies(swimming, {}, "groundwater")
    assert applies(swimming, {}, None)


def test_what_hardly_changes_is_carried_over_and_what_is_looked_at_is_not():
    carried = {field.key for field in OUTLET.fields if field.carry is Carry.OBJECT}
    assert carried == {"traced_source_id", "remediation_status"}
    assert field_of(REACH, "dry_days").carry is Carry.PATROL
    for form in FORMS.values():
        assert all(field.carry is Carry.NOTHING for field in form.fields if field.normal is True)


any_answer = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(st.dictionaries(st.sampled_from([f.key for f in OUTLET.fields]) | st.text(), any_answer))
def test_no_answers_whatever_break_the_check(answers):
    known = {field.key for field in OUTLET.fields}
    faults = check(answers, OUTLET, "1.1")
    assert {fault.field.key for fault in faults} <= known
    assert {field.key for field in abnormal(answers, OUTLET)} <= set(answers)
