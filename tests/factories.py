"""Smallest valid rows, with generated names; each returns the flushed object."""

from datetime import date, datetime, time
from itertools import count
from uuid import uuid4

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, box
from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import EVERYWHERE, Actor, Role, Scope
from inspect_app.domain.codes import OrgKind, OwnerDuty, ReporterMode, StationKind
from inspect_app.domain.policies import PROPOSALS
from inspect_app.domain.reporters import ReporterData
from inspect_app.models import (
    Account,
    Complaint,
    ComplaintMatter,
    Crew,
    CrewGrid,
    CrewMember,
    Finding,
    FrequencyPolicy,
    Grid,
    GridOwner,
    Org,
    Outlet,
    PatrolSegment,
    Person,
    Photo,
    Policy,
    PollutionSource,
    Post,
    Reporter,
    Road,
    Station,
    Waterway,
)
from inspect_app.workflows.seal_reporter import keep_reporter
from tests.conftest import seal_of

serial = count(1)
PASSWORD = "correct horse"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""Cheap to check: what a check costs stands in the hash. The product's own hashes are dear."""
FROM = date(2020, 1, 1)


def add(session: Session, row):
    """Add and flush a row."""
    session.add(row)
    session.flush()
    return row


def ewkt(shape) -> str:
    """Return a shapely geometry as text the database takes."""
    return f"SRID=4490;{shape.wkt}"


def make_org(session: Session, **values) -> Org:
    values = {"name": f"单位{next(serial)}", "kind": OrgKind.BUREAU.value} | values
    return add(session, Org(**values))


def make_person(session: Session, **values) -> Person:
    if "org_id" not in values:
        values["org_id"] = make_org(session).id
    return add(session, Person(**({"name": f"人员{next(serial)}"} | values)))


def make_grid(session: Session, *, parent: Grid | None = None, **values) -> Grid:
    """Return a grid; by default the box 120–121 E, 30–31 N."""
    shape = values.pop("shape", box(120, 30, 121, 31))
    number = next(serial)
    code = (
        f"{110000 + number % 800000:06d}" if parent is None else f"{parent.code}{number % 1000:03d}"
    )
    values = {
        "code": code,
        "name": f"网格{number}",
        "depth": 1 if parent is None else parent.depth + 1,
        "level_name": "一级网格",
        "area_km2": 1.0,
        "valid_from": FROM,
        "path": "/",
        "parent_id": None if parent is None else parent.id,
        "geom": ewkt(shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])),
    } | values
    grid = add(session, Grid(**values))
    grid.path = f"{'/' if parent is None else parent.path}{grid.id}/"
    session.flush()
    return grid


def make_owner(
    session: Session, grid: Grid, *, person: Person | None = None, **values
) -> GridOwner:
    person = person or make_person(session)
    values = {"duty": OwnerDuty.RESPONSIBLE_PERSON.value, "valid_from": FROM} | values
    return add(session, GridOwner(grid_id=grid.id, person_id=person.id, **values))


def make_account(session: Session, role: Role, *, grid: Grid | None = None, **values) -> Account:
    """Return an account with the password PASSWORD and one post."""
    person = make_person(session, **values)
    add(
        session,
        Post(
            person_id=person.id,
            role=role.value,
            valid_from=FROM,
            grid_id=None if grid is None else grid.id,
        ),
    )
    return add(
        session,
        Account(person_id=person.id, login=f"user{next(serial)}", password_hash=PASSWORD_HASH),
    )


def client_of(
    app: Flask, session: Session, role: Role = Role.DEPUTY, grid: Grid | None = None, **values
) -> FlaskClient:
    """Return the client of somebody logged in with a role over a grid, or over the county."""
    account = make_account(session, role, grid=grid, **values)
    session.commit()
    client = app.test_client()
    log_in(client, account)
    return client


def make_finding(session: Session, *, at: datetime, **values) -> Finding:
    values = {
        "uid": uuid4(),
        "finding_no": f"T{next(serial):06d}",
        "finding_type": "bank_waste",
        "severity": "normal",
        "state": "reported",
        "origin": "patrol",
        "found_on": at.date(),
        "found_at": at,
        "reported_at": at,
        "geom": "SRID=4490;POINT(120.5 30.5)",
    } | values
    return add(session, Finding(**values))


def log_in(client, account: Account) -> None:
    """Log a test client in through the page."""
    answer = client.post("/login", data={"login": account.login, "password": PASSWORD})
    assert answer.status_code == 302, answer.text


def make_matter(
    session: Session, *, at: datetime, complaints: int = 1, **values
) -> ComplaintMatter:
    """Return a matter with so many complaints, all received at `at`."""
    grid_id = values.pop("grid_id", None)
    values = {
        "matter_no": f"SX{next(serial):06d}",
        "title": "河边异味",
        "pollution_types": ["water"],
        "opened_at": at,
        "grid_id": grid_id,
        "geom": "SRID=4490;POINT(120.5 30.5)",
    } | values
    matter = add(session, ComplaintMatter(**values))
    for _ in range(complaints):
        make_complaint(session, matter, at=at)
    return matter


def make_complaint(
    session: Session, matter: ComplaintMatter, *, at: datetime, **values
) -> Complaint:
    values = {
        "complaint_no": f"TS{next(serial):06d}",
        "source_channel": "phone_12369",
        "received_at": at,
        "registered_at": at,
        "pollution_types": matter.pollution_types,
        "summary": "夜间有刺鼻气味",
        "grid_id": matter.grid_id,
        "geom": matter.geom,
    } | values
    return add(session, Complaint(matter_id=matter.id, **values))


def make_reporter(session: Session, complaint: Complaint, **told) -> Reporter:
    """Store a reporter under the tests' key: mode, name, phone, address."""
    mode = ReporterMode(told.pop("mode", "named"))
    seal = seal_of(session)
    return keep_reporter(session, ReporterData(mode, **told), complaint_id=complaint.id, seal=seal)


def make_photo(session: Session, *, at: datetime) -> str:
    """Return the hash of a received photo."""
    sha256 = f"{next(serial):064x}"
    values = {"media_type": "image/jpeg", "size": 1, "width": 1, "height": 1, "received_at": at}
    add(session, Photo(sha256=sha256, **values))
    return sha256


METRES_PER_DEGREE = 95_000
"""Of longitude at 31° N, near enough for lengths in tests."""


def make_policies(session: Session) -> None:
    """Fill the policy table with the proposals it lacks, valid since FROM."""
    known = set(session.scalars(select(Policy.key)))
    session.add_all(
        Policy(key=row.key, value={"value": row.value}, valid_from=FROM, source=row.source)
        for row in PROPOSALS
        if row.key not in known
    )
    session.flush()


def actor_with(session: Session, *roles: Role, grid: Grid | None = None) -> Actor:
    """Return a person who acts in these roles over a grid, or over the county."""
    person = make_person(session)
    grid_id = None if grid is None else grid.id
    for role in roles:
        add(session, Post(person_id=person.id, role=role.value, valid_from=FROM, grid_id=grid_id))
    scope = EVERYWHERE if grid is None else Scope(everywhere=False, grid_paths=(grid.path,))
    return Actor(person.id, person.name, frozenset(roles), scope)


def make_frequency(session: Session, kind: str, **values) -> FrequencyPolicy:
    """Return a frequency policy; by default once a week, ten minutes."""
    values = {
        "object_kind": kind,
        "times": 1,
        "period_unit": "week",
        "service_min": 10,
        "valid_from": FROM,
        "source": "测试",
    } | values
    return add(session, FrequencyPolicy(**values))


def make_waterway(session: Session, line: list[tuple[float, float]], **values) -> Waterway:
    shape = LineString(line)
    values = {
        "name": f"河{next(serial)}",
        "kind": "canal",
        "level": "main",
        "length_m": shape.length * METRES_PER_DEGREE,
        "geom": ewkt(MultiLineString([shape])),
    } | values
    return add(session, Waterway(**values))


def make_segment(
    session: Session, waterway: Waterway, line: list[tuple[float, float]], **values
) -> PatrolSegment:
    shape = LineString(line)
    values = {
        "name": f"{waterway.name}第{next(serial)}段",
        "length_m": shape.length * METRES_PER_DEGREE,
        "geom": ewkt(shape),
    } | values
    return add(session, PatrolSegment(waterway_id=waterway.id, **values))


def make_outlet(session: Session, lon: float, lat: float, **values) -> Outlet:
    values = {"name": f"排口{next(serial)}", "geom": ewkt(Point(lon, lat))} | values
    return add(session, Outlet(**values))


def make_source(session: Session, lon: float, lat: float, **values) -> PollutionSource:
    values = {"name": f"企业{next(serial)}", "geom": ewkt(Point(lon, lat))} | values
    return add(session, PollutionSource(**values))


def make_road(session: Session, line: list[tuple[float, float]], **values) -> Road:
    shape = LineString(line)
    values = {
        "road_class": "county",
        "length_m": shape.length * METRES_PER_DEGREE,
        "geom": ewkt(MultiLineString([shape])),
    } | values
    return add(session, Road(**values))


def make_station(session: Session, lon: float, lat: float, **values) -> Station:
    values = {
        "name": f"站{next(serial)}",
        "kind": StationKind.TOWNSHIP_STATION.value,
        "geom": ewkt(Point(lon, lat)),
    } | values
    return add(session, Station(**values))


def make_crew(
    session: Session,
    station: Station,
    *,
    people: tuple[Person, ...] = (),
    grids: tuple[Grid, ...] = (),
    **values,
) -> Crew:
    """Return a crew; by default Monday to Friday, 8:30 to 16:30, by car at 40 km/h."""
    values = {
        "name": f"巡查{next(serial)}组",
        "weekdays": [1, 2, 3, 4, 5],
        "shift_start": time(8, 30),
        "shift_end": time(16, 30),
        "speed_kmh": 40,
    } | values
    crew = add(session, Crew(station_id=station.id, **values))
    for person in people:
        add(session, CrewMember(crew_id=crew.id, person_id=person.id, valid_from=FROM))
    for grid in grids:
        add(session, CrewGrid(crew_id=crew.id, grid_id=grid.id))
    return crew
