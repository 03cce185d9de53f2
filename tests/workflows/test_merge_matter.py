"""Merging matters: complaints move and go back, counts are of complaints, nothing is lost."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import MATTER_FINISHED
from inspect_app.models import Complaint, ComplaintMatter, Event, MatterMerge
from inspect_app.workflows.merge_matter import merge_matter, unmerge_matter
from tests.conftest import NOW
from tests.factories import actor_with, make_complaint, make_finding, make_matter


@pytest.fixture
def clerk(session: Session):
    return actor_with(session, Role.CLERK)


def merged(session, matter, into, clerk) -> MatterMerge:
    return merge_matter(session, matter, into, reason="同一企业同一问题", actor=clerk, now=NOW)


def rows(session: Session) -> dict[str, list[tuple]]:
    """Return all matters and complaints as they stand, column by column."""
    session.flush()
    session.expire_all()
    return {
        table.__tablename__: [
            tuple(row)
            for row in session.execute(select(*table.__table__.columns).order_by(table.id))
        ]
        for table in (ComplaintMatter, Complaint)
    }


def refusal(session, act) -> Problem:
    before = rows(session)
    with pytest.raises(Problem) as caught:
        act()
    assert rows(session) == before
    return caught.value


def test_complaints_move_and_the_matter_points_at_the_other(session, clerk):
    one = make_matter(session, at=NOW, complaints=2, state="assigned")
    two = make_matter(session, at=NOW, complaints=3)
    finding = make_finding(session, at=NOW, matter_id=one.id)
    merge = merged(session, one, two, clerk)
    assert (one.state, one.merged_into_id, merge.from_state) == ("merged", two.id, "assigned")
    assert len(two.complaints) == 5
    assert one.complaints == []
    assert finding.matter_id == one.id
    event = session.scalars(select(Event)).one()
    assert (event.event, event.from_state, event.facts["moved"]) == ("merge", "assigned", 2)


def test_what_came_to_the_other_since_stays_there(session, clerk):
    one = make_matter(session, at=NOW, complaints=2, state="investigating")
    two = make_matter(session, at=NOW, complaints=1)
    merge = merged(session, one, two, clerk)
    late = make_complaint(session, two, at=NOW)
    back = unmerge_matter(session, merge, actor=clerk, now=NOW)
    assert (back.state, back.merged_into_id) == ("investigating", None)
    assert len(back.complaints) == 2
    assert late.id in {complaint.id for complaint in two.complaints}
    assert (merge.undone_at, merge.undone_by) == (NOW, clerk.person_id)


def test_a_merge_that_a_later_one_builds_on_is_undone_after_it(session, clerk):
    one, two, three = (make_matter(session, at=NOW) for _ in range(3))
    first, second = merged(session, one, two, clerk), merged(session, two, three, clerk)
    problem = refusal(session, lambda: unmerge_matter(session, first, actor=clerk, now=NOW))
    assert problem.code == "merge_built_on"
    assert problem.facts["other"] == two.matter_no
    unmerge_matter(session, second, actor=clerk, now=NOW)
    unmerge_matter(session, first, actor=clerk, now=NOW)
    assert [len(matter.complaints) for matter in (one, two, three)] == [1, 1, 1]


def test_a_merge_is_undone_once(session, clerk):
    merge = merged(session, make_matter(session, at=NOW), make_matter(session, at=NOW), clerk)
    unmerge_matter(session, merge, actor=clerk, now=NOW)
    problem = refusal(session, lambda: unmerge_matter(session, merge, actor=clerk, now=NOW))
    assert problem.code == "merge_undone"


def test_a_matter_is_not_merged_into_itself(session, clerk):
    matter = make_matter(session, at=NOW)
    assert refusal(session, lambda: merged(session, matter, matter, clerk)).code == "merge_self"


@pytest.mark.parametrize("state", MATTER_FINISHED)
def test_nothing_is_merged_into_what_is_over(session, clerk, state):
    one, two = make_matter(session, at=NOW), make_matter(session, at=NOW, state=state.value)
    assert refusal(session, lambda: merged(session, one, two, clerk)).code == "merge_target"


@pytest.mark.parametrize("state", [MatterState.REPLIED, MatterState.CLOSED, MatterState.ARCHIVED])
def test_an_answered_matter_is_not_merged_away(session, clerk, state):
    one, two = make_matter(session, at=NOW, state=state.value), make_matter(session, at=NOW)
    assert refusal(session, lambda: merged(session, one, two, clerk)).code == "wrong_step"


def test_a_reason_and_the_permission_are_needed(session, clerk):
    one, two = make_matter(session, at=NOW), make_matter(session, at=NOW)
    blank = refusal(
        session, lambda: merge_matter(session, one, two, reason=" ", actor=clerk, now=NOW)
    )
    assert blank.code == "guard_failed"
    worker = actor_with(session, Role.WORKER)
    assert refusal(session, lambda: merged(session, one, two, worker)).code == "not_permitted"
    merge = merged(session, one, two, clerk)
    undo = refusal(session, lambda: unmerge_matter(session, merge, actor=worker, now=NOW))
    assert undo.code == "not_permitted"


STATES = st.sampled_from(["registered", "accepted", "assigned", "handling", "closed"])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    states=st.lists(STATES, min_size=2, max_size=5),
    counts=st.lists(st.integers(0, 3), min_size=5, max_size=5),
    acts=st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4)), max_size=10),
)
def test_merges_and_unmerges_undone_in_reverse_leave_every_row_as_it_was(
    session, clerk, states, counts, acts
):
    point = session.begin_nested()
    matters = [
        make_matter(session, at=NOW, state=state, complaints=count)
        for state, count in zip(states, counts, strict=False)
    ]
    before = rows(session)
    total = session.scalar(select(func.count()).select_from(Complaint))
    standing: list[MatterMerge] = []
    for undo, one, two in acts:
        try:
            if undo and standing:
                merge = standing[one % len(standing)]
                unmerge_matter(session, merge, actor=clerk, now=NOW)
                standing.remove(merge)
            else:
                source, target = (matters[n % len(matters)] for n in (one, two))
                standing.append(merged(session, source, target, clerk))
        except Problem:
            session.expire_all()  # refused: nothing was written
        assert session.scalar(select(func.count()).select_from(Complaint)) == total
        homes = session.scalars(select(ComplaintMatter.state).join(Complaint).distinct()).all()
        assert "merged" not in homes
    for merge in sorted(standing, key=lambda merge: -merge.id):
        unmerge_matter(session, merge, actor=clerk, now=NOW)
    assert rows(session) == before
    point.rollback()
