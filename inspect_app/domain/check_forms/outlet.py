"""The check form of a river discharge outlet (入河排污口巡查记录表)."""

from dataclasses import replace

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
from inspect_app.domain.check_forms.waterway import DRY_DAYS
from inspect_app.domain.codes import FindingType as Type
from inspect_app.domain.codes import ObjectKind
from inspect_app.domain.codes import OutletClass as Class

FLOW, SIGNS, QUICK, SOURCE, DONE = "排水情况", "标识与设施", "快速检测", "溯源与整治", "处置"
DISCHARGING: tuple[str, tuple[bool, ...]] = ("is_discharging", (True,))

BUILT = tuple(
    code.value
    for code in Class
    if code not in (Class.RURAL_SCATTERED, Class.URBAN_SCATTERED, Class.SMALL_LIVESTOCK)
)
"""Classes of outlets that are built: scattered discharges have no well and no sampling point."""


def _quick(key: str, label: str, unit: str, *, high: float, step: float) -> Field:
    """Return a value of a quick test; the range is what instruments in the field can show."""
    return Field(
        key=key,
        label=label,
        kind=Kind.NUMBER,
        section=QUICK,
        unit=unit,
        low=0,
        high=high,
        step=step,
        after=DISCHARGING,
    )


OUTLET_1 = Form(
    key="outlet_inspection",
    version=1,
    title="入河排污口巡查记录表",
    object_kind=ObjectKind.OUTLET,
    fields=(
        Field(
            key="is_discharging",
            label="是否排水",
            kind=Kind.YES_NO,
            section=FLOW,
            options=(Option(value=False, label="不排水"), Option(value=True, label="正在排水")),
            help="正在排水时填写流量、感官和快检",
        ),
        replace(DRY_DAYS, section=FLOW),
        found("dry_weather_overflow", "旱季溢流", FLOW, finding=Type.DRY_WEATHER_OVERFLOW),
        Field(
            key="flow_estimate",
            label="流量估计",
            kind=Kind.NUMBER,
            section=FLOW,
            unit="L/s",
            low=0,
            high=100_000,
            step=0.5,
            after=DISCHARGING,
        ),
        Field(
            key="colour",
            label="颜色",
            kind=Kind.CHOICE,
            section=FLOW,
            options=(
                Option("normal", "正常"),
                Option("black", "发黑", fault=True),
                Option("red", "发红发黄", fault=True),
                Option("milky", "乳白", fault=True),
                Option("turbid", "异常浑浊", fault=True),
            ),
            normal="normal",
            finding=Type.ABNORMAL_WATER,
        ),
        Field(
            key="odour",
            label="气味",
            kind=Kind.CHOICE,
            section=FLOW,
            options=(
                Option("none", "无异味"),
                Option("foul", "臭味", fault=True),
                Option("chemical", "化学品味", fault=True),
                Option("oil", "油味", fault=True),
            ),
            normal="none",
            finding=Type.ABNORMAL_WATER,
        ),
        found("foam", "泡沫", FLOW, finding=Type.ABNORMAL_WATER),
        found("oil_film", "油膜", FLOW, finding=Type.ABNORMAL_WATER),
        _quick("ph", "pH", "", high=14, step=0.1),
        _quick("cod", "化学需氧量", "mg/L", high=20_000, step=1),
        _quick("nh3n", "氨氮", "mg/L", high=5_000, step=0.1),
        _quick("tp", "总磷", "mg/L", high=1_000, step=0.1),
        _quick("conductivity", "电导率", "μS/cm", high=200_000, step=10),
        words("sample_no", "采样编号", QUICK),
        intact("signboard_ok", "标识牌", SIGNS, finding=Type.SIGNBOARD),
        replace(
            intact("sampling_point_ok", "采样点", SIGNS, finding=Type.OTHER),
            classes=BUILT,
        ),
        replace(intact("manhole_ok", "检查井", SIGNS, finding=Type.OTHER), classes=BUILT),
        words("trace_note", "溯源情况", SOURCE),
        Field(
            key="traced_source_id",
            label="溯源到的污染源",
            kind=Kind.OBJECT,
            section=SOURCE,
            of_kind=ObjectKind.SOURCE,
            carry=Carry.OBJECT,
        ),
        Field(
            key="remediation_status",
            label="整治状态",
            kind=Kind.CHOICE,
            section=SOURCE,
            options=(
                Option("untreated", "未整治"),
                Option("in_progress", "整治中"),
                Option("completed", "已完成"),
                Option("kept", "保留"),
                Option("abolished", "取缔"),
            ),
            carry=Carry.OBJECT,
        ),
        words("remark", "备注", DONE),
    ),
)
