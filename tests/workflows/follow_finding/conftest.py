"""A county in which every step of a finding can be taken, and forms that satisfy every guard."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import ROLES, Actor, Role
from inspect_app.domain.calendar import end_of_day, local_day
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import (
    FINDING_TRANSITIONS,
    Guard,
    Transition,
)
from inspect_app.models import (
    AuditEntry,
    Event,
    Finding,
    FindingPhoto,
    Grid,
    GridOwner,
    Measure,
)
from inspect_app.queries.findings import version_of
from inspect_app.workflows.follow_finding import FollowForm, follow
from tests.conftest import NOW
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
