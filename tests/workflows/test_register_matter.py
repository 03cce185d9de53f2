"""Registering a matter: what is kept of a place on the map, where it lies, who may."""

import pytest
from sqlalchemy import func, select

from inspect_app.domain.access import EVERYWHERE, SYSTEM, Actor, Role, Scope
from inspect_app.domain.codes import PollutionType, Severity, SourceChannel
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Complaint, ComplaintMatter
from inspect_app.workflows.register_matter import TITLE_MAX, MatterDraft, register_matter
from tests.conftest import NOW
from tests.small_county import make_small_county

IN_THE_EAST = (120.14, 31.0005)


def draft(**values) -> MatterDraft:
    lon, lat = values.pop("at", IN_THE_EAST)
    told = {
        "summary": "桥下水面有大量泡沫",
        "channel": SourceChannel.ASSIGNED,
        "pollution_type": PollutionType.WATER,
        "severity": Severity.URGENT,
    }
    return MatterDraft(lon=lon, lat=lat, **(told | values))


@pytest.fixture
def county(session):
    return make_small_county(session)


def test_a_matter_has_a_number_a_grid_a_complaint_and_an_audit_entry(session, county):
    matter = register_matter(session, draft(), actor=SYSTEM, now=NOW)
    assert (matter.matter_no, matter.title) == ("SX2026000001", "桥下水面有大量泡沫")
    assert (matter.state, matter.severity, matter.opened_at) == ("registered", "urgent", NOW)
    assert matter.grid_id == county.east.id
    complaint = session.scalars(select(Complaint)).one()
    assert (complaint.matter_id, complaint.complaint_no) == (matter.id, "TS2026000001")
    assert (complaint.source_channel, complaint.pollution_types) == ("assigned", ["water"])
    assert (complaint.place_quality, complaint.grid_id) == ("exact", county.east.id)
    for row in (ComplaintMatter, Complaint):
        assert session.scalar(select(func.ST_AsText(row.geom))) == "POINT(120.14 31.0005)"
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject_id) == ("matter.register", str(matter.id))


@pytest.mark.usefixtures("county")
def test_numbers_go_on_and_a_long_summary_is_cut_in_the_title_only(session):
    first = register_matter(session, draft(), actor=SYSTEM, now=NOW)
    second = register_matter(session, draft(summary="长" * 90), actor=SYSTEM, now=NOW)
    assert (first.matter_no, second.matter_no) == ("SX2026000001", "SX2026000002")
    assert second.title == "长" * TITLE_MAX
    assert second.complaints[0].summary == "长" * 90


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"summary": "  "}, "field_invalid"),
        ({"at": (181.0, 31.0)}, "field_invalid"),
        ({"at": (float("nan"), 31.0)}, "field_invalid"),
        ({"at": (121.5, 31.0)}, "outside_every_grid"),
    ],
)
@pytest.mark.usefixtures("county")
def test_a_draft_without_words_or_place_is_refused(session, values, code):
    with pytest.raises(Problem) as refused:
        register_matter(session, draft(**values), actor=SYSTEM, now=NOW)
    assert refused.value.code == code
    assert session.scalars(select(ComplaintMatter)).all() == []


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.CLERK, True),
        (Role.CHIEF, True),
        (Role.DEPUTY, True),
        (Role.WORKER, False),
        (Role.INSPECTOR, False),
        (Role.STATION, False),
        (Role.SUPERVISOR, False),
        (Role.DIRECTOR, False),
        (Role.AUDITOR, False),
        (Role.ADMINISTRATOR, False),
    ],
)
@pytest.mark.usefixtures("county")
def test_who_may_register(session, role, may):
    actor = Actor(None, "某人", frozenset({role}), EVERYWHERE)
    if may:
        assert register_matter(session, draft(), actor=actor, now=NOW).id
        return
    with pytest.raises(Problem) as refused:
        register_matter(session, draft(), actor=actor, now=NOW)
    assert refused.value.code == "not_permitted"


def test_a_place_outside_the_scope_is_not_found(session, county):
    west = Scope(everywhere=False, grid_paths=(county.west.path,))
    actor = Actor(None, "西镇", frozenset({Role.CHIEF}), west)
    with pytest.raises(Problem) as refused:
        register_matter(session, draft(), actor=actor, now=NOW)
    assert refused.value.code == "not_found"
