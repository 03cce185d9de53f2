"""Complaints: the one kind with private columns and rows without a place."""

from collections.abc import Mapping

from inspect_app.domain.codes import (
    PlaceQuality,
    PollutionType,
    ReporterMode,
    Severity,
    SourceChannel,
)
from inspect_app.workflows.import_file.kinds.declaration import Column, Form, Key, Kind
from inspect_app.workflows.import_file.values import (
    WHOLE,
    coded,
    instants,
    several,
)

_CHANNELS: Mapping[str, SourceChannel] = {
    "12369": SourceChannel.PHONE_12369,
    "电话": SourceChannel.PHONE_12369,
    "12345": SourceChannel.HOTLINE_12345,
    "网络": SourceChannel.ONLINE,
    "批转": SourceChannel.PASSED_ON,
    "交办": SourceChannel.ASSIGNED,
    "督察": SourceChannel.INSPECTION,
}
_POLLUTION: Mapping[str, PollutionType] = {
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
COMPLAINTS = Kind(
    key="complaints",
    title="投诉",
    table="complaint",
    form=Form.POINT,
    place_required=False,
    columns=(
        Column("external_no", "外部编号", aliases=("受理编号", "工单编号", "编号")),
        Column("received_at", "来件时间", instants, ("受理时间", "投诉时间"), required=True),
        Column(
            "source_channel",
            "来源渠道",
            coded(SourceChannel, _CHANNELS),
            ("来源", "渠道", "投诉渠道"),
            default="other",
            lenient=True,
        ),
        Column("incident_address", "事发地址", aliases=("地址", "投诉地址")),
        Column(
            "pollution_types",
            "污染类型",
            several(PollutionType, _POLLUTION),
            ("污染类别", "投诉类型"),
            default=["other"],
            lenient=True,
        ),
        Column("summary", "反映内容", aliases=("反映内容摘要", "内容", "摘要"), required=True),
        Column(
            "severity",
            "紧急程度",
            coded(Severity),
            ("重要程度", "紧急/重要程度"),
            default="normal",
            lenient=True,
        ),
        Column("visitor_count", "来访人数", WHOLE),
        Column("place_quality", "位置精度", coded(PlaceQuality), default=PlaceQuality.EXACT.value),
        Column("respondent_name", "被投诉单位", aliases=("被投诉企业",), helper=True),
        Column("closed_at", "办结时间", instants, helper=True),
        Column("reporter_mode", "是否实名", coded(ReporterMode), private=True, lenient=True),
        Column("reporter_name", "举报人姓名", aliases=("举报人", "投诉人"), private=True),
        Column("reporter_phone", "举报人电话", aliases=("联系电话", "电话"), private=True),
        Column("reporter_address", "举报人住址", aliases=("住址",), private=True),
    ),
    keys=(Key(("external_no",)),),
)
