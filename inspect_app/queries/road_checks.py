"""Checks of the roads: parts that do not touch, and objects that no crew can reach."""

from collections.abc import Sequence
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from sqlalchemy.orm import Session

from gis.crs import STORAGE_CRS, metric_crs_for, to_metric
from gis.routing.explain import REASONS, Reason
from gis.routing.problem import UNREACHABLE_S
from gis.routing.router import (
    Banks,
    Engine,
    Router,
    SnapFault,
    Terminals,
    Topology,
    TravelRules,
    parts_of,
)
from gis.routing.router.network import Flags, Floats
from inspect_app.domain.codes import TravelMode
from inspect_app.domain.weeks import monday_of
from inspect_app.queries.crews import CrewOfWeek, crews_of_week
from inspect_app.queries.faults import EXAMPLES, Fault
from inspect_app.queries.patrol_week import (
    PatrolObject,
    objects_to_patrol,
)
from inspect_app.queries.policies import PolicyMissing, policy_value
from inspect_app.queries.roads import RoadLines, road_lines

NAMES_OF_A_PART = 3
UNNAMED = "无名道路"
_REASONS = {
    SnapFault.none: Reason.cut_off,
    SnapFault.too_far: Reason.no_road_near,
    SnapFault.road_closed: Reason.road_closed,
}


def roads_unconnected(session: Session, _day: date) -> Fault:
    """Count the parts of the open roads beyond the longest one; each with its longest roads.

    Roads that miss each other by less than half a metre are joined; roads that only cross are not,
    because that is how a bridge is drawn. Cost: noding, 1 s for 10,000 roads.
    """
    title = "路网不连通的部分"
    roads = road_lines(session)
    if not roads.any_open:
        return Fault("roads_unconnected", title, critical=False, count=0)
    network = roads.network(_metric_crs(roads))
    part = parts_of(network, closed=np.isin(network.road_numbers, roads.closed_ids))
    names = pd.Series(roads.names, index=roads.ids).replace("", UNNAMED)
    edges = pd.DataFrame(
        {"part": part, "name": names[network.road_numbers].to_numpy(), "m": network.length_m}
    )
    edges = edges[edges["part"] > 0]
    shown = tuple(_part_in_words(edges[edges["part"] == one]) for one in range(1, EXAMPLES + 1))
    return Fault(
        "roads_unconnected",
        title,
        critical=False,
        count=int(part.max()),
        examples=tuple(words for words in shown if words),
    )


def _part_in_words(edges: pd.DataFrame) -> str:
    if edges.empty:
        return ""
    longest = edges.groupby("name")["m"].sum().sort_values(ascending=False)
    names = "、".join(longest.index[:NAMES_OF_A_PART])
    more = "…" if len(longest) > NAMES_OF_A_PART else ""
    return f"{names}{more} {edges['m'].sum() / 1000:.1f} km"


def objects_unreached(session: Session, day: date) -> Fault:
    """Count what is to be patrolled but cannot be driven to and back from any crew's station.

    Each is shown with its distance from the nearest open road. Without roads, crews or a policy on
    how far a road may be nothing is said. Cost: two searches per crew, 2 s for 20 crews on 100,000
    road nodes.
    """
    key, title = "objects_unreached", "各巡查组都到不了的巡查对象"
    roads = road_lines(session)
    crews = crews_of_week(session, week=monday_of(day))
    objects = objects_to_patrol(session, day=day)
    try:
        limit_m = policy_value(session, "snap_road_max_m", day=day)
    except PolicyMissing:
        limit_m = None
    if limit_m is None or not (roads.any_open and crews and objects):
        return Fault(key, title, critical=False, count=0)
    reached, ends = _reached(roads, crews, objects, limit_m=limit_m)
    lost = np.flatnonzero(~reached)
    shown = tuple(
        _lost_in_words(objects[row], ends, row, limit_m=limit_m) for row in lost[:EXAMPLES]
    )
    return Fault(key, title, critical=False, count=len(lost), examples=shown)


def _lost_in_words(one: PatrolObject, ends: Terminals, row: int, *, limit_m: float) -> str:
    both = (2 * row, 2 * row + 1)
    near = min(both, key=lambda end: float(ends.off_road_m[end]))
    facts = {"off_road_m": round(float(ends.off_road_m[near])), "limit_m": round(limit_m)}
    return f"{one.name}:{REASONS[_REASONS[SnapFault(ends.fault[near])]] % facts}"


def _reached(
    roads: RoadLines,
    crews: Sequence[CrewOfWeek],
    objects: Sequence[PatrolObject],
    *,
    limit_m: float,
) -> tuple[Flags, Terminals]:
    """Tell of each object whether a crew gets there and back; and the ends of the objects."""
    homes = [crew.home for crew in crews]
    stored = gpd.GeoSeries([*homes, *(one.shape for one in objects)], crs=STORAGE_CRS)
    crs = metric_crs_for(stored.total_bounds.tolist())
    shapes = to_metric(stored, metric_crs=crs).to_numpy()
    home_xy, lines = shapely.get_coordinates(shapes[: len(homes)]), shapes[len(homes) :]
    network = roads.network(crs)
    topology = Topology(
        network,
        banks=Banks.of_lines(line for line in lines if line.geom_type == "LineString"),
        snap_m=limit_m,
        without=np.isin(network.road_numbers, roads.closed_ids),
    )
    ends_xy = np.array([_ends(line) for line in lines]).reshape(-1, 2)
    reached = np.zeros(len(ends_xy), dtype=np.bool_)
    for on_foot in {crew.mode == TravelMode.FOOT for crew in crews}:
        rules = TravelRules(obeys_oneway=not on_foot)
        # A few searches are sooner done than a hierarchy built.
        router = Router(topology, rules, engine=Engine.dijkstra, closed=topology.without)
        ends = router.terminals(ends_xy)
        going = [row for row, crew in enumerate(crews) if (crew.mode == TravelMode.FOOT) == on_foot]
        rows = router.rows(home_xy[going], ends)
        both = np.maximum(rows.to_known, rows.from_known) < UNREACHABLE_S
        reached |= both.any(axis=0)
    of_object: Flags = reached.reshape(-1, 2).max(axis=1)
    return of_object, ends


def _ends(line: shapely.LineString | shapely.Point) -> Floats:
    xy = shapely.get_coordinates(line)
    return np.array([xy[0], xy[-1]])


def _metric_crs(roads: RoadLines) -> CRS:
    return metric_crs_for(shapely.total_bounds(shapely.from_wkb(list(roads.shapes))).tolist())
