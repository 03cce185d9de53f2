"""Who may handle a matter: the grids and river banks around its place and their owners today."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session, defer

from inspect_app.domain.assignment import Asked, Holder, Near, Proposal, Routing, proposals
from inspect_app.models import Complaint, ComplaintMatter, Grid, RoutingRule
from inspect_app.queries.owners import NoOwner, owner_of_grid
from inspect_app.queries.policies import policy_value

TOLERANCE = "assign_tolerance_m"
RIVER_RULE = "river_rule_m"
_METRES_IN_DEGREE = 50_000.0
"""Fewer than a degree of longitude has up to 60° north: the box around a place is never too small.
"""
_NEAREST = 3

_GRIDS = text("""
    SELECT g.id, ST_Distance(g.geom::geography, p.place::geography) AS distance_m
    FROM grid g,
      (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) AS place) AS p
    WHERE g.geom && ST_Expand(p.place, :degrees)
      AND g.valid_from <= :day AND (g.valid_to IS NULL OR g.valid_to > :day)
      AND ST_DWithin(g.geom::geography, p.place::geography, :within_m)
    ORDER BY distance_m, g.depth DESC, g.code
""")
_RIVERS = text("""
    SELECT s.grid_id, s.name, w.name,
      ST_Distance(s.geom::geography, p.place::geography) AS distance_m
    FROM patrol_segment s JOIN waterway w ON w.id = s.waterway_id,
      (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) AS place) AS p
    WHERE s.geom && ST_Expand(p.place, :degrees) AND s.grid_id IS NOT NULL
      AND ST_DWithin(s.geom::geography, p.place::geography, :within_m)
    ORDER BY distance_m, s.id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class NearGrid:
    """A grid that covers a place or whose border is near it."""

    grid: Grid
    distance_m: float


def grids_around(session: Session, lon: float, lat: float, *, day: date) -> list[NearGrid]:
    """Return the deepest grid of the place first, then those of its depth within the tolerance.

    Degrees in EPSG:4490; a place in no grid has the nearest one first. One look into the index.
    """
    within_m = policy_value(session, TOLERANCE, day=day)
    rows = session.execute(_GRIDS, _around(lon, lat, within_m) | {"day": day}).all()
    wanted = select(Grid).where(Grid.id.in_([row[0] for row in rows])).options(defer(Grid.geom))
    known = {grid.id: grid for grid in session.scalars(wanted)}
    near = [NearGrid(known[row[0]], float(row[1])) for row in rows]
    if not near:
        return []
    covering = [one for one in near if one.distance_m == near[0].distance_m]
    home = max(covering, key=lambda one: one.grid.depth)
    others = [one for one in near if one is not home and one.grid.depth == home.grid.depth]
    return [home, *others]


def _around(lon: float, lat: float, within_m: float) -> dict[str, float]:
    return {
        "lon": lon,
        "lat": lat,
        "within_m": within_m,
        "degrees": max(within_m, 1.0) / _METRES_IN_DEGREE,
    }


def proposed_for(session: Session, asked: Asked, *, day: date) -> list[Proposal]:
    """Return whom a matter would be proposed to on the day; nobody by place where it has none."""
    rivers: list[Near] = []
    areas: list[Near] = []
    if asked.place is not None:
        lon, lat = asked.place
        for near in grids_around(session, lon, lat, day=day):
            holder = _holder(session, near.grid, day=day)
            if holder is not None:
                areas.append(Near(holder, near.distance_m, near.grid.name))
        rivers = _rivers(session, lon, lat, day=day)
    return proposals(asked, routing=_routing(session, day=day), rivers=rivers, areas=areas)


def proposed_handlers(session: Session, matter: ComplaintMatter, *, day: date) -> list[Proposal]:
    """Return whom a matter is proposed to on the day, first one first."""
    point = session.execute(
        select(func.ST_X(ComplaintMatter.geom), func.ST_Y(ComplaintMatter.geom)).where(
            ComplaintMatter.id == matter.id, ComplaintMatter.geom.is_not(None)
        )
    ).first()
    subtypes = session.scalars(
        select(func.unnest(Complaint.pollution_subtypes).label("subtype"))
        .where(Complaint.matter_id == matter.id)
        .distinct()
        .order_by("subtype")
    )
    asked = Asked(
        None if point is None else (float(point[0]), float(point[1])),
        tuple(matter.pollution_types),
        tuple(subtypes),
    )
    return proposed_for(session, asked, day=day)


def _holder(session: Session, grid: Grid, *, day: date) -> Holder | None:
    """Return the owner of a grid, or of the nearest grid above it that has one."""
    at: Grid | None = grid
    while at is not None:
        try:
            owner = owner_of_grid(session, at, day=day)
        except NoOwner:
            at = None if at.parent_id is None else session.get(Grid, at.parent_id)
            continue
        return Holder(owner.person.id, owner.person.name, owner.duty, grid.id, grid.name)
    return None


def _rivers(session: Session, lon: float, lat: float, *, day: date) -> list[Near]:
    within_m = policy_value(session, RIVER_RULE, day=day)
    rows = session.execute(_RIVERS, _around(lon, lat, within_m) | {"most": _NEAREST})
    found = []
    for grid_id, segment, waterway, distance_m in rows:
        holder = _holder(session, session.get_one(Grid, grid_id), day=day)
        if holder is not None:
            name = segment if segment.startswith(waterway) else f"{waterway}{segment}"
            found.append(Near(holder, float(distance_m), name))
    return found


def _routing(session: Session, *, day: date) -> list[Routing]:
    rows = session.scalars(
        select(RoutingRule)
        .where(
            RoutingRule.valid_from <= day,
            or_(RoutingRule.valid_to.is_(None), RoutingRule.valid_to > day),
        )
        .order_by(RoutingRule.id)
    )
    return [Routing(row.pollution_type, row.pollution_subtype, row.department) for row in rows]
