"""Likely same matters: ranked with reasons, closed ones too, always as the database is now."""

from datetime import timedelta

import pytest
from shapely.geometry import box

from gis.repeats import Complaint as Call
from inspect_app.domain.access import EVERYWHERE, Scope
from inspect_app.queries import repeat_index
from inspect_app.queries.repeat_index import LiveRepeats, kind_key, object_key
from tests.conftest import NOW, seal_of
from tests.factories import make_complaint, make_grid, make_matter, make_reporter, make_source

HERE = (120.5, 30.5)
YESTERDAY = NOW - timedelta(days=1)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(session, clock) -> LiveRepeats:
    def elsewhere(work) -> None:
        work(session)

    return LiveRepeats(elsewhere, clock=clock)


@pytest.fixture(autouse=True)
def county(session):
    return make_grid(session)


def call(**values) -> Call:
    told = {"key": "", "at": NOW, "xy": HERE, "kind": "water", "text": "夜间有刺鼻气味"}
    return Call(**(told | values))


def suggest(live, session, told=None, *, scope=EVERYWHERE, least=0.0):
    return live.suggest(session, told or call(), scope=scope, least=least)


def test_the_nearest_and_latest_matter_comes_first_with_its_reasons(session, live, county):
    near = make_matter(session, at=YESTERDAY, complaints=3, grid_id=county.id, state="closed")
    make_matter(
        session,
        at=NOW - timedelta(days=200),
        geom="SRID=4490;POINT(120.9 30.9)",
        pollution_types=["air"],
        title="另一件",
    )
    first, *_ = suggest(live, session)
    assert (first.matter_id, first.times, first.distance_m) == (near.id, 3, 0)
    assert first.state.value == "closed"
    assert first.last_at == YESTERDAY
    words = [reason.words() for reason in first.reasons]
    assert "相距 0 米" in words
    assert "类别相同" in words
    assert len(suggest(live, session, least=0.5)) == 1


def test_the_same_telephone_speaks_for_one_matter_without_being_known(session, live, county):
    matter = make_matter(session, at=YESTERDAY, grid_id=county.id)
    make_reporter(session, matter.complaints[0], name="金丝雀", phone="13800009999")
    phone = seal_of(session).phone_hash("138 0000 9999")
    (same,) = suggest(live, session, call(reporter=phone))
    (other,) = suggest(live, session, call(reporter="0" * 32))
    assert same.probability > other.probability
    assert "同一举报人" in [reason.words() for reason in same.reasons]
    assert "13800009999" not in repr(live._held.index._complaints)


def test_one_object_is_known_by_source_or_by_name(session, live, county):
    source = make_source(session, *HERE)
    matter = make_matter(session, at=YESTERDAY, complaints=0, grid_id=county.id)
    make_complaint(
        session, matter, at=YESTERDAY, respondent_source_id=source.id, geom=None, summary="冒黑烟"
    )
    told = call(xy=None, text="", object_key=object_key(source.id, None))
    (found,) = suggest(live, session, told)
    assert "同一对象" in [reason.words() for reason in found.reasons]
    assert object_key(None, " 甲 厂 ") == "name:甲厂"
    assert object_key(None, None) == ""
    assert kind_key(["water", "air"]) == "air+water"


def test_what_is_registered_meanwhile_is_known_at_the_next_look(session, live, clock, county):
    assert suggest(live, session) == []
    matter = make_matter(session, at=YESTERDAY, grid_id=county.id)
    clock.now += 2
    assert [one.matter_id for one in suggest(live, session)] == [matter.id]
    make_complaint(session, matter, at=NOW)
    clock.now += 2
    assert suggest(live, session)[0].times == 2


def test_a_row_committed_late_is_found_by_the_count(session, live, clock, county):
    matter = make_matter(session, at=YESTERDAY, complaints=2, grid_id=county.id)
    assert len(suggest(live, session)) == 1
    live._held.known.clear()  # as if the rows had not been there yet
    live._held.index = repeat_index.RepeatIndex()
    clock.now += 2
    assert suggest(live, session) == []
    clock.now += 61
    assert [one.matter_id for one in suggest(live, session)] == [matter.id]


def test_a_merged_matter_is_told_as_the_one_it_went_up_in_and_moved_calls_follow(
    session, live, county
):
    living = make_matter(session, at=YESTERDAY, grid_id=county.id)
    gone = make_matter(session, at=YESTERDAY, grid_id=county.id)
    assert {one.matter_id for one in suggest(live, session)} == {living.id, gone.id}
    gone.merged_into_id = living.id
    session.flush()
    assert [one.matter_id for one in suggest(live, session)] == [living.id]
    gone.merged_into_id = None
    gone.complaints[0].matter_id = living.id
    session.flush()
    (one,) = suggest(live, session)
    assert (one.matter_id, one.times) == (living.id, 2)


def test_matters_outside_the_scope_are_not_told(session, live, county):
    town = make_grid(session, parent=county, shape=box(120, 30, 120.5, 31))
    make_matter(session, at=YESTERDAY, grid_id=county.id)
    scope = Scope(everywhere=False, grid_paths=(town.path,))
    assert suggest(live, session, scope=scope) == []


def test_a_long_build_goes_on_beside_the_requests(session, clock, county, monkeypatch):
    monkeypatch.setattr(repeat_index, "AT_ONCE", 0)
    make_matter(session, at=YESTERDAY, grid_id=county.id)
    waiting = []
    live = LiveRepeats(waiting.append, clock=clock)
    assert suggest(live, session) is None
    assert suggest(live, session) is None
    (work,) = waiting
    work(session)
    assert len(suggest(live, session)) == 1


def test_an_old_index_is_built_anew_and_lets_go_of_what_left_the_window(session, live, county):
    make_matter(session, at=NOW - timedelta(days=364), grid_id=county.id)
    assert len(suggest(live, session)) == 1
    later = call(at=NOW + timedelta(days=8))
    assert suggest(live, session, later) == []
    assert len(live._held.index) == 0
