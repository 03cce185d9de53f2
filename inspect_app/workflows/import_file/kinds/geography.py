"""Kinds of the ground: grids, waterways, patrol segments, roads."""

from collections.abc import Mapping

from inspect_app.domain.codes import (
    FlowDirection,
    WaterwayKind,
    WaterwayLevel,
)
from inspect_app.workflows.import_file.kinds.declaration import Column, Form, Key, Kind
from inspect_app.workflows.import_file.kinds.headers import CODE, NAME
from inspect_app.workflows.import_file.values import (
    GRID_CODE,
    SWITCH,
    coded,
    found_in,
)

_WATERWAYS: Mapping[str, WaterwayKind] = {
    "river": WaterwayKind.RIVER,
    "stream": WaterwayKind.RIVER,
    "drain": WaterwayKind.CANAL,
    "ditch": WaterwayKind.CANAL,
    "culvert": WaterwayKind.CANAL,
    "渠": WaterwayKind.CANAL,
    "河": WaterwayKind.RIVER,
}
_ONEWAY_TITLE = "单行"

GRIDS = Kind(
    key="grids",
    title="网格",
    table="grid",
    form=Form.AREAS,
    current=True,
    area="area_km2",
    columns=(
        Column("code", "网格编码", GRID_CODE, (*CODE, "grid_code", "adcode", "区划代码")),
        Column("name", "网格名称", aliases=(*NAME, "grid_name"), required=True),
        Column("level_name", "层级", aliases=("level", "网格级别", "级别"), required=True),
        Column("parent_code", "上级网格编码", GRID_CODE, ("上级网格", "上级编码"), helper=True),
    ),
    keys=(Key(("code",)),),
)
WATERWAYS = Kind(
    key="waterways",
    title="河道与渠道",
    table="waterway",
    form=Form.LINES,
    osm_tag="waterway",
    length="length_m",
    columns=(
        Column("code", "河道编码", aliases=(*CODE, "河流编码", "osm_id")),
        Column("name", "河道名称", aliases=(*NAME, "河流名称", "渠道名称"), default="未命名"),
        Column(
            "kind",
            "类型",
            coded(WaterwayKind, _WATERWAYS),
            ("类别", "waterway", "drain_type"),
            default=WaterwayKind.RIVER.value,
            lenient=True,
        ),
        Column(
            "level",
            "级别",
            coded(WaterwayLevel),
            ("河道级别",),
            default=WaterwayLevel.LATERAL.value,
            lenient=True,
        ),
        Column(
            "flow_direction",
            "流向",
            coded(FlowDirection),
            default=FlowDirection.UNKNOWN.value,
        ),
    ),
    keys=(Key(("code",)), Key(("name", "geom"))),
)
SEGMENTS = Kind(
    key="segments",
    title="巡查河段",
    table="patrol_segment",
    form=Form.LINE,
    length="length_m",
    lookups=("waterway",),
    columns=(
        Column(
            "waterway_id",
            "所属河道",
            found_in("waterway"),
            ("河道名称", "河道编码", "渠道名称", "waterway", "waterbody_name"),
            required=True,
        ),
        Column("name", "河段名称", aliases=(*NAME, "河段/渠段", "河段"), required=True),
        Column("code", "河段编码", aliases=CODE),
    ),
    keys=(Key(("waterway_id", "name")),),
)
ROADS = Kind(
    key="roads",
    title="道路",
    table="road",
    form=Form.LINES,
    osm_tag="highway",
    length="length_m",
    columns=(
        Column("name", "道路名称", aliases=(*NAME, "路名")),
        Column("road_class", "道路等级", aliases=("highway", "等级", "fclass"), required=True),
        Column("oneway", _ONEWAY_TITLE, SWITCH, ("单行道",), default=False, lenient=True),
        Column("closed", "封闭", SWITCH, ("是否封闭",), default=False),
    ),
    keys=(Key(("geom",)),),
)
