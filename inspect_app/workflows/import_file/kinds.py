"""What can be imported: one declaration a kind, with columns and natural keys."""

from dataclasses import dataclass
from enum import StrEnum

from inspect_app.domain.codes import (
    FlowDirection,
    OutletClass,
    PermitClass,
    PlaceQuality,
    PollutionType,
    ReporterMode,
    Severity,
    SourceChannel,
    SourceKind,
    StationKind,
    WaterSourceType,
    WaterwayKind,
    WaterwayLevel,
    ZoneLevel,
)
from inspect_app.domain.intake import PollutionSubtype
from inspect_app.domain.matter_codes import LegalRoute, RequestKind
from inspect_app.domain.problems import Problem
from inspect_app.workflows.import_file.headers import (
    CHANNEL_WORDS,
    POLLUTION_WORDS,
    ROUTE_WORDS,
    WATERWAY_WORDS,
    ZONE_LEVEL_WORDS,
)
from inspect_app.workflows.import_file.values import (
    GRID_CODE,
    SITE_CODE,
    SWITCH,
    TEXT,
    USCC,
    WHOLE,
    Converter,
    coded,
    days,
    found_in,
    instants,
    several,
)


class Form(StrEnum):
    """Geometry of a kind as it is stored."""

    POINT = "点"
    LINE = "单线"
    LINES = "线"
    AREAS = "面"


@dataclass(frozen=True, slots=True)
class Column:
    """A target column: its title and how it is read.

    A bad value rejects the row. With `lenient` the row stays: the value becomes `default`, with a
    warning, and the raw text is kept. `private` columns are of persons: they are stored in the
    reporters' schema only, and kept out of `raw`. `helper` columns guide the writing and are not
    stored.
    """

    name: str
    title: str
    convert: Converter = TEXT
    required: bool = False
    default: object = None
    lenient: bool = False
    private: bool = False
    helper: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """Columns by which a row is known again; with `nulls_equal` two empty values are the same."""

    columns: tuple[str, ...]
    nulls_equal: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: target table, geometry, columns, keys.

    A row is the same as a stored one when any of the keys with values says so. `current` kinds have
    a period of validity, and only rows valid on the day of the import count. `length` and `area`
    name the column that holds the measure of the geometry. Of OpenStreetMap data only ways with
    `osm_tag` are of this kind.
    """

    key: str
    title: str
    table: str
    form: Form
    columns: tuple[Column, ...]
    keys: tuple[Key, ...]
    place_required: bool = True
    current: bool = False
    length: str | None = None
    area: str | None = None
    lookups: tuple[str, ...] = ()
    osm_tag: str | None = None

    def column(self, name: str) -> Column:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)


GRIDS = Kind(
    key="grids",
    title="网格",
    table="grid",
    form=Form.AREAS,
    current=True,
    area="area_km2",
    columns=(
        Column("code", "网格编码", GRID_CODE),
        Column("name", "网格名称", required=True),
        Column("level_name", "层级", required=True),
        Column("parent_code", "上级网格编码", GRID_CODE, helper=True),
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
        Column("code", "河道编码"),
        Column("name", "河道名称", default="未命名"),
        Column(
            "kind",
            "类型",
            coded(WaterwayKind, WATERWAY_WORDS),
            default=WaterwayKind.RIVER.value,
            lenient=True,
        ),
        Column(
            "level",
            "级别",
            coded(WaterwayLevel),
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
            required=True,
        ),
        Column("name", "河段名称", required=True),
        Column("code", "河段编码"),
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
        Column("name", "道路名称"),
        Column("road_class", "道路等级", required=True),
        Column("oneway", "单行", SWITCH, default=False, lenient=True),
        Column("closed", "封闭", SWITCH, default=False),
    ),
    keys=(Key(("geom",)),),
)
SOURCES = Kind(
    key="sources",
    title="污染源",
    table="pollution_source",
    form=Form.POINT,
    columns=(
        Column("name", "单位名称", required=True),
        Column("kind", "类型", coded(SourceKind), default="other", lenient=True),
        Column("uscc", "统一社会信用代码", USCC, lenient=True),
        Column("site_code", "固定污染源代码", SITE_CODE, lenient=True),
        Column(
            "permit_class",
            "管理类别",
            coded(PermitClass),
            default="none",
            lenient=True,
        ),
        Column("permit_no", "排污许可证号"),
        Column("industry", "行业"),
        Column("address", "地址"),
        Column("closed", "已关闭", SWITCH, default=False),
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
        Column("name", "排口名称", required=True),
        Column("outlet_code_national", "国家编码"),
        Column("outlet_code_local", "本地编码"),
        Column("outlet_class", "类别", coded(OutletClass), default="4"),
        Column("receiving_water", "受纳水体"),
        Column("responsible_body", "责任主体"),
        Column("source_id", "所属单位", found_in("source"), lenient=True),
        Column("closed", "已封堵", SWITCH, default=False),
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
        Column("name", "水源地名称", required=True),
        Column("code", "水源编码"),
        Column("source_type", "类型", coded(WaterSourceType), required=True),
        Column("supply_population", "供水人口", WHOLE),
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
        Column("name", "保护区名称", required=True),
        Column(
            "zone_level",
            "级别",
            coded(
                ZoneLevel,
                ZONE_LEVEL_WORDS,
            ),
            required=True,
        ),
        Column(
            "water_source_id",
            "水源地",
            found_in("water_source"),
            lenient=True,
        ),
        Column("approval_doc", "批复文号"),
        Column("approved_on", "批复日期", days),
    ),
    keys=(Key(("name", "zone_level")),),
)
STATIONS = Kind(
    key="stations",
    title="站点",
    table="station",
    form=Form.POINT,
    columns=(
        Column("name", "站点名称", required=True),
        Column("code", "站点编码"),
        Column("kind", "类型", coded(StationKind), default="other", lenient=True),
    ),
    keys=(Key(("kind", "name")),),
)
COMPLAINTS = Kind(
    key="complaints",
    title="投诉",
    table="complaint",
    form=Form.POINT,
    place_required=False,
    columns=(
        Column("external_no", "外部编号"),
        Column("received_at", "来件时间", instants, required=True),
        Column(
            "source_channel",
            "来源渠道",
            coded(SourceChannel, CHANNEL_WORDS),
            default="other",
            lenient=True,
        ),
        Column("incident_address", "事发地址"),
        Column(
            "pollution_types",
            "污染类型",
            several(PollutionType, POLLUTION_WORDS),
            default=["other"],
            lenient=True,
        ),
        Column("summary", "反映内容", required=True),
        Column(
            "severity",
            "紧急程度",
            coded(Severity),
            default="normal",
            lenient=True,
        ),
        Column("visitor_count", "来访人数", WHOLE),
        Column(
            "pollution_subtypes", "污染子类", several(PollutionSubtype), default=[], lenient=True
        ),
        Column("industry_code", "行业类型"),
        Column("request_kind", "诉求目的", coded(RequestKind), default="report", lenient=True),
        Column("forwarded_by", "来件单位"),
        Column("origin_doc_no", "来件文号"),
        Column("batch_no", "批次"),
        Column("is_skip_level", "越级访", SWITCH, default=False, lenient=True),
        Column("place_quality", "位置精度", coded(PlaceQuality), default=PlaceQuality.EXACT.value),
        Column("respondent_name", "被投诉单位", helper=True),
        Column("respondent_uscc", "被投诉单位信用代码", USCC, lenient=True, helper=True),
        Column(
            "legal_route",
            "法定途径",
            coded(LegalRoute, ROUTE_WORDS),
            default=LegalRoute.ILLEGAL_ACT.value,
            lenient=True,
            helper=True,
        ),
        Column("closed_at", "办结时间", instants, helper=True),
        Column("reporter_mode", "是否实名", coded(ReporterMode), private=True, lenient=True),
        Column("reporter_name", "举报人姓名", private=True),
        Column("reporter_phone", "举报人电话", private=True),
        Column("reporter_address", "举报人住址", private=True),
    ),
    keys=(Key(("external_no",)),),
)

KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        GRIDS,
        WATERWAYS,
        SEGMENTS,
        ROADS,
        SOURCES,
        OUTLETS,
        WATER_SOURCES,
        ZONES,
        STATIONS,
        COMPLAINTS,
    )
}


def kind_of(key: str) -> Kind:
    """Return the kind of this key, or refuse it with the known ones."""
    if key not in KINDS:
        raise Problem("import_kind_unknown", found=key, expected="、".join(KINDS))
    return KINDS[key]
