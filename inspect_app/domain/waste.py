"""Kinds of waste water: what outlets and sources let out."""

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
