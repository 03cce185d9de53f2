"""A county in which every step of a matter can be taken, and forms that satisfy every guard."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import ROLES, Actor, Role
from inspect_app.domain.calendar import end_of_day, local_day
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import Guard, Transition
from inspect_app.models import (
    AuditEntry,
    ComplaintMatter,
    Event,
    Grid,
    MatterContact,
    MatterPhoto,
    Measure,
    Policy,
)
from inspect_app.queries.matter_record import matter_version
from inspect_app.workflows.handle_matter import MatterForm, handle
from tests.conftest import NOW
from tests.factories import (
    actor_with,
    add,
    make_finding,
    make_grid,
    make_matter,
    make_owner,
    make_photo,
    make_policies,
)

DUE = end_of_day(local_day(NOW + timedelta(days=7)))
UNTOUCHED = (
    "state",
    "handler_person_id",
    "closed_at",
    "legal_route",
    "severity",
    "reopen_count",
    "is_supervised",
    "reply_text",
)


@dataclass
class Bureau:
    """A county with one township and somebody who handles its matters."""

    session: Session
    county: Grid
    town: Grid
    handler: Actor

    def matter(self, state: str, **values) -> ComplaintMatter:
        values = {
            "grid_id": self.town.id,
            "handler_person_id": self.handler.person_id,
            "reply_text": "已责令停产",
        } | values
        return make_matter(self.session, at=NOW, state=state, **values)

    def photo(self) -> str:
        return make_photo(self.session, at=NOW)

    def note(self, matter: ComplaintMatter, event: str, *, at: datetime = NOW, **values) -> Event:
        """Write an event as if the step had been taken."""
        shared = {"from_state": matter.state, "to_state": matter.state}
        row = Event(
            subject_kind="matter",
            subject_id=matter.id,
            event=event,
            at=at,
            **(shared | values),
        )
        return add(self.session, row)

    def form(self, matter: ComplaintMatter, **values) -> MatterForm:
        """Return a form that satisfies every guard a form can satisfy."""
        full = MatterForm(
            state=matter.state,
            version=matter_version(self.session, matter.id),
            reason="现场核对属实",
            handler_person_id=self.handler.person_id,
            department="水利局",
            document_no="环函〔2026〕5号",
            due_at=DUE,
            photos=(self.photo(),),
            lon=120.5001,
            lat=30.5001,
            verification_result="partly",
            refusal_reason="not_ours",
            legal_route="petition",
            severity="important",
            days=20,
            measure_kind="oral_order",
            means="phone",
            told="已当面告知",
            satisfaction="fairly",
            handling_result="夜间停产,更换滤袋",
            reply_text="已责令停产整改",
            opinion_kind="support",
        )
        return replace(full, **values)

    def handle(
        self, matter: ComplaintMatter, event: str, actor: Actor, *, now=NOW, **values
    ) -> Event:
        form = self.form(matter, **values)
        return handle(self.session, matter, event, form=form, actor=actor, now=now)

    def refusal(self, matter: ComplaintMatter, event: str, actor: Actor, **values) -> Problem:
        before = self.kept(matter)
        with pytest.raises(Problem) as caught:
            self.handle(matter, event, actor, **values)
        assert self.kept(matter) == before
        return caught.value

    def kept(self, matter: ComplaintMatter) -> list[object]:
        tables = (Event, AuditEntry, Measure, MatterPhoto, MatterContact)
        counts = [self.session.scalar(select(func.count()).select_from(table)) for table in tables]
        return [getattr(matter, name) for name in UNTOUCHED] + counts

    def ready(self, row: Transition, **values) -> tuple[ComplaintMatter, Actor]:
        """Return a matter on which nothing stands against the step, and who may take it."""
        matter = self.matter(row.source.value, **values)
        if Guard.EXTENSION_ASKED in row.guards:
            self.note(matter, "request_extension", facts={"days": 20})
        if Guard.FINDINGS_OPEN in row.guards:
            make_finding(self.session, at=NOW, matter_id=matter.id)
        return matter, self.who_may(row)

    def who_may(self, row: Transition) -> Actor:
        """Return a person who may take the step, the handler where nobody else can."""
        if Guard.MATTER_HANDLER in row.guards:
            return self.handler
        roles = [role for role in Role if row.permission in ROLES[role]]
        mighty = {Guard.DEPUTY_ACCEPTS, Guard.DIRECTOR_IF_MAJOR}
        return actor_with(self.session, roles[-1] if mighty & row.guards else roles[0])


@pytest.fixture
def bureau(session: Session) -> Bureau:
    make_policies(session)
    county = make_grid(session)
    town = make_grid(session, parent=county, shape=box(120, 30, 120.8, 31))
    make_owner(session, town)
    return Bureau(session, county, town, actor_with(session, Role.STATION, grid=town))


@pytest.fixture
def set_rule(session: Session):
    """Give another value to a rule, valid at all times of the tests."""

    def change(key: str, value: float) -> None:
        row = session.scalars(select(Policy).where(Policy.key == key)).one()
        row.value = {"value": value}
        session.flush()

    return change
