"""Pollution sources: what they are, where they stand, their codes, permits and listings."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from inspect_app.demo import names
from inspect_app.demo.ground import Ground, stored_points
from inspect_app.demo.plane import Floats, stream
from inspect_app.domain.codes import KeyUnitList, PermitClass, SourceKind

SOURCES = 300
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True, slots=True)
class Trade:
    """A kind of source: how common, near what, how far, how firms are called, how permitted."""

    kind: SourceKind
    weight: float
    near: str
    radius_m: tuple[float, float]
    titles: tuple[str, ...]
    industry: str
    permits: tuple[float, float, float, float]
    """Chances of key, simplified, registered and no permit."""


K = SourceKind
TRADES = (
    Trade(K.CATERING, 62, "town", (0, 700), ("酒楼", "火锅店", "烧烤城", "面馆", "家常菜馆"), "餐饮业", (0, 0, 0, 1)),
    Trade(K.LIVESTOCK, 70, "village", (500, 1500), ("养殖场", "奶牛场", "养鸡场", "肉羊养殖专业合作社", "生猪养殖场"), "畜牧业", (0.05, 0.1, 0.6, 0.25)),
    Trade(K.BUILDING_MATERIALS, 34, "hill", (900, 2600), ("砖厂", "商砼站", "建材厂", "石料厂", "水泥制品厂"), "非金属矿物制品业", (0.15, 0.45, 0.4, 0)),
    Trade(K.FOOD, 32, "town", (700, 2200), ("食品厂", "粮油加工厂", "乳品厂", "枸杞制品厂", "屠宰场"), "农副食品加工业", (0.15, 0.35, 0.5, 0)),
    Trade(K.CHEMICAL, 14, "park", (0, 1500), ("化工有限公司", "精细化工厂", "化肥厂", "树脂厂"), "化学原料和化学制品制造业", (0.8, 0.2, 0, 0)),
    Trade(K.METAL, 24, "park", (0, 1900), ("金属制品厂", "铸造厂", "机械厂", "电镀厂"), "金属制品业", (0.25, 0.35, 0.4, 0)),
    Trade(K.TEXTILE, 8, "park", (0, 1900), ("毛纺厂", "印染厂", "羊绒制品厂"), "纺织业", (0.5, 0.4, 0.1, 0)),
    Trade(K.CONSTRUCTION_SITE, 16, "town", (100, 1500), ("花园小区工地", "安置房工地", "商业街工地", "道路改造工地"), "房屋建筑业", (0, 0, 0, 1)),
    Trade(K.OTHER, 26, "town", (300, 1800), ("汽修厂", "加油站", "废品回收站", "洗车行", "印刷厂", "家具厂"), "其他", (0, 0.1, 0.5, 0.4)),
)
PARK_TOWN = 0
"""The industrial park lies beside the county seat."""


def uscc(body: str) -> str:
    """Return the 18 characters of a unified social credit code: 17 given, 1 check (GB 32100)."""
    total = sum(ALPHABET.index(sign) * weight for sign, weight in zip(body, WEIGHTS, strict=True))
    return body + ALPHABET[(31 - total % 31) % 31]


def make_sources(seed: int, scale: float, ground: Ground, *, today: date) -> pd.DataFrame:
    """Return the sources with their places in metres (`x`, `y`), the big ones first.

    Their number grows with the square root of the scale: complaints multiply, a county's firms
    hardly do.
    """
    rng = stream(seed, "sources")
    rows = list(_landmarks(rng, ground))
    park = ground.near(rng, ground.towns[PARK_TOWN].x, ground.towns[PARK_TOWN].y, radius_m=(3_000, 4_200))
    chance = np.array([trade.weight for trade in TRADES])
    count = round(SOURCES * np.sqrt(scale)) - len(rows)
    taken = {str(row["name"]) for row in rows}
    for place in rng.choice(len(TRADES), count, p=chance / chance.sum()):
        trade = TRADES[int(place)]
        row = _firm(rng, trade, ground, park)
        stem, number = str(row["name"]), 2
        while row["name"] in taken:
            row["name"] = f"{stem}({number}号)"
            number += 1
        taken.add(str(row["name"]))
        rows.append(row)
    sources = pd.DataFrame(rows)
    sources.insert(0, "id", np.arange(1, len(sources) + 1))
    return _registered(rng, sources, ground, today=today)


def _landmarks(rng: np.random.Generator, ground: Ground) -> list[dict[str, object]]:
    """Return the firms everybody knows: the big plants, the sewage plants and the landfill."""
    seat = ground.towns[0]
    rows: list[dict[str, object]] = []

    def add(name: str, kind: SourceKind, industry: str, place: tuple[float, float]) -> None:
        rows.append(
            {
                "name": name,
                "kind": kind.value,
                "industry": industry,
                "permit_class": PermitClass.KEY.value,
                "address": f"{names.COUNTY}{names.TOWNSHIPS[0]}",
                "x": place[0],
                "y": place[1],
            }
        )

    add(f"{names.COUNTY}热电有限公司", K.THERMAL_POWER, "热力生产和供应", ground.near(rng, seat.x, seat.y, radius_m=(1_800, 2_600)))
    add("宁渠恒泰化工有限公司", K.CHEMICAL, "化学原料和化学制品制造业", ground.near(rng, seat.x, seat.y, radius_m=(3_000, 4_200)))
    river = ground.waterways[0].xy
    bank = river[np.argmin(np.hypot(*(river - [seat.x, seat.y]).T))]
    add("清河纸业有限公司", K.PAPER_MILL, "造纸和纸制品业", ground.near(rng, bank[0], bank[1], radius_m=(350, 900)))
    add(f"{names.COUNTY}生活垃圾填埋场", K.LANDFILL, "环境治理业", ground.near(rng, seat.x, seat.y, radius_m=(6_000, 8_000)))
    add(f"{names.COUNTY}污水处理厂", K.SEWAGE_PLANT, "污水处理及其再生利用", ground.near(rng, bank[0], bank[1], radius_m=(300, 1_500)))
    for town in ground.towns[1:]:
        name = str(ground.grids.frame.name[town.township - 1])
        place = ground.near(rng, town.x, town.y, radius_m=(800, 1_700))
        add(f"{name}污水处理站", K.SEWAGE_PLANT, "污水处理及其再生利用", place)
        rows[-1]["permit_class"] = PermitClass.SIMPLIFIED.value
        rows[-1]["address"] = f"{names.COUNTY}{name}"
    return rows


def _firm(
    rng: np.random.Generator, trade: Trade, ground: Ground, park: tuple[float, float]
) -> dict[str, object]:
    towns, villages = ground.towns, ground.villages
    if trade.near == "park" and rng.random() < 0.75:
        x, y = park
        place = towns[PARK_TOWN]
    else:
        crowd = np.array([4.0] + [1.0] * (len(towns) - 1))
        if trade.near == "village":
            place = villages[int(rng.integers(len(villages)))]
        elif trade.near == "hill":
            south = sorted(villages, key=lambda village: village.y - 0.6 * village.x)
            place = south[int(rng.integers(len(south) // 3))]
        else:
            place = towns[int(rng.choice(len(towns), p=crowd / crowd.sum()))]
        x, y = place.x, place.y
    x, y = ground.near(rng, x, y, radius_m=trade.radius_m)
    township = str(ground.grids.frame.name[place.township - 1])
    head = names.FIRM_HEADS[int(rng.integers(len(names.FIRM_HEADS)))]
    title = trade.titles[int(rng.integers(len(trade.titles)))]
    local = place.name.removesuffix("村") if trade.near == "village" else township[:-1]
    permit = list(PermitClass)[int(rng.choice(4, p=trade.permits))]
    return {
        "name": f"{local}{head}{title}",
        "kind": trade.kind.value,
        "industry": trade.industry,
        "permit_class": permit.value,
        "address": f"{names.COUNTY}{township}{place.name}",
        "x": x,
        "y": y,
    }


def _registered(
    rng: np.random.Generator, sources: pd.DataFrame, ground: Ground, *, today: date
) -> pd.DataFrame:
    """Return the sources with codes, permits, state, point and grid."""
    letters = np.array(list(ALPHABET))
    serial = letters[rng.integers(0, 31, (len(sources), 9))]
    codes = [uscc(f"91{names.COUNTY_CODE}{''.join(row)}") for row in serial]
    permitted = sources.permit_class.isin(["key", "simplified", "registered"])
    sources["uscc"] = codes
    sources["site_code"] = np.where(permitted, [f"{code}001P" for code in codes], None)
    formal = sources.permit_class.isin(["key", "simplified"])
    sources["permit_no"] = np.where(formal, sources.site_code, None)
    sources["closed"] = (rng.random(len(sources)) < 0.04) & (sources.id > 20)
    del today
    sources["geom"] = stored_points(sources[["x", "y"]].to_numpy())
    sources["grid_id"] = ground.grids.deepest(sources.geom.to_numpy())
    return sources


def key_unit_listings(seed: int, sources: pd.DataFrame, *, today: date) -> pd.DataFrame:
    """Return which sources were on the lists of key units this year and the two before."""
    rng = stream(seed, "listings")
    rows = []
    lists = {
        K.PAPER_MILL: (KeyUnitList.WATER, KeyUnitList.RISK),
        K.SEWAGE_PLANT: (KeyUnitList.WATER,),
        K.THERMAL_POWER: (KeyUnitList.AIR, KeyUnitList.NOISE),
        K.CHEMICAL: (KeyUnitList.WATER, KeyUnitList.AIR, KeyUnitList.SOIL, KeyUnitList.RISK),
        K.LANDFILL: (KeyUnitList.GROUNDWATER, KeyUnitList.SOIL),
        K.METAL: (KeyUnitList.SOIL,),
        K.LIVESTOCK: (KeyUnitList.WATER,),
    }
    for source in sources[sources.permit_class == "key"].itertuples():
        for kind in lists.get(SourceKind(source.kind), (KeyUnitList.AIR,)):
            since = today.year - int(rng.integers(0, 3))
            rows += [
                {"source_id": source.id, "year": year, "list_kind": kind.value}
                for year in range(since, today.year + 1)
            ]
    return pd.DataFrame(rows)


def places_of(sources: pd.DataFrame) -> Floats:
    """Return the places of sources in metres."""
    return sources[["x", "y"]].to_numpy(dtype=float)
