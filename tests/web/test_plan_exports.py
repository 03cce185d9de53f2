"""Files of a plan, read by parsers of their own: KML, iCalendar, GPX, printed sheets."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM, Role
from inspect_app.models import PatrolPlan, PatrolTask
from inspect_app.web.plans.calendar import escaped, folded
from inspect_app.workflows.copy_plan import copy_plan
from inspect_app.workflows.hand import Hand
from inspect_app.workflows.plan_week import plan_week
from inspect_app.workflows.publish_plan import publish_plan, withdraw_plan
from tests.conftest import NOW
from tests.factories import log_in, make_account
from tests.small_county import WEEK, ZONE, make_small_county, request

KML = {"k": "http://www.opengis.net/kml/2.2"}
NASTY = "<b>一号&排口</b>;很长的名字," + "长" * 60


@pytest.fixture
def county(session: Session):
    county = make_small_county(session)
    county.outlet.name = NASTY
    return county


@pytest.fixture
def plan(session: Session, county) -> PatrolPlan:
    assert county.segments
    return plan_week(session, WEEK, request=request(), actor=SYSTEM, now=NOW)


@pytest.fixture
def deputy(app, session):
    account = make_account(session, Role.DEPUTY)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def parsed(text: str) -> list[dict[str, str]]:
    """Read an iCalendar as RFC 5545 says: unfold, split, unescape; returns the events."""
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert {"VERSION:2.0", "CALSCALE:GREGORIAN"} <= set(lines)
    assert any(line.startswith("PRODID:") for line in lines)
    events: list[dict[str, str]] = []
    inside = False
    for line in lines[1:-1]:
        if line == "BEGIN:VEVENT":
            inside = True
            events.append({})
        elif line == "END:VEVENT":
            inside = False
        elif inside:
            name, value = line.split(":", 1)
            assert name not in events[-1]
            events[-1][name] = unescaped(value)
    return events


def unescaped(value: str) -> str:
    signs, out = iter(value), []
    for sign in signs:
        if sign != "\\":
            out.append(sign)
            continue
        following = next(signs)
        out.append("\n" if following in "nN" else following)
    return "".join(out)


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def test_the_calendar_has_an_event_per_crew_day_with_its_stops_in_order(deputy, plan):
    answer = deputy.get(f"/plans/{plan.id}.ics")
    assert answer.mimetype == "text/calendar"
    events = {event["UID"]: event for event in parsed(answer.text)}
    assert len(events) == len(plan.tasks)
    for task in plan.tasks:
        event = events[f"crew-{task.crew_id}-{task.day:%Y%m%d}@inspect-app"]
        assert moment(event["DTSTART"]) == task.starts_at.replace(microsecond=0)
        assert moment(event["DTEND"]) == task.ends_at.replace(microsecond=0)
        assert event["SEQUENCE"] == "1"
        assert event["STATUS"] == "TENTATIVE"
        assert event["LOCATION"]
        told = event["DESCRIPTION"].split("\n")
        assert [line.split(" ", 2)[2] for line in told] == [stop.name for stop in task.stops]


def test_an_event_keeps_its_name_across_versions_and_counts_up(deputy, session, plan):
    copy = copy_plan(session, plan, hand=Hand(SYSTEM, NOW, ZONE))
    publish_plan(session, copy, actor=SYSTEM, now=NOW)
    session.commit()
    before = {one["UID"]: one for one in parsed(deputy.get(f"/plans/{plan.id}.ics").text)}
    after = {one["UID"]: one for one in parsed(deputy.get(f"/plans/{copy.id}.ics").text)}
    assert before.keys() == after.keys()
    assert {one["SEQUENCE"] for one in after.values()} == {"2"}
    assert {one["STATUS"] for one in after.values()} == {"CONFIRMED"}
    withdraw_plan(session, copy, reason="暴雨", actor=SYSTEM, now=NOW)
    session.commit()
    gone = parsed(deputy.get(f"/plans/{copy.id}.ics").text)
    assert {one["STATUS"] for one in gone} == {"CANCELLED"}


@given(st.text())
def test_any_text_survives_escaping_and_folding(text):
    line = f"SUMMARY:{escaped(text)}"
    wanted = "".join(
        sign
        for sign in text.replace("\r\n", "\n").replace("\r", "\n")
        if sign >= " " or sign in "\n\t"
    )
    pieces = folded(line).split("\r\n")
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    whole = pieces[0] + "".join(piece[1:] for piece in pieces[1:])
    assert unescaped(whole.removeprefix("SUMMARY:")) == wanted


def test_the_kml_is_well_formed_ordered_and_escaped(deputy, session, plan, county):
    answer = deputy.get(f"/plans/{plan.id}.kml")
    assert answer.mimetype == "application/vnd.google-earth.kml+xml"
    assert b"<b>" not in answer.data
    root = Xml.fromstring(answer.data)  # noqa: S314 - our own answer
    assert root.tag == f"{{{KML['k']}}}kml"
    days = root.findall("k:Document/k:Folder/k:Folder", KML)
    assert len(days) == len(plan.tasks)
    names = [one.text for one in root.iterfind(".//k:Placemark[k:Point]/k:name", KML)]
    assert any(name.endswith(NASTY) for name in names)
    # In KML 2.2 a placemark's parts have a fixed order: name, description, time, geometry.
    order = ["name", "description", "TimeStamp", "Point", "MultiGeometry"]
    for mark in root.iterfind(".//k:Placemark", KML):
        tags = [one.tag.split("}")[1] for one in mark]
        assert tags == sorted(tags, key=order.index)
    task = session.scalars(
        select(PatrolTask).where(PatrolTask.crew_id == county.east_crew.id)
    ).first()
    day = next(one for one in days if one.find("k:name", KML).text == f"东组 {task.day}")
    line = day.find("k:Placemark/k:MultiGeometry/k:LineString/k:coordinates", KML).text
    first = [float(value) for value in line.split()[0].split(",")]
    assert first == pytest.approx([120.15, 31.0])
    points = [one.text for one in day.iterfind("k:Placemark/k:Point/k:coordinates", KML)]
    assert len(points) == len(task.stops)
    for lon, lat in (point.split(",") for point in points):
        assert 120 < float(lon) < 121
        assert 30 < float(lat) < 32


def test_every_file_is_had_for_a_day_a_crew_and_the_week(deputy, plan, county):
    task = next(task for task in plan.tasks if task.crew_id == county.east_crew.id)
    for form in ("gpx", "kml", "ics"):
        day = deputy.get(f"/plans/tasks/{task.id}.{form}")
        crew = deputy.get(f"/plans/{plan.id}.{form}?crew={task.crew_id}")
        week = deputy.get(f"/plans/{plan.id}.{form}")
        assert [one.status_code for one in (day, crew, week)] == [200, 200, 200]
        assert "attachment" in week.headers["Content-Disposition"]
        assert max(len(day.data), len(crew.data)) < len(week.data)
        assert deputy.get(f"/plans/{plan.id}.{form}?crew=999999").status_code == 404
    assert deputy.get(f"/plans/{plan.id}.exe").status_code == 404
    sheets = deputy.get(f"/plans/{plan.id}/sheet").text
    assert sheets.count("巡查人员签名") == len(plan.tasks)
    assert deputy.get(f"/plans/{plan.id}/sheet?crew={task.crew_id}").text.count("签名") == 1


def test_files_end_at_the_townships_border(app, session, plan, county):
    account = make_account(session, Role.CHIEF, grid=county.west)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    for form in ("gpx", "kml", "ics"):
        answer = client.get(f"/plans/{plan.id}.{form}")
        assert "西组" in answer.text
        assert "东组" not in answer.text
        assert client.get(f"/plans/{plan.id}.{form}?crew={county.east_crew.id}").status_code == 404
    assert "东组" not in client.get(f"/plans/{plan.id}/sheet").text
    later = WEEK + timedelta(days=7)
    assert plan.week < later
