"""Kinds of waste water: what a complaint's words tell of, and what outlets and sources let out."""

from collections.abc import Mapping

from inspect_app.domain.codes import Code, OutletClass, SourceKind


class Waste(Code):
    """Kinds of water that should not be in the river."""

    INDUSTRIAL = "industrial", "工业废水"
    DOMESTIC = "domestic", "生活污水"
    FARMING = "farming", "养殖废水"
    FIELD = "field", "农田退水"
    LEACHATE = "leachate", "垃圾渗滤液"
    STORM = "storm", "雨天溢流"


WORDS: Mapping[Waste, tuple[str, ...]] = {
    Waste.INDUSTRIAL: (
        "工业",
        "造纸",
        "化工",
        "印染",
        "电镀",
        "酸洗",
        "废酸",
        "染料",
        "变色",
        "发红",
    ),
    Waste.DOMESTIC: ("生活污水", "污水管", "下水道", "化粪池", "餐饮", "洗涤"),
    Waste.FARMING: ("养殖", "粪", "畜禽", "猪场", "牛场", "鸡场", "鱼塘"),
    Waste.FIELD: ("农药", "化肥", "退水", "除草剂"),
    Waste.LEACHATE: ("渗滤液", "垃圾"),
    Waste.STORM: ("雨天", "雨后", "下雨", "暴雨", "雨水口"),
}
"""What people say of each; the second-level pollution types are found by the same words."""

C, K = OutletClass, SourceKind
_INDUSTRY = frozenset({Waste.INDUSTRIAL})
_HOMES = frozenset({Waste.DOMESTIC})
_FARMS = frozenset({Waste.FARMING})

OUTLETS: Mapping[OutletClass, frozenset[Waste]] = {
    C.INDUSTRIAL: _INDUSTRY,
    C.INDUSTRIAL_MINE: _INDUSTRY,
    C.INDUSTRIAL_STORM: _INDUSTRY | {Waste.STORM},
    C.PARK_PLANT: _INDUSTRY,
    C.PARK_STORM: _INDUSTRY | {Waste.STORM},
    C.MUNICIPAL_PLANT: _HOMES,
    C.AGRICULTURAL: _FARMS | {Waste.FIELD},
    C.LIVESTOCK: _FARMS,
    C.AQUACULTURE: _FARMS,
    C.OTHER: frozenset(),
    C.IRRIGATION: frozenset({Waste.FIELD}),
    C.PORT: frozenset(),
    C.SMALL_LIVESTOCK: _FARMS,
    C.SMALL_AQUACULTURE: _FARMS,
    C.RURAL_TREATMENT: _HOMES,
    C.RURAL_SCATTERED: _HOMES,
    C.URBAN_STORM: _HOMES | {Waste.STORM},
    C.URBAN_SCATTERED: _HOMES,
}
"""What comes out of an outlet, by its class (HJ 1312-2023)."""

SOURCES: Mapping[SourceKind, frozenset[Waste]] = {
    K.PAPER_MILL: _INDUSTRY,
    K.THERMAL_POWER: _INDUSTRY,
    K.CHEMICAL: _INDUSTRY,
    K.BUILDING_MATERIALS: _INDUSTRY,
    K.FOOD: _INDUSTRY,
    K.TEXTILE: _INDUSTRY,
    K.METAL: _INDUSTRY,
    K.LIVESTOCK: _FARMS,
    K.SEWAGE_PLANT: _HOMES,
    K.LANDFILL: frozenset({Waste.LEACHATE}),
    K.CATERING: _HOMES,
    K.CONSTRUCTION_SITE: frozenset({Waste.STORM}),
    K.OTHER: frozenset(),
}
"""What a source may let out, by its kind."""


def told_of(text: str) -> frozenset[Waste]:
    """Return the kinds of waste water that a text speaks of."""
    return frozenset(kind for kind, words in WORDS.items() if any(one in text for one in words))
