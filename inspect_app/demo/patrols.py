"""Eight weeks of plans: tasks with their stops, what came of them, logs and tracks."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely

from gis.periods import DAYS_PER_WEEK
from inspect_app.demo.crews import SERVICE_MIN, SPEED_KMH, CrewPlan, PatrolObject, first_day
from inspect_app.demo.duties import Duties, key_of
from inspect_app.demo.ground import Ground, stored_points
from inspect_app.demo.history import History, StepRow
from inspect_app.demo.plan_records import LeftOut, PastWeek
from inspect_app.demo.plane import Floats, stream, to_storage
from inspect_app.demo.tracks import Trip, fixes_of, track_rows
from inspect_app.demo.ways import RoadNet
from inspect_app.domain.codes import ObjectKind

WEEKS = 8
"""Weeks behind; the current one is planned by the planner itself."""
FEWEST, MOST = 2, 8
"""Stops of a day, as long as so many may be visited."""
HASTE_M = 6_000.0
"""What a crew drives further for an object whose period ends today."""
PATROL_KMH = 12.0
HOME = ZoneInfo("Asia/Shanghai")
WEATHER = ("晴", "晴", "多云", "阴", "小雨", "大风", "沙尘")
DRIVEN = {"completed", "submitted", "returned"}
"""States of a task that was driven."""
NOT_DONE = ("道路施工封闭", "渠道检修,车辆无法通行", "企业停产锁门", "雨后土路泥泞")


@dataclass(slots=True)
class Patrols:
    """Rows of all tables of patrols, and the stops that were made (for findings)."""

    plans: list[dict[str, object]] = field(default_factory=list)
    tasks: list[dict[str, object]] = field(default_factory=list)
    stops: list[dict[str, object]] = field(default_factory=list)
    logs: list[dict[str, object]] = field(default_factory=list)
    tracks: list[dict[str, object]] = field(default_factory=list)
    uncovered: list[dict[str, object]] = field(default_factory=list)
    made: list[tuple[dict[str, object], PatrolObject, CrewPlan]] = field(default_factory=list)

    def frames(self, ground: Ground) -> dict[str, pd.DataFrame]:
        """Return the frames; stops and tracks get the deepest grid of their place."""
        stops, tracks = pd.DataFrame(self.stops), pd.DataFrame(self.tracks)
        shapes = stops.geom.to_numpy()
        points = np.asarray(shapely.get_type_id(shapes) == 0)
        stops.loc[points, "grid_id"] = ground.grids.deepest(shapes[points])
        first = shapely.get_point(tracks.line.to_numpy(), 0)
        tracks["grid_id"] = ground.grids.deepest(first)
        tracks["grid_id"] = tracks.grid_id.astype("Int64").where(tracks.grid_id > 0)
        return {
            "patrol_plan": pd.DataFrame(self.plans),
            "patrol_task": pd.DataFrame(self.tasks),
            "patrol_stop": stops,
            "plan_uncovered": pd.DataFrame(self.uncovered),
            "patrol_log": pd.DataFrame(self.logs),
            "track_segment": tracks,
        }


def at(day: date, clock: time) -> datetime:
    """Return the instant (UTC) of a local clock time."""
    return datetime.combine(day, clock, HOME).astimezone(UTC)


def make_patrols(
    seed: int, ground: Ground, crews: list[CrewPlan], *, history: History, today: date
) -> Patrols:
    """Return the plans of the last eight weeks."""
    patrols, duties = Patrols(), Duties()
    goers = Counter(key_of(thing) for crew in crews for thing in crew.objects)
    drivers = [_Driver(stream(seed, f"patrols {crew.id}"), ground, crew) for crew in crews]
    for driver in drivers:
        driver.share_with(goers)
    monday = first_day(today)
    deputy = crews[0].reviewer
    for number in range(1, WEEKS + 1):
        week = monday - timedelta(weeks=WEEKS + 1 - number)
        drafted = at(week - timedelta(days=3), time(15, 10))
        published = at(week - timedelta(days=3), time(16, 40))
        steps = [StepRow("draft", drafted, deputy), StepRow("publish", published, deputy)]
        state = history.live("plan", number, steps)
        tasks, stops = len(patrols.tasks), len(patrols.stops)
        duties.begin(week)
        for driver in drivers:
            driver.week(patrols, history, plan=number, duties=duties, today=today)
        left = _leave_out(crews, plan=number, duties=duties)
        past = PastWeek(
            week,
            crews,
            pd.DataFrame(patrols.tasks[tasks:]),
            pd.DataFrame(patrols.stops[stops:]),
            left,
        )
        patrols.plans.append(
            {"id": number, "week": week, "version": 1, "state": state}
            | past.record(stream(seed, f"plan {number}"))
            | {"created_at": drafted, "created_by": deputy}
            | {"published_at": published, "seed": seed}
        )
        first = len(patrols.uncovered) + 1
        patrols.uncovered += [
            {"id": first + place} | one.row(number) for place, one in enumerate(left)
        ]
    return patrols


def _leave_out(crews: list[CrewPlan], *, plan: int, duties: Duties) -> list[LeftOut]:
    """Return a few due visits to which no road led in the week."""
    chosen = []
    for crew in crews[2 + plan % 4 :: 4]:
        waiting = [thing for thing in crew.objects if not duties.is_planned(thing)]
        if waiting:
            off_road_m = 3_000 + (571 * plan + 97 * crew.id) % 900
            chosen.append(LeftOut(waiting[-plan % len(waiting)], off_road_m))
    return chosen


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in metres and the position of its road vertex among those of the crew."""

    xy: Floats
    node: int


class _Driver:
    """One crew through the weeks: always on to what is due and was not seen for longest."""

    def __init__(self, rng: np.random.Generator, ground: Ground, crew: CrewPlan) -> None:
        self.rng, self.crew = rng, crew
        self.net = RoadNet.of(ground.roads)
        ends = [np.array([crew.home])] + [thing.xy[[0, -1]] for thing in crew.objects]
        self.ends = np.vstack([np.vstack([ends[0], ends[0]]), *ends[1:]]).reshape(-1, 2, 2)
        node = self.net.nearest(self.ends.reshape(-1, 2))
        self.nodes, place = np.unique(node, return_inverse=True)
        self.node = place.reshape(-1, 2)
        self.distance, self.before = self.net.ways_from(self.nodes)
        self.seen = rng.integers(-30, 0, len(crew.objects)).astype(float)
        self.clock = 0
        self.share = np.ones(len(crew.objects))

    def share_with(self, goers: Counter[tuple[str, int]]) -> None:
        """Leave to the other crews that go to an object their part of its visits."""
        others = np.array([goers[key_of(thing)] for thing in self.crew.objects])
        self.share = DAYS_PER_WEEK / self.crew.tasks_a_week / others

    def week(
        self, patrols: Patrols, history: History, *, plan: int, duties: Duties, today: date
    ) -> None:
        """Drive the tasks of a week."""
        days = self.crew.weekdays
        if self.crew.tasks_a_week < len(days):
            chosen = self.rng.choice(days, self.crew.tasks_a_week, replace=False)
            days = sorted(int(day) for day in chosen)
        for weekday in days:
            self.clock += 1
            day = duties.week + timedelta(days=weekday - 1)
            waiting = self._choose(duties, day)
            if waiting:
                start_s = at(day, time(8, 30)).timestamp()
                trip = self._trip(waiting, start_s=start_s)
                out = (patrols, history)
                for row, thing in _write_task(out, self, trip, plan=plan, day=day, today=today):
                    duties.note(thing, day, done=row["result"] == "done")

    def _choose(self, duties: Duties, day: date) -> list[int]:
        """Return the objects of a day: the share of the open ones that keeps the pace."""
        left = np.array([duties.days_left(thing, day) for thing in self.crew.objects])
        is_open = np.flatnonzero(left)
        if not len(is_open):
            return []
        haste = np.minimum(1.0, self.share[is_open] / left[is_open])
        count = min(max(round(haste.sum()), FEWEST), MOST, len(is_open))
        age = (self.clock - self.seen)[is_open]
        first = is_open[np.argmax(haste * 10 + age / 10 + self.rng.random(len(age)))]
        gap = np.hypot(*(self.ends[is_open + 1, 0] - self.ends[first + 1, 0]).T)
        gap[is_open == first] = -np.inf
        chosen = sorted(
            int(place) for place in is_open[np.argsort(gap - 350 * age - HASTE_M * haste)[:count]]
        )
        self.seen[np.array(chosen)] = self.clock
        return chosen

    def _trip(self, waiting: list[int], *, start_s: float) -> Trip:
        """Drive to the objects, always on to the nearest."""
        trip = Trip(start_s)
        home = here = self._place(-1, 0)
        while waiting:
            options = [
                (self.distance[here.node, self.nodes[self.node[place + 1, side]]], place, side)
                for place in waiting
                for side in (0, 1)
            ]
            _, place, side = min(options)
            waiting.remove(place)
            here = self._visit(trip, here, place=place, side=side)
        self._drive(trip, here, home)
        return trip

    def _place(self, place: int, side: int) -> "_Place":
        """Return an end of an object; the crew's home is number -1."""
        return _Place(self.ends[place + 1, side], int(self.node[place + 1, side]))

    def _visit(self, trip: Trip, here: "_Place", *, place: int, side: int) -> "_Place":
        thing = self.crew.objects[place]
        self._drive(trip, here, self._place(place, side))
        arrive = trip.now_s
        if thing.kind is ObjectKind.SEGMENT:
            xy = thing.xy[::-1] if side else thing.xy
            trip.patrol(xy, speed_kmh=PATROL_KMH)
        trip.wait(SERVICE_MIN[thing.kind.value] * 60)
        trip.visits.append((thing, bool(side), arrive, trip.now_s))
        return self._place(place, 1 - side)

    def _drive(self, trip: Trip, start: "_Place", end: "_Place") -> None:
        way = self.net.way(self.before[start.node], int(self.nodes[end.node]))
        trip.go(np.vstack([start.xy, way, end.xy]), speed_kmh=SPEED_KMH)


Visited = tuple[dict[str, object], PatrolObject]


def _write_task(
    out: tuple[Patrols, History], driver: _Driver, trip: Trip, *, plan: int, day: date, today: date
) -> list[Visited]:
    """Write one task, its stops and what became of it; return the stops."""
    patrols, history = out
    crew, number = driver.crew, len(patrols.tasks) + 1
    late_s = lateness(driver.rng)
    steps = life_of(driver.rng, crew, trip, day=day, today=today, late_s=late_s)
    state = history.live("task", number, steps)
    done = state in DRIVEN
    patrols.tasks.append(
        {
            "id": number,
            "plan_id": plan,
            "crew_id": crew.id,
            "day": day,
            "patrol_kind": "routine" if driver.rng.random() < 0.93 else "campaign",
            "state": state,
            "starts_at": moment(trip.start_s),
            "ends_at": moment(trip.now_s),
            "travel_min": round(trip.travel_s / 60, 1),
            "service_min": round(trip.service_s / 60, 1),
            "length_m": round(trip.length_m, 1),
            "route": _route(trip),
        }
    )
    visits = list(_stops(trip, task=number, first=len(patrols.stops) + 1))
    for row, thing in visits:
        if done:
            row |= result_of(driver.rng, leave_s=_epoch(row["leave_at"]), late_s=late_s)
            patrols.made.append((row, thing, crew))
        patrols.stops.append(row)
    if done:
        log, tracks = log_of(driver.rng, crew, trip, task=number, late_s=late_s)
        patrols.logs.append(log)
        patrols.tracks += tracks
    return visits


def moment(seconds: float) -> datetime:
    """Return the instant (UTC) of an epoch time."""
    return datetime.fromtimestamp(round(seconds), UTC)


def _epoch(instant: object) -> float:
    return float(pd.Timestamp(str(instant)).timestamp())


def lateness(rng: np.random.Generator) -> float:
    """Return by how many seconds a crew leaves later than planned."""
    return float(rng.integers(0, 1_500))


def life_of(
    rng: np.random.Generator,
    crew: CrewPlan,
    trip: Trip,
    *,
    day: date,
    today: date,
    late_s: float,
) -> list[StepRow]:
    """Return what became of a task, from the making of its plan on."""
    monday = first_day(day)
    made, out = (at(monday - timedelta(days=3), clock) for clock in (time(15, 10), time(16, 40)))
    review = at(day + timedelta(days=1), time(9, int(rng.integers(5, 55))))
    chance = rng.random()
    steps = [StepRow("plan", made, crew.reviewer), StepRow("publish", out, crew.reviewer)]
    if day >= today:
        return steps
    if chance < 0.03:
        return [*steps, StepRow("miss", review, crew.reviewer)]
    if chance < 0.045:
        reason = "暴雪橙色预警,免巡一次"
        return [*steps, StepRow("exempt", at(day, time(8, 5)), crew.reviewer, reason)]
    if chance < 0.055:
        reason = "班组抽调应急,任务取消"
        return [*steps, StepRow("cancel", at(day, time(8, 5)), crew.reviewer, reason)]
    begun, ended = moment(trip.start_s + late_s), moment(trip.now_s + late_s + 120)
    leader = crew.members[0]
    steps += [StepRow("start", begun, leader), StepRow("finish", ended, leader)]
    if day == today - timedelta(days=1):
        return steps
    if chance > 0.985:
        return [*steps, StepRow("return", review, crew.reviewer, "有两处停留点没有照片,请补充")]
    return [*steps, StepRow("accept", review, crew.reviewer)]


def _route(trip: Trip) -> shapely.MultiLineString:
    lines = np.array([shapely.LineString(leg.xy) for leg in trip.legs if leg.length_m > 1])
    return shapely.MultiLineString(list(to_storage(shapely.simplify(lines, 2.0))))


def _stops(
    trip: Trip, *, task: int, first: int
) -> Iterator[tuple[dict[str, object], PatrolObject]]:
    for seq, (thing, reverse, arrive, leave) in enumerate(trip.visits, start=1):
        if thing.kind is ObjectKind.SEGMENT:
            shape = to_storage(np.array([shapely.LineString(thing.xy)]))[0]
        else:
            shape = stored_points(thing.xy)[0]
        row: dict[str, object] = {
            "id": first + seq - 1,
            "task_id": task,
            "grid_id": thing.grid,
            "seq": seq,
            "object_kind": thing.kind.value,
            "object_id": thing.id,
            "name": thing.name,
            "reverse": reverse,
            "arrive_at": moment(arrive),
            "leave_at": moment(leave),
            "result": "pending",
            "result_reason": None,
            "done_at": None,
            "geom": shape,
        }
        yield row, thing


def result_of(rng: np.random.Generator, *, leave_s: float, late_s: float) -> dict[str, object]:
    """Return the columns that say what became of a stop of a task that was driven."""
    chance = rng.random()
    if chance < 0.95:
        return {"result": "done", "done_at": moment(leave_s + late_s)}
    reason = NOT_DONE[int(rng.integers(len(NOT_DONE)))]
    return {"result": "skipped" if chance < 0.98 else "unreachable", "result_reason": reason}


def log_of(
    rng: np.random.Generator, crew: CrewPlan, trip: Trip, *, task: int, late_s: float
) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return the row of a task's log and those of its track."""
    uid = UUID(bytes=rng.bytes(16), version=4)
    ended = moment(trip.now_s + late_s + 60)
    log: dict[str, object] = {
        "uid": uid,
        "task_id": task,
        "recorder_id": crew.members[0],
        "started_at": moment(trip.start_s + late_s),
        "ended_at": ended,
        "weather": WEATHER[int(rng.integers(len(WEATHER)))],
        "distance_m": round(trip.length_m * float(rng.uniform(0.99, 1.03)), 1),
        "covered_share": round(float(rng.beta(30, 2)), 3),
        "form": {},
        "remark": "未发现异常" if rng.random() < 0.5 else None,
        "received_at": ended + timedelta(minutes=int(rng.integers(1, 40))),
    }
    fixes = fixes_of(rng, trip, late_s=late_s)
    received = ended + timedelta(minutes=5)
    return log, track_rows(uid, fixes, received_at=received)
