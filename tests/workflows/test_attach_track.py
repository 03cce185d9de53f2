"""A track of another device joins a patrol: after its own, immutable, once, of the right day."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.codes import TrackSource
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, PatrolLog, PatrolTask, TrackSegment
from inspect_app.queries.actors import actor_of
from inspect_app.queries.patrols import tasks_of_day
from inspect_app.workflows.attach_track import (
    ATTACHED_FROM,
    TrackFile,
    attach_track,
    preview_track,
)
from tests.conftest import NOW
from tests.factories import make_account, make_grid, make_policies
from tests.patrol_factories import DAY, START, gpx, make_crew, make_patrol


@pytest.fixture
def patrol(session: Session):
    """Give a handed-in patrol whose tablet walked the first half of the canal in five minutes."""
    make_policies(session)
    grid = make_grid(session)
    account = make_account(session, Role.INSPECTOR, grid=grid)
    task = make_patrol(session, make_crew(session, account), account, grid=grid)
    return task, account


def file(content: bytes, source: TrackSource = TrackSource.GPX) -> TrackFile:
    return TrackFile("手表.gpx", content, source)


def log_of(session: Session, task: PatrolTask) -> PatrolLog:
    return session.scalars(select(PatrolLog).where(PatrolLog.task_id == task.id)).one()


def attach(session: Session, patrol, wanted: TrackFile):
    task, account = patrol
    actor = actor_of(session, account.id, day=DAY)
    return attach_track(session, task, wanted, actor=actor, now=NOW)


SECOND_HALF = gpx(120.51, 120.52, start=START + timedelta(minutes=5))


def test_a_preview_says_what_would_be_added_and_writes_nothing(session: Session, patrol):
    task, _ = patrol
    seen = preview_track(session, task, file(SECOND_HALF), today=DAY)
    assert (seen.taken, seen.outside, seen.refused, seen.overlap_s) == (61, 0, 0, 0)
    # Each half is 960 m; the stops of lines are the two halves.
    assert (round(seen.length_before_m), round(seen.length_after_m)) == (960, 1920)
    assert seen.share_before == pytest.approx(0.5, abs=0.02)
    assert seen.share_after == pytest.approx(1.0, abs=0.01)
    segments = session.scalars(select(TrackSegment.source)).all()
    assert segments == ["tablet"]


def test_an_attached_track_is_kept_after_the_tablets_own_and_the_figures_are_new(
    session: Session, patrol
):
    task, account = patrol
    attach(session, patrol, file(SECOND_HALF))
    own, other = session.scalars(select(TrackSegment).order_by(TrackSegment.number)).all()
    assert (own.source, other.source, other.number) == ("tablet", "gpx", ATTACHED_FROM)
    assert other.line is not None
    assert other.grid_id == own.grid_id
    log = log_of(session, task)
    assert log.distance_m == pytest.approx(1_919, abs=2)
    assert log.covered_share == pytest.approx(1.0, abs=0.01)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "track.attach")).one()
    assert entry.facts["file"] == "手表.gpx"
    assert entry.facts["segments"] == [ATTACHED_FROM, ATTACHED_FROM]
    # The tablet goes on counting from its own segments.
    (card,) = tasks_of_day(session, account.person_id, day=DAY, now=NOW)
    assert card.next_segment == 1


def test_time_that_the_tablet_has_itself_is_not_counted_twice(session: Session, patrol):
    seen = attach(session, patrol, file(gpx(120.50, 120.51, start=START)))
    assert seen.overlap_s == 300
    assert seen.length_after_m == pytest.approx(seen.length_before_m, abs=0.5)


@pytest.mark.parametrize("source", [TrackSource.DRONE, TrackSource.MANUAL])
def test_what_was_flown_or_drawn_counts_for_nothing(session: Session, patrol, source):
    seen = attach(session, patrol, file(SECOND_HALF, source))
    assert seen.length_after_m == seen.length_before_m
    assert seen.share_after == seen.share_before
    assert session.scalars(select(TrackSegment.source)).all().count(source.value) == 1


def test_a_long_file_is_cut_into_segments_as_tablets_cut_them(session: Session, patrol):
    attach(session, patrol, file(gpx(120.50, 120.52, start=START, steps=700)))
    numbers = select(TrackSegment.number, TrackSegment.fixes).order_by(TrackSegment.number)
    found = [(number, len(fixes)) for number, fixes in session.execute(numbers)][1:]
    assert found == [(ATTACHED_FROM, 300), (ATTACHED_FROM + 1, 300), (ATTACHED_FROM + 2, 101)]
    attach(session, patrol, file(SECOND_HALF))
    assert max(session.scalars(select(TrackSegment.number))) == ATTACHED_FROM + 3


def refusal(session: Session, patrol, content: bytes) -> str:
    with pytest.raises(Problem) as caught:
        attach(session, patrol, file(content))
    return caught.value.code


def test_wrong_files_are_refused_with_what_is_wrong(session: Session, patrol):
    yesterday = gpx(120.51, 120.52, start=START - timedelta(days=1))
    assert refusal(session, patrol, yesterday) == "track_other_day"
    elsewhere = gpx(110.51, 110.52, start=START)
    assert refusal(session, patrol, elsewhere) == "track_elsewhere"
    assert refusal(session, patrol, b"<kml/>") == "unreadable_file"
    assert refusal(session, patrol, gpx(120.51, 120.52, start=None)) == "track_untimed"
    assert session.scalars(select(TrackSegment.source)).all() == ["tablet"]


def test_fixes_of_other_days_in_the_file_stay_out(session: Session, patrol):
    two_days = gpx(120.51, 120.52, start=START - timedelta(days=1)).replace(b"</gpx>", b"")
    both = two_days + SECOND_HALF[SECOND_HALF.index(b"<trk>") :]
    seen = attach(session, patrol, file(both))
    assert (seen.taken, seen.outside) == (61, 61)


def test_the_same_file_is_attached_once(session: Session, patrol):
    attach(session, patrol, file(SECOND_HALF))
    assert refusal(session, patrol, SECOND_HALF) == "track_attached"


def test_an_accepted_patrol_and_one_without_a_log_take_no_track(session: Session, patrol):
    task, _ = patrol
    task.state = "completed"
    session.flush()
    assert refusal(session, patrol, SECOND_HALF) == "track_closed"
    session.query(TrackSegment).delete()
    session.delete(log_of(session, task))
    session.flush()
    assert refusal(session, patrol, SECOND_HALF) == "track_no_log"
