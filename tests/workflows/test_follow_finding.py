"""Following findings: every row of the table, every guard, everything a step brings about."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from shapely.geometry import box
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.db import make_engine
from inspect_app.domain.access import ROLES, Actor, Role
from inspect_app.domain.calendar import end_of_day, local_day
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import (
    FINDING_TRANSITIONS,
    FindingState,
    Guard,
    Transition,
    transition,
)
from inspect_app.models import (
    AuditEntry,
    Event,
    Finding,
    FindingPhoto,
    Grid,
    GridOwner,
    Measure,
    Policy,
)
from inspect_app.queries.findings import photos_on_record, version_of
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.follow_finding import EFFECTS, FollowForm, follow
from inspect_app.workflows.follow_many import Chosen, follow_many
from tests.conftest import NOW, settings_for
from tests.factories import (
    actor_with,
    add,
    make_finding,
    make_grid,
    make_owner,
    make_person,
    make_photo,
    make_policies,
)

STEPS = [row for row in FINDING_TRANSITIONS if row.source is not None]
DUE = end_of_day(local_day(NOW + timedelta(days=7)))


@dataclass
class County:
    """A county with one township, its owners, a handler and two officers."""

    session: Session
    county: Grid
    town: Grid
    upper_owner: GridOwner
    handler: Actor
    officers: tuple[int, int]

    def photo(self) -> str:
        return make_photo(self.session, at=NOW)

    def finding(self, state: str, **values) -> Finding:
        values = {"grid_id": self.town.id, "handler_person_id": self.handler.person_id} | values
        finding = make_finding(self.session, at=NOW, state=state, **values)
        self.attach(finding, "before")
        return finding

    def attach(self, finding: Finding, stage: str) -> str:
        sha256 = self.photo()
        add(self.session, FindingPhoto(finding_id=finding.id, photo_sha256=sha256, stage=stage))
        return sha256

    def form(self, finding: Finding, **values) -> FollowForm:
        """Return a form that satisfies every guard a form can satisfy."""
        full = FollowForm(
            state=finding.state,
            version=version_of(self.session, finding.id),
            reason="现场核对属实",
            handler_person_id=self.handler.person_id,
            due_at=DUE,
            department="水利局",
            case_no="立〔2026〕3号",
            officers=self.officers,
            photos=(self.photo(),),
        )
        return replace(full, **values)

    def follow(self, finding: Finding, event: str, actor: Actor, **values) -> Event:
        form = self.form(finding, **values)
        return follow(self.session, finding, event, form=form, actor=actor, now=NOW)

    def refusal(self, finding: Finding, event: str, actor: Actor, **values) -> Problem:
        before = (finding.state, finding.due_at, finding.grid_id, written(self.session))
        with pytest.raises(Problem) as caught:
            self.follow(finding, event, actor, **values)
        assert before == (finding.state, finding.due_at, finding.grid_id, written(self.session))
        return caught.value


def written(session: Session) -> list[int]:
    tables = (Event, AuditEntry, Measure, FindingPhoto)
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]


@pytest.fixture
def county(session: Session) -> County:
    make_policies(session)
    top = make_grid(session)
    town = make_grid(session, parent=top, shape=box(120, 30, 120.8, 31))
    make_owner(session, town)
    officers = tuple(make_person(session, certificate_no=f"CN{n}").id for n in (1, 2))
    return County(
        session,
        top,
        town,
        make_owner(session, top),
        actor_with(session, Role.STATION, grid=town),
        officers,
    )


def who_may(session: Session, row: Transition) -> Actor:
    """Return a person who may take the step, in the least mighty role; deputies decide."""
    roles = [role for role in Role if row.permission in ROLES[role]]
    return actor_with(session, roles[-1] if Guard.DEPUTY_IF_MAJOR in row.guards else roles[0])


@pytest.mark.parametrize("row", STEPS, ids=lambda row: f"{row.source}-{row.event}")
def test_every_row_of_the_table_can_be_walked_by_somebody(county: County, row: Transition):
    finding = county.finding(row.source.value, severity="urgent")
    event = county.follow(finding, row.event, who_may(county.session, row))
    assert finding.state == row.target
    assert (event.from_state, event.to_state) == (row.source, row.target)
    audit = county.session.scalars(select(AuditEntry)).one()
    assert (audit.action, audit.subject_id) == (f"finding.{row.event}", str(finding.id))


def test_every_step_that_is_not_in_the_table_is_refused(county: County):
    mighty = actor_with(county.session, *Role)
    events = {row.event for row in FINDING_TRANSITIONS}
    pairs = 0
    for state in FindingState:
        finding = county.finding(state.value)
        for event in sorted(events):
            if transition("finding", event, state) is None:
                pairs += 1
                form = FollowForm(state=state.value, version=0)
                with pytest.raises(Problem) as caught:
                    follow(county.session, finding, event, form=form, actor=mighty, now=NOW)
                assert caught.value.code == "wrong_step", (state, event)
    assert pairs == len(FindingState) * len(events) - len(STEPS)
    assert county.session.scalar(select(func.count()).select_from(Event)) == 0


def test_an_event_no_table_has_is_refused(county: County):
    finding = county.finding("verified")
    problem = county.refusal(finding, "celebrate", actor_with(county.session, *Role))
    assert problem.code == "unknown_event"


@pytest.mark.parametrize("row", STEPS, ids=lambda row: f"{row.source}-{row.event}")
def test_who_lacks_the_permission_is_refused(county: County, row: Transition):
    others = [role for role in Role if row.permission not in ROLES[role]]
    finding = county.finding(row.source.value)
    problem = county.refusal(finding, row.event, actor_with(county.session, *others))
    assert problem.code == "not_permitted"


LACKING = {
    Guard.REASON: {"reason": " "},
    Guard.HANDLER: {"handler_person_id": None},
    Guard.CURE_PHOTO: {"photos": ()},
    Guard.DEPARTMENT: {"department": " "},
    Guard.CASE_NO: {"case_no": ""},
    Guard.DUE: {"due_at": None},
}
GUARDED = [(row, guard) for row in STEPS for guard in sorted(row.guards) if guard in LACKING]


@pytest.mark.parametrize(
    ("row", "guard"), GUARDED, ids=lambda value: getattr(value, "event", value)
)
def test_a_form_that_lacks_what_a_guard_asks_for_is_refused(
    county: County, row: Transition, guard: Guard
):
    for policy in county.session.scalars(select(Policy).where(Policy.key.like("rectify_days%"))):
        county.session.delete(policy)
    county.session.flush()
    finding = county.finding(row.source.value)
    problem = county.refusal(finding, row.event, who_may(county.session, row), **LACKING[guard])
    assert (problem.code, problem.facts["guard"]) == ("guard_failed", guard.label)


def test_one_officer_or_the_same_twice_is_not_enough(county: County):
    finding = county.finding("transferred_enforcement")
    inspector = actor_with(county.session, Role.INSPECTOR)
    one = county.officers[0]
    for officers in ((), (one,), (one, one)):
        problem = county.refusal(finding, "file_case", inspector, officers=officers)
        assert problem.facts["guard"] == Guard.TWO_OFFICERS.label


def test_an_officer_needs_a_certificate(county: County):
    finding = county.finding("transferred_enforcement")
    plain = make_person(county.session).id
    inspector = actor_with(county.session, Role.INSPECTOR)
    problem = county.refusal(finding, "file_case", inspector, officers=(county.officers[0], plain))
    assert problem.code == "person_unsuitable"


def test_neither_the_handler_nor_who_handed_the_work_in_may_recheck_it(county: County):
    finding = county.finding("assigned")
    submitter = actor_with(county.session, Role.INSPECTOR)
    county.follow(finding, "submit_rectification", submitter)
    for person in (county.handler, submitter):
        for event in ("recheck_pass", "recheck_fail"):
            problem = county.refusal(finding, event, person)
            assert problem.facts["guard"] == Guard.NOT_HANDLER.label
    county.follow(finding, "recheck_pass", actor_with(county.session, Role.STATION))


def test_after_two_failed_rounds_only_enforcement_is_left(county: County):
    finding = county.finding("assigned")
    inspector = actor_with(county.session, Role.INSPECTOR)
    deputy = actor_with(county.session, Role.DEPUTY)
    county.follow(finding, "order_rectification", inspector)
    county.follow(finding, "recheck_fail", inspector)
    county.follow(finding, "order_again", deputy)
    county.follow(finding, "recheck_fail", inspector)
    assert finding.orders == 2
    problem = county.refusal(finding, "order_again", deputy)
    assert problem.facts["guard"] == Guard.ROUND_LEFT.label
    county.follow(finding, "hand_to_enforcement", deputy)
    assert finding.state == "transferred_enforcement"


@pytest.mark.parametrize("severity", ["important", "urgent"])
def test_a_major_finding_is_struck_off_by_a_deputy_only(county: County, severity):
    finding = county.finding("rechecked_ok", severity=severity)
    problem = county.refusal(finding, "close", actor_with(county.session, Role.CHIEF))
    assert problem.facts["guard"] == Guard.DEPUTY_IF_MAJOR.label
    county.follow(finding, "close", actor_with(county.session, Role.DEPUTY))


def test_striking_off_asks_for_photos_of_before_and_after_on_record(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("rechecked_ok")
    problem = county.refusal(finding, "close", chief, photos=())
    assert problem.facts["guard"] == Guard.EVIDENCE.label
    county.attach(finding, "after")
    county.follow(finding, "close", chief, photos=())
    assert finding.closed_at == NOW


def test_a_cure_needs_the_place_before_and_verification_needs_a_photo(county: County):
    finding = make_finding(county.session, at=NOW, grid_id=county.town.id)
    worker = actor_with(county.session, Role.WORKER)
    assert county.refusal(finding, "resolve_on_site", worker).facts["guard"] == (
        Guard.PLACE_PHOTO.label
    )
    chief = actor_with(county.session, Role.CHIEF)
    problem = county.refusal(finding, "verify", chief, photos=())
    assert problem.facts["guard"] == Guard.PLACE_PHOTO.label
    county.follow(finding, "verify", chief)
    assert len(photos_on_record(county.session, finding.id)["before"]) == 1


def test_photos_of_the_last_round_prove_nothing_after_a_relapse(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("closed", closed_at=NOW, due_at=NOW, orders=1)
    county.attach(finding, "after")
    county.follow(finding, "reopen", chief, photos=())
    assert (finding.closed_at, finding.due_at, finding.handler_person_id) == (None, None, None)
    assert finding.orders == 0
    assert photos_on_record(county.session, finding.id)["after"] == set()
    finding.state = "rechecked_ok"
    assert county.refusal(finding, "close", chief, photos=()).facts["guard"] == (
        Guard.EVIDENCE.label
    )
    county.follow(finding, "close", chief)


def test_assigning_sets_handler_and_deadline_from_the_form_or_the_rule(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("verified", handler_person_id=None)
    county.follow(finding, "assign", chief)
    assert (finding.handler_person_id, finding.due_at) == (county.handler.person_id, DUE)
    urgent = county.finding("verified", severity="urgent")
    county.follow(urgent, "assign", chief, due_at=None)
    assert urgent.due_at == end_of_day(local_day(NOW) + timedelta(days=2))


def test_a_handler_must_have_to_do_with_the_grid(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    elsewhere = make_grid(county.session, parent=county.county, shape=box(120.8, 30, 121, 31))
    stranger = actor_with(county.session, Role.STATION, grid=elsewhere)
    finding = county.finding("verified")
    problem = county.refusal(finding, "assign", chief, handler_person_id=stranger.person_id)
    assert problem.code == "person_unsuitable"
    director = actor_with(county.session, Role.DIRECTOR)
    county.refusal(finding, "assign", chief, handler_person_id=director.person_id)


def test_an_order_adds_a_measure_and_counts(county: County):
    inspector = actor_with(county.session, Role.INSPECTOR)
    finding = county.finding("assigned", severity="important")
    county.follow(
        finding, "order_rectification", inspector, due_at=None, document_no="限改〔2026〕9号"
    )
    measure = county.session.scalars(select(Measure)).one()
    week = end_of_day(local_day(NOW) + timedelta(days=7))
    assert (finding.orders, finding.due_at) == (1, week)
    assert (measure.kind, measure.document_no, measure.due_at, measure.issued_by) == (
        "rectification_notice",
        "限改〔2026〕9号",
        week,
        inspector.person_id,
    )


def test_escalating_moves_the_finding_to_the_grid_above_and_its_owner(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("verified")
    event = county.follow(finding, "escalate", chief)
    assert finding.grid_id == county.county.id
    assert finding.owner_person_id == county.upper_owner.person_id
    assert event.facts["lower_grid_id"] == county.town.id
    problem = county.refusal(finding, "escalate", chief)
    assert problem.facts["guard"] == Guard.UPPER_GRID.label


def test_a_finding_without_grid_cannot_be_escalated(county: County):
    finding = county.finding("verified", grid_id=None)
    problem = county.refusal(finding, "escalate", actor_with(county.session, Role.CHIEF))
    assert problem.facts["guard"] == Guard.UPPER_GRID.label


@pytest.mark.parametrize(
    "wrong",
    [
        {"due_at": NOW},
        {"due_at": NOW - timedelta(days=1)},
        {"measure_kind": "flogging"},
    ],
)
def test_a_wrong_field_is_refused(county: County, wrong):
    finding = county.finding("assigned")
    inspector = actor_with(county.session, Role.INSPECTOR)
    problem = county.refusal(finding, "order_rectification", inspector, **wrong)
    assert problem.code == "field_invalid"


def test_a_photo_that_was_not_received_is_refused(county: County):
    finding = county.finding("assigned")
    unknown = "0" * 63 + "f"
    problem = county.refusal(finding, "submit_rectification", county.handler, photos=(unknown,))
    assert (problem.code, problem.facts["sha256"]) == ("photo_missing", unknown)


def test_what_a_step_does_not_ask_for_changes_and_records_nothing(county: County):
    finding = county.finding("verified", handler_person_id=None)
    event = county.follow(finding, "dismiss", actor_with(county.session, Role.CHIEF))
    assert (finding.handler_person_id, finding.due_at, event.facts) == (None, None, {})


def test_the_photo_of_before_is_no_photo_of_after(county: County):
    finding = county.finding("assigned")
    before = county.attach(finding, "before")
    problem = county.refusal(finding, "submit_rectification", county.handler, photos=(before,))
    assert problem.code == "photo_reused"


def test_the_second_of_two_who_saw_the_same_page_is_told_who_was_first(county: County):
    first, second = (actor_with(county.session, Role.CHIEF) for _ in range(2))
    finding = county.finding("verified")
    shown = county.form(finding)
    follow(county.session, finding, "dismiss", form=shown, actor=first, now=NOW)
    with pytest.raises(Problem) as caught:
        follow(county.session, finding, "assign", form=shown, actor=second, now=NOW)
    assert caught.value.code == "page_stale"
    assert first.name in str(caught.value)
    assert "不成立" in str(caught.value)


def test_a_step_that_keeps_the_state_still_makes_older_pages_stale(county: County):
    chief = actor_with(county.session, Role.CHIEF)
    finding = county.finding("assigned")
    shown = county.form(finding)
    follow(county.session, finding, "extend", form=shown, actor=chief, now=NOW)
    assert finding.state == "assigned"
    with pytest.raises(Problem) as caught:
        follow(county.session, finding, "reassign", form=shown, actor=chief, now=NOW)
    assert caught.value.code == "page_stale"


def test_many_findings_take_a_step_together_and_each_refusal_is_named(county: County):
    chief = actor_with(county.session, Role.CHIEF, grid=county.town)
    owner = county.session.scalars(
        select(GridOwner).where(GridOwner.grid_id == county.town.id)
    ).one()
    good = [county.finding("verified", owner_person_id=owner.person_id) for _ in range(3)]
    wrong = county.finding("reported")
    hidden = county.finding("verified", grid_id=county.county.id)
    chosen = [Chosen(finding.uid, finding.state, 0) for finding in (*good, wrong, hidden)]
    form = FollowForm(state="", version=0, reason="按职责分办")
    outcome = follow_many(county.session, chosen, "assign", form=form, actor=chief, now=NOW)
    assert outcome.done == 3
    assert {finding.state for finding in good} == {"assigned"}
    assert {finding.handler_person_id for finding in good} == {owner.person_id}
    assert (wrong.state, hidden.state) == ("reported", "verified")
    assert {problem.code for _, problem in outcome.refused} == {"wrong_step", "not_found"}
    for finding in good:
        assert "承办人" not in finding.description


@pytest.mark.parametrize(
    ("event", "chosen", "code"),
    [("reopen", [1], "unknown_event"), ("verify", [], "nothing_chosen")],
)
def test_many_findings_take_only_steps_meant_for_many(county: County, event, chosen, code):
    with pytest.raises(Problem) as caught:
        follow_many(
            county.session,
            chosen,
            event,
            form=FollowForm("", 0),
            actor=actor_with(county.session, *Role),
            now=NOW,
        )
    assert caught.value.code == code


def test_every_effect_belongs_to_an_event_of_the_table():
    assert set(EFFECTS) <= {row.event for row in FINDING_TRANSITIONS}


def test_a_birth_is_recorded_like_every_step(county: County):
    finding = county.finding("reported")
    birth = transition("finding", "report", None)
    event = record(county.session, finding, birth, step=Step(), actor=county.handler, now=NOW)
    assert (event.from_state, event.to_state) == (None, "reported")


def test_two_who_press_at_the_same_moment_take_one_step_between_them(
    migrated, make_database, server
):
    engine = make_engine(settings_for(server(make_database(template=migrated)), Path("unused")))
    with Session(engine, expire_on_commit=False) as session, session.begin():
        chiefs = [actor_with(session, Role.CHIEF) for _ in range(2)]
        finding_id = make_finding(session, at=NOW, state="verified").id
    first, second = Session(engine), Session(engine)
    form = FollowForm(state="verified", version=0, reason="重复登记")
    follow(first, first.get(Finding, finding_id), "dismiss", form=form, actor=chiefs[0], now=NOW)
    waiting = second.get(Finding, finding_id)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(
            follow, second, waiting, "mark_duplicate", form=form, actor=chiefs[1], now=NOW
        )
        with pytest.raises(TimeoutError):
            late.result(timeout=0.3)  # it waits for the first one's lock
        first.commit()
        with pytest.raises(Problem) as caught:
            late.result(timeout=10)
    assert caught.value.code == "page_stale"
    first.close()
    second.close()
    engine.dispose()
