"""Moving a complaint: exact in counts, reversible, refused where it would lose something."""

import pytest
from shapely.geometry import box
from sqlalchemy import func, select

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.domain.codes import Severity
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Complaint, ComplaintMatter, Event
from inspect_app.workflows.move_complaint import move_complaint, undo_move
from tests.conftest import NOW
from tests.factories import actor_with, make_complaint, make_grid, make_matter, make_policies
from tests.workflows.test_register_complaint import draft, register


@pytest.fixture
def county(session):
    make_policies(session)
    return make_grid(session)


def move(session, complaint, into=None, **values):
    told = {"reason": "不是同一件事", "actor": SYSTEM, "now": NOW} | values
    return move_complaint(session, complaint.id, None if into is None else into.id, **told)


def picture(session) -> dict[int, tuple[object, ...]]:
    """What every matter is: its fields and its complaints."""
    session.expire_all()
    found = {}
    for one in session.scalars(select(ComplaintMatter)):
        mine = select(Complaint.id).where(Complaint.matter_id == one.id).order_by(Complaint.id)
        told = (one.matter_no, one.severity, one.is_on_site_promised, one.state, one.title)
        found[one.id] = (*told, *session.scalars(mine))
    return found


def code_of(session, *args, **values) -> str:
    with pytest.raises(Problem) as refused:
        move(session, *args, **values)
    return refused.value.code


def test_an_accidental_join_is_taken_out_and_back_exactly(session, county):
    matter = make_matter(session, at=NOW, complaints=2, grid_id=county.id)
    told = draft(matter_id=matter.id, severity=Severity.URGENT, on_site_promised=True)
    joined = register(session, told)
    before = picture(session)
    moved = move(session, joined)
    own = session.get_one(ComplaintMatter, joined.matter_id)
    assert own.id != matter.id
    assert (own.title, own.severity, own.grid_id) == (joined.summary, "urgent", county.id)
    assert (matter.severity, matter.is_on_site_promised) == ("normal", False)
    assert session.scalar(select(func.count()).where(Complaint.matter_id == matter.id)) == 2
    undo_move(session, moved.id, actor=SYSTEM, now=NOW)
    assert picture(session) == before
    births = select(func.count()).where(Event.event == "register", Event.subject_id == own.id)
    assert session.scalar(births) == 0
    acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts == ["complaint.join", "matter.register", "complaint.move", "complaint.move_undo"]


def test_what_another_complaint_also_raised_stays_raised(session, county):
    matter = make_matter(session, at=NOW, grid_id=county.id)
    first = register(session, draft(matter_id=matter.id, severity=Severity.URGENT))
    make_complaint(session, matter, at=NOW, severity="important")
    move(session, first)
    assert matter.severity == "important"


def test_a_complaint_goes_to_another_known_matter_and_back(session, county):
    one = make_matter(session, at=NOW, complaints=2, grid_id=county.id)
    other = make_matter(session, at=NOW, complaints=1, grid_id=county.id)
    before = picture(session)
    moved = move(session, one.complaints[0], other)
    sizes = [
        session.scalar(select(func.count()).where(Complaint.matter_id == matter.id))
        for matter in (one, other)
    ]
    assert sizes == [1, 2]
    undo_move(session, moved.id, actor=SYSTEM, now=NOW)
    assert picture(session) == before


def test_what_cannot_move_is_refused(session, county):
    alone = make_matter(session, at=NOW, grid_id=county.id)
    pair = make_matter(session, at=NOW, complaints=2, grid_id=county.id)
    assert code_of(session, alone.complaints[0]) == "only_complaint"
    assert code_of(session, pair.complaints[0], pair) == "same_matter"
    assert code_of(session, pair.complaints[0], reason=" ") == "reason_missing"
    inspector = actor_with(session, Role.INSPECTOR)
    assert code_of(session, pair.complaints[0], actor=inspector) == "not_permitted"
    town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    chief = actor_with(session, Role.CHIEF, grid=town)
    assert code_of(session, pair.complaints[0], actor=chief) == "not_found"


def test_an_undo_that_would_lose_work_is_refused(session, county):
    matter = make_matter(session, at=NOW, complaints=3, grid_id=county.id)
    first, second, _ = matter.complaints
    moved = move(session, first)
    own = session.get_one(ComplaintMatter, first.matter_id)
    move(session, second, own)
    with pytest.raises(Problem) as refused:
        undo_move(session, moved.id, actor=SYSTEM, now=NOW)
    assert refused.value.code == "move_stale"


def test_an_undo_happens_once(session, county):
    matter = make_matter(session, at=NOW, complaints=2, grid_id=county.id)
    moved = move(session, matter.complaints[0])
    undo_move(session, moved.id, actor=SYSTEM, now=NOW)
    with pytest.raises(Problem) as refused:
        undo_move(session, moved.id, actor=SYSTEM, now=NOW)
    assert refused.value.code == "move_undone"
