"""The supervision grids: four levels that tile the county, and last year's reorganisation."""

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from inspect_app.demo import names
from inspect_app.demo.plane import Floats, Noise, Places, Shapes, stream, to_storage
from inspect_app.demo.terrain import Terrain, grown, spread
from inspect_app.demo.waterways import Stream

VILLAGES = 150
VILLAGE_MIN_KM2 = 2.2
BORDER_TOLERANCE_M = 45.0
LEVEL_NAMES = ("县级网格", "乡镇级网格", "村级网格", "单元网格")
FOUNDED = date(2019, 1, 1)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A town or village as people live in it: its grid's row, its middle in metres."""

    grid: int
    name: str
    township: int
    x: float
    y: float
    town: bool


@dataclass(frozen=True, slots=True)
class Grids:
    """All grids (current and former) with their shapes in metres, and the settlements."""

    frame: gpd.GeoDataFrame
    metric: Shapes
    settlements: list[Settlement]
    reorganised_on: date

    def deepest(self, points: Shapes, days: pd.Series | None = None) -> Places:
        """Return the id of the unit grid of each stored point, 0 where there is none.

        Ties go to the lower code. `days` are the days on which the grids are asked for; without
        them the grids of today answer.
        """
        found = np.zeros(len(points), dtype=np.int64)
        before = np.zeros(len(points), dtype=bool)
        if days is not None:
            before = (pd.to_datetime(days) < pd.Timestamp(self.reorganised_on)).to_numpy()
        for former in (False, True):
            asked = np.flatnonzero(before == former)
            found[asked] = self._covering(points[asked], former=former)
        return found

    def _covering(self, points: Shapes, *, former: bool) -> Places:
        frame = self.frame
        gone, new = frame.valid_to.notna(), frame.valid_from == self.reorganised_on
        units = frame[(frame.depth == 4) & ~(new if former else gone)].sort_values("code")
        tree = shapely.STRtree(units.geom.to_numpy())
        point, unit = tree.query(points, predicate="intersects")
        order = np.lexsort((unit, point))[::-1]
        found = np.zeros(len(points), dtype=np.int64)
        found[point[order]] = units.id.to_numpy()[unit[order]]
        return found


def make_grids(seed: int, terrain: Terrain, waterways: list[Stream], *, today: date) -> Grids:
    """Grow townships, villages and unit grids from their middles along the ground's barriers."""
    rng = stream(seed, "grids")
    unit_of, village_of, township_of, middles = _grow(rng, terrain, waterways)
    shapes = _tiles(terrain, unit_of, int(unit_of.max()) + 1)
    rows = _Rows(today.year - 1, rng, shapes, terrain.mesh.xy[middles])
    rows.county()
    for township in _west_to_east(np.unique(township_of), middles, terrain.mesh.xy):
        rows.township(int(township), village_of, township_of)
    return rows.finished()


def _grow(
    rng: np.random.Generator, terrain: Terrain, waterways: list[Stream]
) -> tuple[Places, Places, Places, Places]:
    """Return the unit of each cell, the village and township of each unit, the units' middles."""
    mesh = terrain.mesh
    rough = np.exp(0.5 * Noise.draw(rng, wavelength_m=3_000).at(mesh.xy[mesh.edges].mean(axis=1)))
    cost = mesh.length_m * rough * rng.lognormal(0, 0.25, len(mesh.edges))
    for level, factor in (("main", 6.0), ("branch", 2.5), ("lateral", 1.4)):
        lines = np.array([way.line for way in waterways if way.level == level], dtype=object)
        cost = np.where(mesh.crossing(lines), cost * factor, cost)
    inner = shapely.dwithin(shapely.points(mesh.xy), terrain.border.exterior, 3_200)
    fertile = np.where(terrain.left, 1.0, 0.55) * np.where(inner, 0.15, 1.0)
    towns = spread(mesh.xy, len(names.TOWNSHIPS), rng=rng, weight=fertile)
    township = grown(mesh, cost, towns)
    cost = _walled(terrain, cost, township)
    villages = _seeds(rng, terrain, township, towns, count=VILLAGES)
    village = grown(mesh, cost, villages)
    cost = _walled(terrain, cost, village)
    units, village_of = [], []
    for place, middle in enumerate(villages):
        cells = np.flatnonzero(village == place)
        count = int(rng.integers(1, 5)) if len(cells) > 40 else 1
        others = cells[spread(mesh.xy[cells], count, rng=rng)][1:]
        units += [int(middle), *(int(cell) for cell in others if cell != middle)]
        village_of += [place] * (len(units) - len(village_of))
    unit = grown(mesh, cost, np.array(units))
    return unit, np.array(village_of), township[villages], np.array(units)


def _walled(terrain: Terrain, cost: Floats, owner: Places) -> Floats:
    ends = owner[terrain.mesh.edges]
    return np.where(ends[:, 0] == ends[:, 1], cost, np.inf)


def _seeds(
    rng: np.random.Generator, terrain: Terrain, township: Places, towns: Places, *, count: int
) -> Places:
    """Return the middles of villages: each town's own first, then spread over the township."""
    size = np.bincount(township, weights=np.where(terrain.left, 1.35, 0.8)[:])
    share = np.maximum(4, np.round(size / size.sum() * count)).astype(int)
    share[share.argmax()] += count - share.sum()
    seeds: list[int] = []
    for place, town in enumerate(towns):
        cells = np.flatnonzero(township == place)
        chosen = cells[spread(terrain.mesh.xy[cells], int(share[place]), rng=rng)]
        gap = np.hypot(*(terrain.mesh.xy[chosen] - terrain.mesh.xy[town]).T)
        chosen[gap.argmin()] = town
        seeds += [int(cell) for cell in chosen]
    return np.array(seeds)


def _tiles(terrain: Terrain, unit_of: Places, count: int) -> Shapes:
    cells = terrain.mesh.cells
    order = np.argsort(unit_of, kind="stable")
    groups = np.split(cells[order], np.cumsum(np.bincount(unit_of, minlength=count))[:-1])
    rough = np.array([shapely.coverage_union_all(group) for group in groups], dtype=object)
    return np.asarray(shapely.coverage_simplify(rough, BORDER_TOLERANCE_M), dtype=object)


def _west_to_east(townships: Places, middles: Places, xy: Floats) -> Places:
    """Return the townships with the county seat, the one nearest the middle, first."""
    del middles, xy
    return townships


class _Rows:
    """Rows of grids as they are founded: ids, codes, paths and periods in one place."""

    def __init__(
        self, year: int, rng: np.random.Generator, shapes: Shapes, middles: Floats
    ) -> None:
        self.changed_on = date(year, 7, 1)
        self.rng, self.shapes, self.middles = rng, shapes, middles
        self.rows: list[dict[str, object]] = []
        self.metric: list[shapely.Geometry] = []
        self.settlements: list[Settlement] = []
        self.villages = names.villages(rng, VILLAGES * 2)
        self.reorganised = 0

    def add(
        self,
        units: list[int],
        *,
        parent: int | None,
        code: str,
        name: str,
        period: tuple[date, date | None] = (FOUNDED, None),
    ) -> int:
        """Add one grid made of unit shapes; return its id."""
        number = len(self.rows) + 1
        path = f"/{number}/" if parent is None else f"{self.rows[parent - 1]['path']}{number}/"
        depth = path.count("/") - 1
        shape = shapely.coverage_union_all(self.shapes[units])
        self.rows.append(
            {
                "id": number,
                "parent_id": parent,
                "code": code,
                "name": name,
                "depth": depth,
                "level_name": LEVEL_NAMES[depth - 1],
                "path": path,
                "valid_from": period[0],
                "valid_to": period[1],
            }
        )
        self.metric.append(shape)
        return number

    def county(self) -> None:
        """Add the county."""
        every = list(range(len(self.shapes)))
        self.add(every, parent=None, code=names.COUNTY_CODE, name=names.COUNTY)

    def township(self, place: int, village_of: Places, township_of: Places) -> None:
        """Add a township with its villages; the town's own village comes first."""
        code = f"{names.COUNTY_CODE}{place + 1:03d}"
        name = names.TOWNSHIPS[place]
        mine = np.flatnonzero(township_of == place)
        units = {int(v): [int(u) for u in np.flatnonzero(village_of == v)] for v in mine}
        everything = [unit for group in units.values() for unit in group]
        township = self.add(everything, parent=1, code=code, name=name)
        groups = list(units.values())
        merged = place in {2, 5} and self._merge(township, groups)
        if not merged and place in {7, 8}:
            self._split(township, groups)
        for group in groups:
            self._village(township, group)

    def _next_code(self, parent: int) -> str:
        taken = {row["code"] for row in self.rows if row["parent_id"] == parent}
        return f"{self.rows[parent - 1]['code']}{len(taken) + 1:03d}"

    def _village(
        self,
        township: int,
        group: list[int],
        *,
        period: tuple[date, date | None] = (FOUNDED, None),
        named: tuple[str, str] | None = None,
    ) -> int:
        """Add a village with its unit grids; `named` gives its code and name."""
        code, name = named or (self._next_code(township), self.villages.pop())
        village = self.add(group, parent=township, code=code, name=name, period=period)
        for place, unit in enumerate(group, start=1):
            label = name if len(group) == 1 else f"{name}第{place}单元"
            self.add(
                [unit], parent=village, code=f"{code}{place:03d}", name=label, period=period
            )
        if period[1] is None:
            x, y = self.middles[group[0]]
            town = not any(place.township == township for place in self.settlements)
            self.settlements.append(Settlement(village, name, township, x, y, town))
        return village

    def _merge(self, township: int, groups: list[list[int]]) -> bool:
        """Merge two villages into one last year: two former grids, one successor."""
        for group in reversed(groups[1:]):
            if len(group) >= 3:
                groups.remove(group)
                old, new = (FOUNDED, self.changed_on), (self.changed_on, None)
                first = (self._next_code(township), self.villages.pop())
                self._village(township, group[:2], period=old, named=first)
                self._village(township, group[2:], period=old)
                self._village(township, group, period=new, named=first)
                return True
        return False

    def _split(self, township: int, groups: list[list[int]]) -> None:
        """Split a village in two last year: one former grid, two successors."""
        for group in reversed(groups[1:]):
            if len(group) >= 3:
                groups.remove(group)
                old, new = (FOUNDED, self.changed_on), (self.changed_on, None)
                first = (self._next_code(township), self.villages.pop())
                self._village(township, group, period=old, named=first)
                self._village(township, group[:2], period=new, named=first)
                self._village(township, group[2:], period=new)
                return

    def finished(self) -> Grids:
        """Return the frame of all grids."""
        metric = np.array(self.metric, dtype=object)
        frame = pd.DataFrame(self.rows)
        frame["parent_id"] = frame.parent_id.astype("Int64")
        frame.insert(7, "area_km2", np.round(shapely.area(metric) / 1e6, 4))
        frame["geom"] = shapely.multipolygons(to_storage(metric)[:, None])
        return Grids(
            gpd.GeoDataFrame(frame, geometry="geom", crs="EPSG:4490"),
            metric,
            self.settlements,
            self.changed_on,
        )
