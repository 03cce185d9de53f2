"""The check form of a drinking-water source (饮用水水源地巡查记录表)."""

from dataclasses import replace

from inspect_app.domain.check_forms.shape import (
    Field,
    Form,
    Kind,
    Option,
    found,
    intact,
    words,
)
from inspect_app.domain.codes import FindingType as Type
from inspect_app.domain.codes import ObjectKind, WaterSourceType

MARKS, ZONE, WATER, DONE = "防护与标志", "保护区内活动", "取水与水面", "处置"
OPEN_WATER = (WaterSourceType.RIVER.value, WaterSourceType.LAKE.value)
"""Rivers and lakes; a well has no surface to swim, fish or land on."""


def _in_zone(key: str, label: str) -> Field:
    return found(key, label, ZONE, finding=Type.ZONE_VIOLATION)


def _on_water(key: str, label: str) -> Field:
    return replace(_in_zone(key, label), classes=OPEN_WATER)


WATER_SOURCE_1 = Form(
    key="water_source_patrol_log",
    version=1,
    title="饮用水水源地巡查记录表",
    object_kind=ObjectKind.WATER_SOURCE,
    fields=(
        Field(
            key="patrol_scope",
            label="巡查范围",
            kind=Kind.CHOICE,
            section=MARKS,
            options=(
                Option("intake", "取水口周边"),
                Option("level_1", "一级保护区"),
                Option("level_2", "一级和二级保护区"),
                Option("quasi", "含准保护区"),
            ),
            normal="level_1",
        ),
        intact("fence_ok", "隔离防护", MARKS, finding=Type.OTHER),
        intact("boundary_mark_ok", "界标", MARKS, finding=Type.SIGNBOARD),
        intact("traffic_sign_ok", "交通警示牌", MARKS, finding=Type.SIGNBOARD),
        intact("publicity_sign_ok", "宣传牌", MARKS, finding=Type.SIGNBOARD),
        _in_zone("outlet_present", "排污口"),
        _in_zone("unrelated_project", "与供水无关的项目"),
        _in_zone("polluting_project", "排放污染物的项目"),
        _on_water("aquaculture", "网箱养殖"),
        _in_zone("livestock", "畜禽养殖"),
        _in_zone("tourism", "旅游"),
        _on_water("swimming", "游泳"),
        _on_water("fishing", "垂钓"),
        _in_zone("hazmat_transport", "危险化学品运输"),
        _on_water("wharf", "码头"),
        found("waste_dump", "垃圾、固废堆放", ZONE, finding=Type.SOLID_WASTE),
        _in_zone("farming", "农业种植、化肥农药"),
        replace(
            found("water_abnormal", "水面异常", WATER, finding=Type.ABNORMAL_WATER),
            classes=OPEN_WATER,
        ),
        intact("intake_ok", "取水口", WATER, finding=Type.OTHER),
        intact("camera_ok", "监控设备", WATER, finding=Type.OTHER),
        words("on_site_action", "问题与处置", DONE),
        words("remark", "备注", DONE),
    ),
)
