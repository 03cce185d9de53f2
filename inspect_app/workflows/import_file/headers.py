"""Headers and words of foreign files: under which the columns and codes are looked for."""

from collections.abc import Mapping

from inspect_app.domain.codes import PollutionType, SourceChannel, WaterwayKind, ZoneLevel
from inspect_app.domain.matter_codes import LegalRoute

# translations: data; the columns' titles are texts for people, these words are not.

LON = ("lon", "lng", "long", "longitude", "经度", "东经", "x", "x坐标", "lgtd", "point_x")
LAT = ("lat", "latitude", "纬度", "北纬", "y", "y坐标", "lttd", "point_y")
_NAME = ("name", "名称")
_CODE = ("code", "编码", "编号", "代码")

HEADERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "grids": {
        "code": (*_CODE, "grid_code", "adcode", "区划代码"),
        "name": (*_NAME, "grid_name"),
        "level_name": ("level", "网格级别", "级别"),
        "parent_code": ("上级网格", "上级编码"),
    },
    "waterways": {
        "code": (*_CODE, "河流编码", "osm_id"),
        "name": (*_NAME, "河流名称", "渠道名称"),
        "kind": ("类别", "waterway", "drain_type"),
        "level": ("河道级别",),
    },
    "segments": {
        "waterway_id": ("河道名称", "河道编码", "渠道名称", "waterway", "waterbody_name"),
        "name": (*_NAME, "河段/渠段", "河段"),
        "code": _CODE,
    },
    "roads": {
        "name": (*_NAME, "路名"),
        "road_class": ("highway", "等级", "fclass"),
        "oneway": ("单行道",),
        "closed": ("是否封闭",),
    },
    "sources": {
        "name": (*_NAME, "企业名称", "source_name"),
        "kind": ("污染源类型",),
        "uscc": ("信用代码", "代码"),
        "site_code": ("固定源代码",),
        "permit_class": ("许可管理类别",),
        "permit_no": ("许可证号", "许可证", "许可证编号"),
        "industry": ("行业类别", "行业类型"),
        "address": ("单位地址", "详细地址"),
        "closed": ("是否关闭", "关停"),
    },
    "outlets": {
        "name": (*_NAME, "排污口名称", "outlet_name"),
        "outlet_code_national": ("国家排污口编码",),
        "outlet_code_local": ("排口编号", "排污口编码", *_CODE),
        "outlet_class": ("排口类别", "排污口类型"),
        "receiving_water": ("受纳河流", "排入水体"),
        "responsible_body": ("责任单位",),
        "source_id": ("排污单位",),
        "closed": ("是否封堵",),
    },
    "water_sources": {
        "name": (*_NAME, "水源名称"),
        "code": (*_CODE, "水源地编码"),
        "source_type": ("水源类型",),
        "supply_population": ("服务人口",),
    },
    "zones": {
        "name": _NAME,
        "zone_level": ("保护区级别", "level"),
        "water_source_id": ("水源地名称", "水源编码"),
        "approval_doc": ("批准文号",),
        "approved_on": ("批准日期",),
    },
    "stations": {
        "name": (*_NAME, "站名", "stnm"),
        "code": (*_CODE, "stcd"),
        "kind": ("站点类型",),
    },
    "complaints": {
        "external_no": ("受理编号", "工单编号", "编号"),
        "received_at": ("受理时间", "投诉时间"),
        "source_channel": ("来源", "渠道", "投诉渠道"),
        "incident_address": ("地址", "投诉地址"),
        "pollution_types": ("污染类别", "投诉类型"),
        "summary": ("反映内容摘要", "内容", "摘要"),
        "severity": ("重要程度", "紧急/重要程度"),
        "respondent_name": ("被投诉企业", "被反映单位", "被举报单位", "反映对象"),
        "respondent_uscc": ("统一社会信用代码", "信用代码", "企业信用代码"),
        "request_kind": ("诉求类型",),
        "legal_route": ("途径", "办理途径", "法定途径分类"),
        "is_skip_level": ("越级", "是否越级"),
        "forwarded_by": ("转办单位", "交办单位", "来源单位"),
        "origin_doc_no": ("文号", "转办文号"),
        "batch_no": ("批次号", "督察批次"),
        "pollution_subtypes": ("污染小类", "二级类型"),
        "industry_code": ("行业代码",),
        "reporter_name": ("举报人", "投诉人", "来电人", "联系人", "信访人"),
        "reporter_phone": ("联系电话", "电话", "来电号码", "手机号码", "联系方式"),
        "reporter_address": ("住址", "举报人地址", "联系地址"),
    },
}
"""By kind and column: headers besides the column's title and name."""

PERSONAL = (
    *("举报人", "投诉人", "信访人", "来电人", "反映人", "联系人", "姓名", "电话", "手机", "号码"),
    *("证件", "身份证", "住址", "微信号", "邮箱", "phone", "mobile"),
)
"""A header with one of these words tells of a person: no raw value of it is kept."""

CHANNEL_WORDS: Mapping[str, SourceChannel] = {
    "12369": SourceChannel.PHONE_12369,
    "电话": SourceChannel.PHONE_12369,
    "12345": SourceChannel.HOTLINE_12345,
    "网络": SourceChannel.ONLINE,
    "批转": SourceChannel.PASSED_ON,
    "交办": SourceChannel.ASSIGNED,
    "督察": SourceChannel.INSPECTION,
}
ROUTE_WORDS: Mapping[str, LegalRoute] = {
    "法院诉讼": LegalRoute.LAWSUIT,
    "行政复议": LegalRoute.ADMINISTRATIVE,
    "行政": LegalRoute.ADMINISTRATIVE,
    "申诉": LegalRoute.PARTY_APPEAL,
    "申请查处": LegalRoute.ILLEGAL_ACT,
    "查处": LegalRoute.ILLEGAL_ACT,
    "履职": LegalRoute.ILLEGAL_ACT,
    "申请履行法定职责": LegalRoute.ILLEGAL_ACT,
    "信访": LegalRoute.PETITION,
}
POLLUTION_WORDS: Mapping[str, PollutionType] = {
    "大气污染": PollutionType.AIR,
    "废气": PollutionType.AIR,
    "油烟": PollutionType.AIR,
    "扬尘": PollutionType.AIR,
    "恶臭/异味": PollutionType.AIR,
    "水污染": PollutionType.WATER,
    "污水": PollutionType.WATER,
    "废水": PollutionType.WATER,
    "噪声污染": PollutionType.NOISE,
    "噪音": PollutionType.NOISE,
    "固体废物": PollutionType.SOLID_WASTE,
    "垃圾": PollutionType.SOLID_WASTE,
    "土壤污染": PollutionType.SOIL,
    "生态": PollutionType.ECOLOGY,
}
WATERWAY_WORDS: Mapping[str, WaterwayKind] = {
    "river": WaterwayKind.RIVER,
    "stream": WaterwayKind.RIVER,
    "drain": WaterwayKind.CANAL,
    "ditch": WaterwayKind.CANAL,
    "culvert": WaterwayKind.CANAL,
    "渠": WaterwayKind.CANAL,
    "河": WaterwayKind.RIVER,
}
ZONE_LEVEL_WORDS: Mapping[str, ZoneLevel] = {
    "一级": ZoneLevel.LEVEL_1,
    "二级": ZoneLevel.LEVEL_2,
    "准": ZoneLevel.QUASI,
}
