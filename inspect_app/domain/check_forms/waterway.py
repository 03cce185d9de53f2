"""The check form of a river or canal reach (河道/渠道巡查记录表), after nine check items."""

from inspect_app.domain.check_forms.shape import (
    Carry,
    Field,
    Form,
    Kind,
    Option,
    found,
    intact,
    words,
)
from inspect_app.domain.codes import FindingType as Type
from inspect_app.domain.codes import ObjectKind

WATER, BANK, DONE = "水面与水质", "岸坡与设施", "处置"

DRY_DAYS = Field(
    key="dry_days",
    label="连续无雨天数",
    kind=Kind.NUMBER,
    section=WATER,
    unit="天",
    low=0,
    high=365,
    carry=Carry.PATROL,
    help="最近一次降雨到今天的天数;前72小时无雨填3以上",
)

WATERWAY_1 = Form(
    key="river_patrol_log",
    version=1,
    title="河道/渠道巡查记录表",
    object_kind=ObjectKind.SEGMENT,
    fields=(
        found("floating_debris", "水面漂浮物", WATER, finding=Type.FLOATING_DEBRIS),
        Field(
            key="water_colour",
            label="水体颜色",
            kind=Kind.CHOICE,
            section=WATER,
            options=(
                Option("normal", "正常"),
                Option("black", "发黑", fault=True),
                Option("green", "发绿(藻类)", fault=True),
                Option("red", "发红发黄", fault=True),
                Option("milky", "乳白", fault=True),
                Option("turbid", "异常浑浊", fault=True),
            ),
            normal="normal",
            finding=Type.ABNORMAL_WATER,
        ),
        Field(
            key="water_odour",
            label="水体气味",
            kind=Kind.CHOICE,
            section=WATER,
            options=(
                Option("none", "无异味"),
                Option("foul", "臭味", fault=True),
                Option("chemical", "化学品味", fault=True),
                Option("oil", "油味", fault=True),
            ),
            normal="none",
            finding=Type.ABNORMAL_WATER,
        ),
        DRY_DAYS,
        found("dry_weather_flow", "晴天排水", WATER, finding=Type.DRY_WEATHER_OVERFLOW),
        found("new_outlet_found", "新增排口", BANK, finding=Type.NEW_OUTLET),
        found("bank_debris", "岸坡垃圾、淤积", BANK, finding=Type.BANK_WASTE),
        found("encroachment", "违建、侵占", BANK, finding=Type.ENCROACHMENT),
        found("livestock", "畜禽、水产养殖", BANK, finding=Type.LIVESTOCK),
        intact("signboard_ok", "公示牌", BANK, finding=Type.SIGNBOARD),
        Field(
            key="previous_findings_fixed",
            label="上次问题整改",
            kind=Kind.YES_NO,
            section=DONE,
            options=(
                Option(value=True, label="无遗留问题"),
                Option(value=False, label="仍未整改", fault=True),
            ),
            normal=True,
            finding=Type.OTHER,
        ),
        words("on_site_action", "现场处置", DONE),
        words("handling_opinion", "处理意见", DONE),
        words("remark", "备注", DONE),
    ),
)
