"""Kinds of what is supervised: sources, outlets, water sources and their zones, stations."""

from inspect_app.domain.codes import (
    OutletClass,
    PermitClass,
    SourceKind,
    StationKind,
    WaterSourceType,
    ZoneLevel,
)
from inspect_app.workflows.import_file.kinds.declaration import Column, Form, Key, Kind
from inspect_app.workflows.import_file.kinds.headers import CODE, NAME
from inspect_app.workflows.import_file.values import (
    SITE_CODE,
    SWITCH,
    USCC,
    WHOLE,
    coded,
    days,
    found_in,
)

SOURCES = Kind(
    key="sources",
    title="污染源",
    table="pollution_source",
    form=Form.POINT,
    columns=(
        Column("name", "单位名称", aliases=(*NAME, "企业名称", "source_name"), required=True),
        Column("kind", "类型", coded(SourceKind), ("污染源类型",), default="other", lenient=True),
        Column("uscc", "统一社会信用代码", USCC, ("信用代码", "代码"), lenient=True),
        Column("site_code", "固定污染源代码", SITE_CODE, ("固定源代码",), lenient=True),
        Column(
            "permit_class",
            "管理类别",
            coded(PermitClass),
            ("许可管理类别",),
            default="none",
            lenient=True,
        ),
        Column("permit_no", "排污许可证号", aliases=("许可证号", "许可证", "许可证编号")),
        Column("industry", "行业", aliases=("行业类别", "行业类型")),
        Column("address", "地址", aliases=("单位地址", "详细地址")),
        Column("closed", "已关闭", SWITCH, ("是否关闭", "关停"), default=False),
    ),
    keys=(Key(("name", "site_code"), nulls_equal=True),),
)
OUTLETS = Kind(
    key="outlets",
    title="入河排污口",
    table="outlet",
    form=Form.POINT,
    lookups=("source",),
    columns=(
        Column("name", "排口名称", aliases=(*NAME, "排污口名称", "outlet_name"), required=True),
        Column("outlet_code_national", "国家编码", aliases=("国家排污口编码",)),
        Column("outlet_code_local", "本地编码", aliases=("排口编号", "排污口编码", *CODE)),
        Column("outlet_class", "类别", coded(OutletClass), ("排口类别", "排污口类型"), default="4"),
        Column("receiving_water", "受纳水体", aliases=("受纳河流", "排入水体")),
        Column("responsible_body", "责任主体", aliases=("责任单位",)),
        Column("source_id", "所属单位", found_in("source"), ("排污单位",), lenient=True),
        Column("closed", "已封堵", SWITCH, ("是否封堵",), default=False),
    ),
    keys=(
        Key(("outlet_code_national",)),
        Key(("outlet_code_local",)),
        Key(("name", "geom")),
    ),
)
WATER_SOURCES = Kind(
    key="water_sources",
    title="饮用水水源地",
    table="water_source",
    form=Form.POINT,
    columns=(
        Column("name", "水源地名称", aliases=(*NAME, "水源名称"), required=True),
        Column("code", "水源编码", aliases=(*CODE, "水源地编码")),
        Column("source_type", "类型", coded(WaterSourceType), ("水源类型",), required=True),
        Column("supply_population", "供水人口", WHOLE, ("服务人口",)),
    ),
    keys=(Key(("code",)), Key(("name",))),
)
ZONES = Kind(
    key="zones",
    title="水源保护区",
    table="protection_zone",
    form=Form.AREAS,
    lookups=("water_source",),
    columns=(
        Column("name", "保护区名称", aliases=NAME, required=True),
        Column(
            "zone_level",
            "级别",
            coded(
                ZoneLevel,
                {"一级": ZoneLevel.LEVEL_1, "二级": ZoneLevel.LEVEL_2, "准": ZoneLevel.QUASI},
            ),
            ("保护区级别", "level"),
            required=True,
        ),
        Column(
            "water_source_id",
            "水源地",
            found_in("water_source"),
            ("水源地名称", "水源编码"),
            lenient=True,
        ),
        Column("approval_doc", "批复文号", aliases=("批准文号",)),
        Column("approved_on", "批复日期", days, ("批准日期",)),
    ),
    keys=(Key(("name", "zone_level")),),
)
STATIONS = Kind(
    key="stations",
    title="站点",
    table="station",
    form=Form.POINT,
    columns=(
        Column("name", "站点名称", aliases=(*NAME, "站名", "stnm"), required=True),
        Column("code", "站点编码", aliases=(*CODE, "stcd")),
        Column("kind", "类型", coded(StationKind), ("站点类型",), default="other", lenient=True),
    ),
    keys=(Key(("kind", "name")),),
)
