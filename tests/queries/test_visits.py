"""Must-visit lists and rebounds: who stands on them, who no longer does, who never may."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Scope
from inspect_app.models import Event, KeyUnitListing, MatterContact
from inspect_app.queries.rebounds import rebounds
from inspect_app.queries.visits import VisitList, visit_lists
from tests.conftest import NOW
from tests.county import County, make_county
from tests.factories import add, make_complaint, make_matter, make_owner, make_person, make_source

DAY = timedelta(days=1)
TODAY = date(2026, 3, 24)


@pytest.fixture
def county(session: Session) -> County:
    return make_county(session)


def lists(session: Session, scope: Scope = EVERYWHERE) -> dict[str, VisitList]:
    found = visit_lists(session, scope, until=NOW, day=TODAY)
    assert [one.key for one in found] == [
        "representatives",
        "supervisors",
        "enterprises",
        "complainants",
        "new_projects",
    ]
    return {one.key: one for one in found}


def meet(session: Session, matter) -> None:
    add(
        session,
        MatterContact(
            matter_id=matter.id, kind="revisit", means="visit", made_at=NOW, met_in_person=True
        ),
    )


def test_repeated_matters_stand_until_somebody_was_met(session, county):
    many = make_matter(session, at=NOW - DAY, complaints=4, grid_id=county.west.id)
    make_matter(session, at=NOW - DAY, complaints=2, grid_id=county.east.id)
    make_matter(session, at=NOW - DAY, complaints=1)
    make_matter(session, at=NOW - 200 * DAY, complaints=9)
    found = lists(session)["complainants"]
    assert found.count == 2
    assert (found.lines[0].matter_id, found.lines[0].complaints) == (many.id, 4)
    meet(session, many)
    assert lists(session)["complainants"].count == 1
    west = Scope(everywhere=False, grid_paths=(county.west.path,))
    assert lists(session, west)["complainants"].count == 0


def test_proposals_of_representatives_stand_until_somebody_was_met(session, county):
    matter = make_matter(session, at=NOW - DAY, complaints=0, grid_id=county.west.id)
    make_complaint(session, matter, at=NOW - DAY, source_channel="proposal")
    make_complaint(session, matter, at=NOW - DAY)
    (line,) = lists(session)["representatives"].lines
    assert (line.matter_id, line.complaints) == (matter.id, 1)
    meet(session, matter)
    assert lists(session)["representatives"].lines == []


def test_supervisors_in_office_stand_with_the_complaints_below_their_grid(session, county):
    keeper, former = make_person(session, name="在任"), make_person(session, name="卸任")
    make_owner(session, county.west, person=keeper, duty="grid_supervisor")
    make_owner(
        session, county.west, person=former, duty="grid_supervisor", valid_to=date(2026, 1, 1)
    )
    make_matter(session, at=NOW - DAY, complaints=3, grid_id=county.units["west_south"].id)
    make_matter(session, at=NOW - DAY, complaints=5, grid_id=county.units["east_south"].id)
    (line,) = lists(session)["supervisors"].lines
    assert (line.title, line.complaints) == ("在任", 3)


def test_key_enterprises_stand_when_they_are_complained_about_again(session, county):
    key = make_source(session, 120.2, 30.2, permit_class="key", grid_id=county.west.id)
    listed = make_source(session, 120.3, 30.3, grid_id=county.west.id)
    add(session, KeyUnitListing(source_id=listed.id, year=2026, list_kind="air"))
    plain = make_source(session, 120.4, 30.4, grid_id=county.west.id)
    for source, calls in ((key, 3), (listed, 2), (plain, 9)):
        make_matter(session, at=NOW - DAY, complaints=calls, respondent_source_id=source.id)
    found = lists(session)["enterprises"]
    assert [(line.source_id, line.complaints) for line in found.lines] == [
        (key.id, 3),
        (listed.id, 2),
    ]


def test_people_around_a_new_project_are_those_within_the_distance_in_metres(session, county):
    site = make_source(session, 120.2, 30.2, kind="construction_site", grid_id=county.west.id)
    shut = make_source(session, 120.2, 30.2, kind="construction_site", closed=True)
    # 0.008° of latitude are 890 m, 0.0105° of longitude 1,010 m here.
    make_matter(session, at=NOW - DAY, complaints=2, geom="SRID=4490;POINT(120.2 30.208)")
    make_matter(session, at=NOW - DAY, complaints=4, geom="SRID=4490;POINT(120.2105 30.2)")
    (line,) = lists(session)["new_projects"].lines
    assert shut.id != site.id == line.source_id
    assert line.complaints == 2


def test_no_list_names_a_reporter_or_breaks_without_anything(session, county):
    assert county.root.id
    assert [one.count for one in lists(session).values()] == [0] * 5


def rebounding(session: Session, scope: Scope = EVERYWHERE, days: float = 90):
    return rebounds(session, scope, since=NOW - 28 * DAY, until=NOW, days=days)


def test_a_matter_complained_about_after_its_closing_rebounds(session, county):
    matter = make_matter(
        session, at=NOW - 100 * DAY, closed_at=NOW - 30 * DAY, grid_id=county.west.id
    )
    make_complaint(session, matter, at=NOW - 31 * DAY)
    assert rebounding(session) == ([], 0)
    make_complaint(session, matter, at=NOW - 2 * DAY)
    make_complaint(session, matter, at=NOW - DAY)
    (found,), count = rebounding(session)
    assert (found.matter_id, found.complaints, count) == (matter.id, 2, 1)
    assert found.closed_at == NOW - 30 * DAY
    assert rebounding(session, days=20) == ([], 0)
    east = Scope(everywhere=False, grid_paths=(county.east.path,))
    assert rebounding(session, east) == ([], 0)


def test_a_reopened_matter_rebounds_by_the_event_that_closed_it(session, county):
    matter = make_matter(session, at=NOW - 100 * DAY, grid_id=county.west.id)
    for number, event in enumerate(("close", "reopen")):
        add(
            session,
            Event(
                subject_kind="matter",
                subject_id=matter.id,
                event=event,
                to_state="closed",
                at=NOW - (30 - number) * DAY,
            ),
        )
    make_complaint(session, matter, at=NOW - 5 * DAY)
    (found,), _ = rebounding(session)
    assert (found.complaints, found.closed_at) == (1, NOW - 30 * DAY)
