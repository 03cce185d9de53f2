"""Build a week: what is due, who can go and how long every way takes, as one week problem."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from gis.crs import STORAGE_CRS, metric_crs_for, to_metric
from gis.routing.parallel import with_shared_matrices
from gis.routing.problem import Crew, WeekProblem
from gis.routing.router import TravelMatrix, TravelRules
from gis.routing.router.snapping import distinct_places
from gis.routing.tasks import patrol_tasks
from gis.schedule import FrequencyPolicy, without_policy
from inspect_app.domain.codes import TravelMode
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import week_text
from inspect_app.models.base import Json
from inspect_app.queries.conditions import Closure, assignments, closures
from inspect_app.queries.crews import CrewOfWeek, crews_of_week
from inspect_app.queries.patrol_week import (
    PatrolObject,
    grid_paths,
    in_known_classes,
    objects_to_patrol,
    week_policies,
)
from inspect_app.queries.policies import policy_value
from inspect_app.queries.roads import road_lines
from inspect_app.workflows.apply_conditions import (
    Exempted,
    ShiftRules,
    assigned,
    due_objects,
    ledger,
    planner_weights,
    shift_rules,
    timed_objects,
    with_rules,
)
from inspect_app.workflows.measure_travel import CountyTravel
from inspect_app.workflows.travel_cache import MatrixStore

PLACE_COLUMNS = (
    "object",
    "kind",
    "start_node",
    "end_node",
    "length_m",
    "one_way",
    "grid",
    "off_road_m",
    "road_fault",
    "road_limit_m",
)


@dataclass(frozen=True, slots=True)
class TravelPolicies:
    """The policy rows that say how crews move, as valid on the week's Monday."""

    patrol_kmh: float
    detour: float
    snap_m: float
    off_road_kmh: float

    def rules(self, *, speed_kmh: float, has_roads: bool, on_foot: bool = False) -> TravelRules:
        """Return the rules of one speed; without any road all ways are straight lines.

        Who walks may go against one-way roads.
        """
        if not has_roads:
            return TravelRules(
                off_road_kmh=speed_kmh, detour=self.detour, snap_m=0.0, straight_m=math.inf
            )
        return TravelRules(
            road_kmh=speed_kmh,
            bank_kmh=min(speed_kmh, self.patrol_kmh),
            off_road_kmh=min(speed_kmh, self.off_road_kmh),
            detour=self.detour,
            snap_m=self.snap_m,
            obeys_oneway=not on_foot,
        )


@dataclass(frozen=True, slots=True, eq=False)
class WeekToPlan:
    """A week problem with what is needed to write its plan down.

    `objects` are those due, by the keys of the problem's tasks; `shapes` their geometry in the
    metric CRS and `nodes` their first and last row in the travel matrices; `policy_of` the
    frequency policy each follows; `unruled` counts objects by kind to which no frequency policy
    applies; `exempted` are the objects that would be due but for an exemption; `closures` the roads
    left out of the ways.
    """

    problem: WeekProblem
    objects: Mapping[str, PatrolObject]
    shapes: Mapping[str, LineString | Point]
    crews: Mapping[str, CrewOfWeek]
    travel: Mapping[str, TravelMatrix]
    metric_crs: CRS
    policies: Mapping[str, FrequencyPolicy]
    policy_of: Mapping[str, str]
    unruled: Mapping[str, int]
    moves: TravelPolicies
    nodes: Mapping[str, tuple[int, int]]
    shifts: ShiftRules
    exempted: tuple[Exempted, ...]
    closures: tuple[Closure, ...]

    def condition_facts(self) -> Json:
        """Return what a plan keeps of exemptions and closed roads."""
        week = self.problem.week
        return {
            "exempted": [one.facts() for one in self.exempted],
            "closed_roads": [one.facts(week) for one in self.closures],
        }


def build_week(
    session: Session,
    week: date,
    *,
    zone: ZoneInfo,
    first_day: date | None = None,
    also: Collection[str] = (),
    store: MatrixStore | None = None,
) -> WeekToPlan:
    """Return the problem of a week from the database.

    Roads are closed on the days their closures cover: where these differ between the days that are
    planned, each set of closed roads has travel matrices of its own.

    Parameters
    ----------
    week
        The Monday.
    zone
        The bureau's time zone; patrol history counts by its days.
    first_day
        Days before it are not planned, e.g. those already over when a week is planned again.
    also
        Keys of objects that get a place, shapes and ways although nothing of them may be due: those
        a published plan visits. Objects that are no longer patrolled are passed over.
    store
        Keeps travel times from one call to the next; None computes them anew.

    Raises
    ------
    Problem
        `no_crews` when no crew works on any of the days, `nothing_due` when nothing is due.
    """
    start = 0 if first_day is None else max(0, (first_day - week).days)
    crews = [
        crew
        for crew in crews_of_week(session, week=week)
        if max(crew.weekdays, default=-1) >= start
    ]
    if not crews:
        raise Problem("no_crews")
    weekdays = frozenset().union(*(crew.weekdays for crew in crews))
    policies = week_policies(session, week=week, weekdays=weekdays)
    objects = in_known_classes(objects_to_patrol(session, day=week), policies)
    due = due_objects(session, objects, policies, week=week, zone=zone)
    visits = _from_day(due.visits, first=start)
    if visits.empty and not also:
        raise Problem("nothing_due", week=week_text(week))
    placed = {**due.objects, **_named(also, objects, policies, week=week)}
    places = _Places(list(crews), list(placed.values()))
    closed = [one for one in closures(session, week) if max(one.days) >= start]
    moves = travel_policies(session, day=week)
    shifts = shift_rules(session, day=week)
    banks = {one.id: one.shape for one in objects if one.shape.geom_type == "LineString"}
    shut = _ClosedRoads(closed, days=sorted(day for day in weekdays if day >= start))
    bank_lines = places.metric(list(banks.values()))
    travel: dict[str, TravelMatrix] = {}
    for number, roads in enumerate(shut.sets):
        county = CountyTravel(
            road_lines(session, closed=roads),
            bank_lines,
            metric_crs=places.metric_crs,
            snap_m=moves.snap_m,
            store=store,
        )
        travel |= _travel(county, places, moves=moves, number=number)
    tasks = assigned(
        patrol_tasks(
            visits, places.table(travel, limit_m=moves.snap_m), patrol_kmh=moves.patrol_kmh
        ),
        assignments(session, week),
        objects=due.objects,
        crews=crews,
        paths=grid_paths(session),
    )
    problem = WeekProblem(
        week,
        tasks,
        tuple(
            with_rules(
                replace(_crew(crew, node=node, start=start), modes=shut.modes(crew)),
                crew,
                rules=shifts,
            )
            for node, crew in zip(places.homes, crews, strict=True)
        ),
        {name: matrix.seconds for name, matrix in travel.items()},
        weights=planner_weights(session, day=week),
    )
    unruled = without_policy(ledger(objects), policies, week=week)
    return WeekToPlan(
        problem=problem,
        objects=placed,
        shapes=places.shapes,
        crews={crew.name: crew for crew in crews},
        travel=travel,
        metric_crs=places.metric_crs,
        policies={policy.key: policy for policy in policies},
        policy_of=dict(zip(visits["object"], visits["policy"], strict=True)),
        unruled=unruled["object_kind"].value_counts().to_dict(),
        moves=moves,
        nodes=places.nodes,
        shifts=shifts,
        exempted=due.exempted,
        closures=tuple(closed),
    )


def shared_travel(built: WeekToPlan) -> WeekToPlan:
    """Return a week just built with its matrices where several processes can search on them.

    The matrices that the week was built with are let go: no second copy stays.
    """
    problem = with_shared_matrices(built.problem)
    for name, matrix in built.travel.items():
        matrix.share(problem.travel_s[name])
    return replace(built, problem=problem)


def travel_policies(session: Session, *, day: date) -> TravelPolicies:
    """Return the policy rows on travel that hold on a day."""
    return TravelPolicies(
        patrol_kmh=policy_value(session, "patrol_speed_kmh", day=day),
        detour=policy_value(session, "detour_factor", day=day),
        snap_m=policy_value(session, "snap_road_max_m", day=day),
        off_road_kmh=policy_value(session, "off_road_speed_kmh", day=day),
    )


def _named(
    keys: Collection[str],
    objects: Sequence[PatrolObject],
    policies: Sequence[FrequencyPolicy],
    *,
    week: date,
) -> dict[str, PatrolObject]:
    """Return the objects with these keys, with hours or without, in the order of the keys."""
    if not keys:
        return {}
    with_hours = [policy for policy in policies if policy.window is not None]
    known = {one.key: one for one in [*objects, *timed_objects(objects, with_hours, week=week)]}
    return {key: known[key] for key in keys if key in known}


class _ClosedRoads:
    """The sets of roads closed on the days of a week; the one of most days is the first."""

    def __init__(self, closed: Sequence[Closure], *, days: Sequence[int]) -> None:
        self._of_day = {
            day: frozenset(one.road_id for one in closed if day in one.days) for day in days
        }
        # Ties: the set of the earliest day.
        self.sets = [roads for roads, _ in Counter(self._of_day.values()).most_common()]

    def modes(self, crew: CrewOfWeek) -> dict[int, str]:
        """Return the travel matrices of a crew on days that are not as most."""
        return {
            day: _mode(crew, number=self.sets.index(roads))
            for day, roads in self._of_day.items()
            if roads != self.sets[0] and day in crew.weekdays
        }


def _mode(crew: CrewOfWeek, *, number: int) -> str:
    """Return the name of a crew's travel matrix with one of the week's sets of closed roads."""
    return crew.travel if number == 0 else f"{crew.travel} #{number}"


class _Places:
    """The terminals of the travel matrices: homes first, then the ends of the objects.

    Each place is there once.
    """

    def __init__(self, crews: Sequence[CrewOfWeek], objects: Sequence[PatrolObject]) -> None:
        self.objects = objects
        self.crew_list = crews
        stored = gpd.GeoSeries(
            [crew.home for crew in crews] + [one.shape for one in objects], crs=STORAGE_CRS
        )
        self.metric_crs = metric_crs_for(stored.total_bounds.tolist())
        metric = to_metric(stored, metric_crs=self.metric_crs).to_numpy()
        lines = metric[len(crews) :]
        self.shapes: dict[str, BaseGeometry] = {
            one.key: line for one, line in zip(objects, lines, strict=True)
        }
        xy = np.array([(one.coords[0][:2], one.coords[-1][:2]) for one in metric], dtype=float)
        # Reaches that follow each other share an end, and crews a home: in a county a matrix of
        # every end would be three times as large.
        self.xy, place = distinct_places(xy.reshape(-1, 2))
        nodes = [(first, last) for first, last in place.reshape(-1, 2).tolist()]
        self.homes = [home for home, _ in nodes[: len(crews)]]
        self._nodes = nodes[len(crews) :]

    @property
    def nodes(self) -> dict[str, tuple[int, int]]:
        """Return the first and last terminal of each object; equal for a stop."""
        return {one.key: pair for one, pair in zip(self.objects, self._nodes, strict=True)}

    def metric(self, lines: Sequence[LineString]) -> list[LineString]:
        """Return lines in the metric reference system of the places."""
        stored = gpd.GeoSeries(list(lines), crs=STORAGE_CRS)
        return list(to_metric(stored, metric_crs=self.metric_crs))

    def table(self, travel: Mapping[str, TravelMatrix], *, limit_m: float) -> pd.DataFrame:
        """Return the table of places that the tasks are made from."""
        one_mode = next(iter(travel.values()))
        off_road_m, fault = one_mode.off_road_m, one_mode.fault
        # Of a segment the end nearer to the roads says how far it is from them.
        nearest = [min(ends, key=lambda node: float(off_road_m[node])) for ends in self._nodes]
        rows = [
            (
                one.key,
                str(one.kind),
                start,
                end,
                self.shapes[one.key].length,
                False,
                None if one.grid_id is None else str(one.grid_id),
                off_road_m[near],
                str(fault[near]),
                limit_m,
            )
            for one, (start, end), near in zip(self.objects, self._nodes, nearest, strict=True)
        ]
        return pd.DataFrame(rows, columns=list(PLACE_COLUMNS))


def _from_day(due: pd.DataFrame, *, first: int) -> pd.DataFrame:
    """Return what is due on the days that are left; visits cannot outnumber these."""
    days = [tuple(day for day in days if day >= first) for days in due["days"]]
    visits = [
        min(number, max(1, len(left))) for number, left in zip(due["visits"], days, strict=True)
    ]
    return due.assign(days=days, visits=visits)


def _travel(
    county: CountyTravel, places: _Places, *, moves: TravelPolicies, number: int
) -> dict[str, TravelMatrix]:
    ways = {_mode(crew, number=number): (crew.speed_kmh, crew.mode) for crew in places.crew_list}
    return {
        name: county.matrix(
            places.xy,
            moves.rules(
                speed_kmh=speed,
                has_roads=county.roads.any_open,
                on_foot=mode == TravelMode.FOOT,
            ),
        )
        for name, (speed, mode) in ways.items()
    }


def _crew(crew: CrewOfWeek, *, node: int, start: int) -> Crew:
    grids = None if crew.grid_ids is None else frozenset(str(one) for one in crew.grid_ids)
    return Crew(
        crew.name,
        node,
        frozenset(day for day in crew.weekdays if day >= start),
        crew.shift_start_min,
        crew.shift_min,
        officers=crew.officers,
        grids=grids,
        mode=crew.travel,
        members=crew.members,
    )
