"""County: crews with a tablet each, tasks on the days around today, their accounts and codes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from inspect_app.domain.access import Role
from inspect_app.domain.policies import PROPOSALS
from inspect_app.models import (
    Account,
    Crew,
    CrewMember,
    EnrolmentCode,
    Grid,
    GridOwner,
    Org,
    Outlet,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
    Person,
    Policy,
    Post,
    Station,
)
from inspect_app.workflows.enrol_device import code_hash

FROM = date(2020, 1, 1)
PASSWORD = "patrol by water"  # noqa: S105 - of accounts that live for a minute
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
STOPS_A_TASK = 6
SPARE_DAYS = 3
"""Days after today whose tasks nobody has begun: the office changes them, the last one at last."""
OUTLETS = 12
WEST, SOUTH, STEP = 120.50, 30.50, 0.004


@dataclass(frozen=True, slots=True)
class Crewed:
    """What one tablet is given: its account, its enrolment code, its tasks."""

    login: str
    code: str
    crew_id: int
    tasks: list[dict[str, Any]]


def make_county(
    session: Session, *, tablets: int, tasks_each: int, today: date, now: datetime
) -> list[Crewed]:
    """Fill an empty database and return what each tablet is given."""
    session.add_all(
        Policy(key=row.key, value={"value": row.value}, valid_from=FROM, source=row.source)
        for row in PROPOSALS
    )
    org = _add(session, Org(name="生态环境局", kind="bureau"))
    grid = _add(
        session,
        Grid(
            code="330100",
            name="一级网格",
            depth=1,
            level_name="一级网格",
            area_km2=1.0,
            valid_from=FROM,
            path="/",
            geom="SRID=4490;MULTIPOLYGON(((120 30, 121 30, 121 31, 120 31, 120 30)))",
        ),
    )
    grid.path = f"/{grid.id}/"
    owner = _add(session, Person(name="网格长", org_id=org.id))
    _add(
        session,
        GridOwner(grid_id=grid.id, person_id=owner.id, duty="responsible_person", valid_from=FROM),
    )
    station = _add(
        session,
        Station(name="环保站", kind="township_station", geom="SRID=4490;POINT(120.5 30.5)"),
    )
    first_day = today - timedelta(days=tasks_each - 1)
    plans = _plans(session, first_day, today, now=now)
    days = _days(plans, first_day, tasks_each + SPARE_DAYS)
    for number in range(OUTLETS):
        lon = WEST + STEP * number / 2
        place = f"SRID=4490;POINT({lon} {SOUTH})"
        session.add(Outlet(name=f"排口{number:02d}", grid_id=grid.id, geom=place))
    return [
        _crewed(session, number, (org, grid, station), days=days, now=now)
        for number in range(tablets)
    ]


def _plans(session: Session, first: date, last: date, *, now: datetime) -> dict[date, PatrolPlan]:
    """Return the published plan of each week between two days, and of the week after."""
    week, plans = first - timedelta(days=first.weekday()), {}
    while week <= last + timedelta(days=SPARE_DAYS):
        plans[week] = _add(
            session,
            PatrolPlan(
                week=week,
                version=1,
                state="published",
                seed=1,
                parameters={},
                figures={},
                verdict={},
                created_at=now,
                published_at=now,
            ),
        )
        week += timedelta(days=7)
    return plans


def _days(plans: dict[date, PatrolPlan], first: date, count: int) -> list[tuple[date, PatrolPlan]]:
    days = [first + timedelta(days=number) for number in range(count)]
    return [(day, plans[day - timedelta(days=day.weekday())]) for day in days]


def _crewed(
    session: Session,
    number: int,
    place: tuple[Org, Grid, Station],
    *,
    days: list[tuple[date, PatrolPlan]],
    now: datetime,
) -> Crewed:
    org, grid, station = place
    person = _add(session, Person(name=f"巡查员{number:02d}", org_id=org.id))
    _add(
        session,
        Post(person_id=person.id, role=Role.INSPECTOR.value, valid_from=FROM, grid_id=grid.id),
    )
    login, code = f"inspector{number:02d}", f"code-{number:02d}-of-this-run"
    _add(session, Account(person_id=person.id, login=login, password_hash=PASSWORD_HASH))
    crew = _add(
        session,
        Crew(
            name=f"巡查{number:02d}组",
            station_id=station.id,
            weekdays=[1, 2, 3, 4, 5, 6, 7],
            shift_start=time(8, 30),
            shift_end=time(17, 30),
            speed_kmh=30.0,
        ),
    )
    partner = _partner(session, number, (org, grid))
    for member in (person, partner):
        _add(session, CrewMember(crew_id=crew.id, person_id=member.id, valid_from=FROM))
    _add(
        session,
        EnrolmentCode(
            code_hash=code_hash(code),
            device_name=f"平板{number:02d}",
            holder_id=person.id,
            made_at=now,
            expires_at=now + timedelta(hours=1),
        ),
    )
    spare, days = days[-SPARE_DAYS:], days[:-SPARE_DAYS]
    for day, plan in spare:
        make_task(session, crew, day=day, plan=plan)
    tasks = [make_task(session, crew, day=day, plan=plan) for day, plan in days]
    return Crewed(login, code, crew.id, [task | {"partner": partner.id} for task in tasks])


def _partner(session: Session, number: int, place: tuple[Org, Grid]) -> Person:
    """Return who writes on the tablet while another is logged in."""
    org, grid = place
    partner = _add(session, Person(name=f"协查员{number:02d}", org_id=org.id))
    post = Post(person_id=partner.id, role=Role.INSPECTOR.value, valid_from=FROM, grid_id=grid.id)
    _add(session, post)
    return partner  # type: ignore[no-any-return]


def make_task(session: Session, crew: Crew, *, day: date, plan: PatrolPlan) -> dict[str, Any]:
    """Add a published task with its stops along a canal; return what a tablet knows of it."""
    starts_at = datetime.combine(day, time(0, 30), tzinfo=UTC)
    task = _add(
        session,
        PatrolTask(
            plan_id=plan.id,
            crew_id=crew.id,
            day=day,
            state="published",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=8),
            travel_min=60.0,
            service_min=60.0,
            length_m=2_000.0,
            route=f"SRID=4490;MULTILINESTRING(({WEST} {SOUTH}, {WEST + 6 * STEP} {SOUTH}))",
        ),
    )
    stops = [_stop(session, task, seq) for seq in range(1, STOPS_A_TASK + 1)]
    return {"id": task.id, "starts_at": starts_at.isoformat(), "stops": stops}


def _stop(session: Session, task: PatrolTask, seq: int) -> int:
    west = WEST + STEP * (seq - 1)
    stop = PatrolStop(
        task_id=task.id,
        seq=seq,
        object_kind="segment",
        object_id=seq,
        name=f"干渠第{seq}段",
        arrive_at=task.starts_at + timedelta(minutes=30 * seq),
        leave_at=task.starts_at + timedelta(minutes=30 * seq + 20),
        geom=f"SRID=4490;LINESTRING({west} {SOUTH}, {west + STEP} {SOUTH})",
    )
    return int(_add(session, stop).id)


def _add(session: Session, row: Any) -> Any:  # noqa: ANN401 - any row
    session.add(row)
    session.flush()
    return row
