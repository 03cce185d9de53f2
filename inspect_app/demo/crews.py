"""Crews at the township stations and the brigade, and the objects each one patrols."""

from dataclasses import dataclass
from datetime import date, time

import numpy as np
import pandas as pd
import shapely

from inspect_app.demo.grids import FOUNDED
from inspect_app.demo.ground import Ground
from inspect_app.demo.people import People
from inspect_app.demo.plane import Floats
from inspect_app.domain.access import Role
from inspect_app.domain.codes import ObjectKind

SHIFT = (time(8, 30), time(17, 30))
NIGHT_SHIFT = (time(18, 0), time(2, 0))
NIGHT_DAYS = ([1, 3, 5], [2, 4, 6])
SPEED_KMH = 30.0
SERVICE_MIN = {"segment": 12.0, "outlet": 10.0, "source": 30.0, "water_source": 25.0}


@dataclass(frozen=True, slots=True)
class PatrolObject:
    """Something a crew goes to: a reach as a line, all else as a point; metres."""

    kind: ObjectKind
    id: int
    name: str
    township: int
    xy: Floats
    grid: int
    object_class: str | None
    """What frequency policies tell apart: the waterway's level, the permit class."""

    @property
    def important(self) -> bool:
        """Whether it is a key unit."""
        return self.object_class == "key"


@dataclass(frozen=True, slots=True)
class CrewPlan:
    """A crew as the history of patrols needs it."""

    id: int
    name: str
    members: list[int]
    home: tuple[float, float]
    weekdays: list[int]
    tasks_a_week: int
    township: int | None
    reviewer: int
    objects: list[PatrolObject]


def patrol_objects(ground: Ground, places: dict[str, pd.DataFrame]) -> list[PatrolObject]:
    """Return everything the crews patrol."""
    path = dict(zip(ground.grids.frame.id, ground.grids.frame.path, strict=True))
    objects: list[PatrolObject] = []

    def add(kind: ObjectKind, row: object, xy: Floats, *, narrowed: str | None) -> None:
        township = int(path[row.grid_id].split("/")[2])  # type: ignore[attr-defined]
        objects.append(
            PatrolObject(kind, row.id, row.name, township, xy, row.grid_id, narrowed)  # type: ignore[attr-defined]
        )

    for way_id, reaches in places["patrol_segment"].groupby("waterway_id"):
        way = ground.waterways[int(way_id) - 1]
        line = way.line
        marks = np.linspace(0, line.length, len(reaches) + 1)
        for place, row in enumerate(reaches.itertuples()):
            piece = shapely.ops.substring(line, marks[place], marks[place + 1])
            add(ObjectKind.SEGMENT, row, shapely.get_coordinates(piece), narrowed=way.level)
    for row in places["outlet"][~places["outlet"].closed].itertuples():
        add(ObjectKind.OUTLET, row, np.array([[row.x, row.y]]), narrowed=None)
    sources = places["pollution_source"]
    for row in sources[
        ~sources.closed & sources.permit_class.isin(["key", "simplified"])
    ].itertuples():
        xy = np.array([[row.x, row.y]])
        add(ObjectKind.SOURCE, row, xy, narrowed=row.permit_class)
    return objects


def make_crews(
    ground: Ground, people: People, stations: pd.DataFrame, *, objects: list[PatrolObject]
) -> tuple[dict[str, pd.DataFrame], list[CrewPlan]]:
    """Return the frames of crews and the crews; brigade crews come first, night crews last.

    The night crews are new: they have no objects and so no history.
    """
    plans: list[CrewPlan] = []
    yard = stations[stations.kind == "other"].iloc[0]
    officers = people.by_role[Role.INSPECTOR, None]
    deputy = people.by_role[Role.DEPUTY, None][0]
    rows, homes = [], []
    for number in range(2):
        days = list(range(1, 8)) if number == 0 else [1, 2, 3, 4, 5]
        mine = [thing for thing in objects if thing.important or thing.kind is ObjectKind.OUTLET]
        members = officers[3 * number : 3 * number + 3]
        home = (float(yard.x), float(yard.y))
        name = f"执法大队巡查{number + 1}组"
        plan = CrewPlan(len(plans) + 1, name, members, home, days, len(days), None, deputy, mine)
        plans.append(plan)
        rows.append((2, int(yard.id)))
        homes.append(yard)
    for place, town in enumerate(ground.towns):
        station = stations.iloc[place]
        township = town.township
        staff = people.by_role[Role.STATION, township][: 2 if place else 1]
        worker = people.by_role[Role.WORKER, town.grid][0]
        mine = [thing for thing in objects if thing.township == township]
        days = [list(range(1, 8)), [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]][min(place, 1 + place % 2)]
        home = (float(station.x), float(station.y))
        chief = people.by_role[Role.CHIEF, township][0]
        members = [*staff, worker]
        name = f"{ground.grids.frame.name[township - 1]}巡查组"
        tasks = 7 if place == 0 else 4
        plan = CrewPlan(len(plans) + 1, name, members, home, days, tasks, township, chief, mine)
        plans.append(plan)
        rows.append((people.stations[township], int(station.id)))
    nights = [_night_crew(plans, number=number, officers=officers) for number in range(2)]
    return _frames([*rows, rows[0], rows[0]], [*plans, *nights]), [*plans, *nights]


def _night_crew(plans: list[CrewPlan], *, number: int, officers: list[int]) -> CrewPlan:
    """Return two officers who go out from the brigade's yard at night."""
    first = 6 + 2 * number
    return CrewPlan(
        id=len(plans) + 1 + number,
        name=f"执法大队夜查{number + 1}组",
        members=officers[first : first + 2],
        home=plans[0].home,
        weekdays=NIGHT_DAYS[number],
        tasks_a_week=0,
        township=None,
        reviewer=plans[0].reviewer,
        objects=[],
    )


def _shift(crew: CrewPlan) -> tuple[time, time]:
    return NIGHT_SHIFT if crew.weekdays in NIGHT_DAYS else SHIFT


def _frames(rows: list[tuple[int, int]], plans: list[CrewPlan]) -> dict[str, pd.DataFrame]:
    crew = pd.DataFrame(
        {
            "id": [plan.id for plan in plans],
            "name": [plan.name for plan in plans],
            "station_id": [station for _, station in rows],
            "org_id": [org for org, _ in rows],
            "weekdays": [plan.weekdays for plan in plans],
            "shift_start": [_shift(plan)[0] for plan in plans],
            "shift_end": [_shift(plan)[1] for plan in plans],
            "mode": "car",
            "speed_kmh": SPEED_KMH,
            "vehicle_no": [f"宁Z·D{plan.id:04d}" for plan in plans],
            "active": True,
        }
    )
    members = [
        {"crew_id": plan.id, "person_id": person, "valid_from": FOUNDED}
        for plan in plans
        for person in plan.members
    ]
    grids = [
        {"crew_id": plan.id, "grid_id": plan.township}
        for plan in plans
        if plan.township is not None
    ]
    return {
        "crew": crew,
        "crew_member": pd.DataFrame(members),
        "crew_grid": pd.DataFrame(grids),
    }


def first_day(today: date) -> date:
    """Return the Monday of the week of a day."""
    return date.fromordinal(today.toordinal() - today.weekday())
