"""Outlets on the banks, drinking-water sources with their zones, and the bureau's stations."""

from datetime import date

import numpy as np
import pandas as pd
import shapely

from inspect_app.demo import names
from inspect_app.demo.ground import Ground, stored_points, zone_shares
from inspect_app.demo.people import BUREAU, People
from inspect_app.demo.plane import Floats, stream, to_storage
from inspect_app.demo.sources import places_of
from inspect_app.demo.waterways import Stream
from inspect_app.domain.codes import OutletClass, SourceKind, StationKind, ZoneLevel

OUTLETS = 160
HALF_WIDTH_M = {"main": 22.0, "branch": 7.0, "lateral": 3.0}
C = OutletClass
CLASS_OF = {
    SourceKind.SEWAGE_PLANT: (C.MUNICIPAL_PLANT,),
    SourceKind.LIVESTOCK: (C.LIVESTOCK, C.SMALL_LIVESTOCK),
    SourceKind.CATERING: (C.URBAN_SCATTERED, C.URBAN_STORM),
    SourceKind.CONSTRUCTION_SITE: (C.URBAN_STORM,),
}
INDUSTRIAL = (C.INDUSTRIAL_MINE, C.INDUSTRIAL_STORM)
UNOWNED = (C.RURAL_SCATTERED, C.RURAL_TREATMENT, C.IRRIGATION, C.URBAN_STORM, C.AQUACULTURE)
SHORT = {
    "1": "工业排污口",
    "2": "污水厂排口",
    "3": "养殖排口",
    "4": "散排口",
    "4.1": "灌区退水口",
    "4.5": "农村污水站排口",
    "4.7": "雨洪排口",
}
UPSTREAM_M = {ZoneLevel.LEVEL_1: 1_000.0, ZoneLevel.LEVEL_2: 3_000.0, ZoneLevel.QUASI: 6_000.0}
DOWNSTREAM_M = {ZoneLevel.LEVEL_1: 100.0, ZoneLevel.LEVEL_2: 300.0, ZoneLevel.QUASI: 600.0}
BANK_M = {ZoneLevel.LEVEL_1: 50.0, ZoneLevel.LEVEL_2: 600.0, ZoneLevel.QUASI: 1_000.0}
"""River zones after HJ 338-2018: typical least extents; the approved polygons differ by place."""
WELL_RADIUS_M = {ZoneLevel.LEVEL_1: 120.0, ZoneLevel.LEVEL_2: 700.0, ZoneLevel.QUASI: 1_600.0}
INTAKE_AT_M = 7_800.0


def make_outlets(seed: int, ground: Ground, sources: pd.DataFrame) -> pd.DataFrame:
    """Return outlets, metres off the centre-line on a bank, most of them with their source."""
    rng = stream(seed, "outlets")
    ways = ground.waterways
    weight = np.array([{"main": 3.2, "branch": 1.3, "lateral": 0.35}[way.level] for way in ways])
    weight *= np.array([way.line.length for way in ways])
    homes = places_of(sources)
    rows = []
    for number in range(1, OUTLETS + 1):
        if number <= 3:
            way, mark = 0, INTAKE_AT_M - (350.0, 1_900.0, 4_300.0)[number - 1]
        else:
            way = int(rng.choice(len(ways), p=weight / weight.sum()))
            mark = float(rng.uniform(0.03, 0.97) * ways[way].line.length)
        bank = "左岸" if rng.random() < 0.5 else "右岸"
        x, y = _on_bank(rng, ways[way], mark, side=1 if bank == "左岸" else -1)
        gaps = np.hypot(*(homes - [x, y]).T)
        source = int(gaps.argmin()) if gaps.min() < 2_400 else -1
        row = _outlet(rng, ground, sources, source=source)
        code = _type_letters(str(row["outlet_class"]))
        rows.append(
            row
            | {
                "id": number,
                "x": x,
                "y": y,
                "name": f"{ways[way].name}{bank}{row['name']}",
                "receiving_water": ways[way].name,
                "waterway_id": way + 1,
                "outlet_code_national": f"HX-{names.COUNTY_CODE}-{number:04d}-{code}-00",
                "outlet_code_local": f"NQ-{number:04d}" if rng.random() < 0.6 else None,
            }
        )
    outlets = pd.DataFrame(rows)
    outlets["name"] = _different(outlets["name"])
    outlets["closed"] = (rng.random(len(outlets)) < 0.05) & (outlets.id > 3)
    outlets["source_id"] = outlets.source_id.astype("Int64")
    outlets["geom"] = stored_points(outlets[["x", "y"]].to_numpy())
    outlets["grid_id"] = ground.grids.deepest(outlets.geom.to_numpy())
    return outlets


def _different(titles: pd.Series) -> pd.Series:
    again = titles.groupby(titles).cumcount()
    return titles.where(again == 0, titles + (again + 1).astype(str) + "号")


def _on_bank(
    rng: np.random.Generator, way: Stream, mark: float, *, side: int
) -> tuple[float, float]:
    here, ahead = (
        shapely.get_coordinates(way.line.interpolate(place))[0] for place in (mark, mark + 15)
    )
    along = (ahead - here) / max(np.hypot(*(ahead - here)), 1e-9)
    off = HALF_WIDTH_M[way.level] + rng.uniform(2, 18)
    x, y = here + side * off * np.array([-along[1], along[0]])
    return float(x), float(y)


def _outlet(
    rng: np.random.Generator, ground: Ground, sources: pd.DataFrame, *, source: int
) -> dict[str, object]:
    if source < 0:
        kind = UNOWNED[int(rng.choice(len(UNOWNED), p=[0.4, 0.15, 0.25, 0.1, 0.1]))]
        village = ground.grids.settlements[int(rng.integers(len(ground.grids.settlements)))]
        body, source_id, stem = f"{village.name}村民委员会", None, village.name.removesuffix("村")
    else:
        firm = sources.iloc[source]
        choice = CLASS_OF.get(SourceKind(firm.kind), INDUSTRIAL)
        kind = choice[int(rng.integers(len(choice)))]
        body, source_id, stem = str(firm["name"]), int(firm.id), str(firm["name"])
    short = SHORT.get(kind.value, SHORT[kind.value[0]])
    return {
        "name": f"{stem}{short}",
        "outlet_class": kind.value,
        "responsible_body": body,
        "source_id": source_id,
    }


def _type_letters(outlet_class: str) -> str:
    if outlet_class in {"4.6", "4.8", "4.5", "2"}:
        return "SH"
    if outlet_class == "4.7":
        return "YH"
    return {"1": "GY", "3": "NY", "4": "QT"}[outlet_class[0]]


def make_water_sources(
    seed: int, ground: Ground, *, today: date
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return water sources, their protection zones and the zones' shares of grids."""
    rng = stream(seed, "water sources")
    river = ground.waterways[0].line
    intake = shapely.get_coordinates(river.interpolate(INTAKE_AT_M))[0] + [0, 30]
    wells = [ground.towns[place] for place in (3, 6)]
    spots = [intake, *([*ground.near(rng, w.x, w.y, radius_m=(2_200, 4_000))] for w in wells)]
    titles = [f"{names.MAIN_RIVER}城关水源地"]
    titles += [f"{ground.grids.frame.name[well.township - 1][:-1]}地下水水源地" for well in wells]
    points = stored_points(np.array(spots))
    water_sources = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "name": titles,
            "code": [f"HX{names.COUNTY_CODE}{kind}{n:03d}" for n, kind in enumerate("SGG", 1)],
            "source_type": ["river", "groundwater", "groundwater"],
            "supply_population": [128_000, 21_500, 16_800],
            "geom": points,
            "grid_id": ground.grids.deepest(points),
        }
    )
    rows: list[dict[str, object]] = []
    metric: list[shapely.Geometry] = []
    for source, spot in enumerate(spots, start=1):
        inner: shapely.Geometry = shapely.Polygon()
        for level in ZoneLevel:
            shape = _river_zone(river, level) if source == 1 else _well_zone(rng, spot, level)
            shape = shape & ground.terrain.border
            rows.append(
                {
                    "id": len(rows) + 1,
                    "water_source_id": source,
                    "name": f"{titles[source - 1]}{level.label}",
                    "zone_level": level.value,
                    "approval_doc": f"宁政函〔{today.year - 5}〕{36 + source}号",
                    "approved_on": date(today.year - 5, 3 + source, 12),
                }
            )
            metric.append(_multi(shape - inner))
            inner = inner | shape
    shapes = np.array(metric, dtype=object)
    zones = pd.DataFrame(rows).assign(geom=to_storage(shapes))
    return water_sources, zones, zone_shares(ground.grids, shapes)


def _multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def _river_zone(river: shapely.LineString, level: ZoneLevel) -> shapely.Geometry:
    from_m, to_m = INTAKE_AT_M - UPSTREAM_M[level], INTAKE_AT_M + DOWNSTREAM_M[level]
    reach = shapely.ops.substring(river, from_m, to_m)
    return reach.buffer(HALF_WIDTH_M["main"] + BANK_M[level], cap_style="flat")


def _well_zone(rng: np.random.Generator, spot: Floats, level: ZoneLevel) -> shapely.Geometry:
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = np.ones(48)
    for wave in (2, 3, 5):
        radius += 0.09 * np.cos(wave * angles + rng.uniform(0, 7))
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * radius[:, None]
    return shapely.Polygon(ring * WELL_RADIUS_M[level] + np.asarray(spot))


def make_stations(seed: int, ground: Ground, people: People) -> pd.DataFrame:
    """Return the bureau's points: township stations first, the bureau's yard, gauges, gates."""
    rng = stream(seed, "stations")
    rows: list[dict[str, object]] = []

    def add(name: str, kind: StationKind, place: tuple[float, float], **values: object) -> None:
        row = {"id": len(rows) + 1, "name": name, "kind": kind.value, "code": None}
        row |= {"org_id": None, "waterway_id": None, "x": place[0], "y": place[1]}
        rows.append(row | values)

    for town in ground.towns:
        name = str(ground.grids.frame.name[town.township - 1])
        place = ground.near(rng, town.x, town.y, radius_m=(100, 420))
        org = people.stations[town.township]
        add(f"{name}环境管理站", StationKind.TOWNSHIP_STATION, place, org_id=org)
    seat, river = ground.towns[0], ground.waterways[0]
    place = ground.near(rng, seat.x, seat.y, radius_m=(0, 300))
    add(BUREAU, StationKind.OTHER, place, org_id=1)
    for number, share in enumerate((0.04, 0.34, 0.62, 0.95), start=1):
        title = f"{names.MAIN_RIVER}水质自动站{number}号"
        add(title, StationKind.WATER_AUTO, _beside(river, share), waterway_id=1)
    for number, share in enumerate((0.2, 0.48, 0.8), start=1):
        section = StationKind.MONITORING_SECTION
        title = f"{names.MAIN_RIVER}监测断面{number}号"
        add(title, section, _beside(river, share), waterway_id=1)
    for number, way in enumerate(ground.waterways, start=1):
        if way.kind == "canal":
            title = "进水闸" if way.level == "main" else "分水闸"
            head = (float(way.xy[0, 0]), float(way.xy[0, 1]))
            code = f"Z{number:04d}"
            add(f"{way.name}{title}", StationKind.GATE, head, waterway_id=number, code=code)
    stations = pd.DataFrame(rows)
    for column in ("org_id", "waterway_id"):
        stations[column] = stations[column].astype("Int64")
    stations["geom"] = stored_points(stations[["x", "y"]].to_numpy())
    stations["grid_id"] = ground.grids.deepest(stations.geom.to_numpy())
    return stations


def _beside(way: Stream, share: float) -> tuple[float, float]:
    spot = way.line.interpolate(share, normalized=True)
    return (spot.x + 12, spot.y + 12)
