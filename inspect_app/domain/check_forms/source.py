"""The check form of a pollution source (污染源现场检查记录)."""

from inspect_app.domain.check_forms.shape import (
    Carry,
    Field,
    Form,
    Kind,
    Option,
    words,
)
from inspect_app.domain.codes import FindingType as Type
from inspect_app.domain.codes import ObjectKind, SourceKind

UNIT, PERMIT, STATE, RESULT = "单位与联系人", "许可与手续", "检查与治理", "检查结果"

WITH_HAZARDOUS_WASTE = tuple(
    kind.value
    for kind in SourceKind
    if kind not in (SourceKind.CATERING, SourceKind.CONSTRUCTION_SITE, SourceKind.LIVESTOCK)
)
"""Kinds of sources that keep hazardous waste; kitchens, sites and farms are not asked."""


def _carried(key: str, label: str, section: str, *, kind: Kind = Kind.TEXT) -> Field:
    """Return a field that hardly changes from one check to the next."""
    return Field(key=key, label=label, kind=kind, section=section, carry=Carry.OBJECT)


SOURCE_1 = Form(
    key="source_inspection",
    version=1,
    title="污染源现场检查记录",
    object_kind=ObjectKind.SOURCE,
    fields=(
        Field(
            key="inspection_kind",
            label="检查类别",
            kind=Kind.CHOICE,
            section=STATE,
            options=(
                Option("routine", "日常检查"),
                Option("random", "双随机抽查"),
                Option("campaign", "专项检查"),
                Option("complaint", "信访核查"),
                Option("recheck", "整改复查"),
            ),
            normal="routine",
        ),
        Field(
            key="production_state",
            label="生产工况",
            kind=Kind.CHOICE,
            section=STATE,
            options=(
                Option("normal", "正常生产"),
                Option("partly", "部分生产"),
                Option("stopped", "停产"),
                Option("closed", "已关闭搬迁"),
            ),
            normal="normal",
        ),
        Field(
            key="treatment_running",
            label="治理设施运行",
            kind=Kind.CHOICE,
            section=STATE,
            options=(
                Option("normal", "正常运行"),
                Option("idle", "随生产停运"),
                Option("abnormal", "不正常运行", fault=True),
                Option("stopped", "擅自停运", fault=True),
                Option("missing", "未建设", fault=True),
            ),
            normal="normal",
            finding=Type.DIRECT_DISCHARGE,
        ),
        Field(
            key="online_monitoring",
            label="在线监测",
            kind=Kind.CHOICE,
            section=STATE,
            options=(
                Option("normal", "正常"),
                Option("not_required", "不要求安装"),
                Option("abnormal", "故障或数据异常", fault=True),
                Option("missing", "应装未装", fault=True),
            ),
            normal="normal",
            finding=Type.OTHER,
            carry=Carry.OBJECT,
        ),
        words("outlets_checked", "已查排放口", STATE, help_text="填排放口编号,如 DW001、DA001"),
        Field(
            key="ledger_ok",
            label="台账",
            kind=Kind.YES_NO,
            section=STATE,
            options=(
                Option(value=True, label="齐全"),
                Option(value=False, label="不全", fault=True),
            ),
            normal=True,
            finding=Type.OTHER,
        ),
        Field(
            key="hazwaste_storage",
            label="危废贮存",
            kind=Kind.CHOICE,
            section=STATE,
            options=(
                Option("proper", "规范"),
                Option("none", "不产生危废"),
                Option("improper", "不规范", fault=True),
            ),
            normal="proper",
            finding=Type.SOLID_WASTE,
            classes=WITH_HAZARDOUS_WASTE,
            carry=Carry.OBJECT,
        ),
        words("situation", "现场情况", RESULT),
        words("requirements", "要求", RESULT),
        words("sample_no", "采样编号", RESULT),
        words("respondent_comment", "当事人意见", RESULT),
        Field(
            key="respondent_sign",
            label="当事人签字",
            kind=Kind.CHOICE,
            section=RESULT,
            options=(
                Option("signed", "已签字"),
                Option("refused", "拒签"),
                Option("absent", "无人在场"),
            ),
        ),
        Field(
            key="refusal_note",
            label="拒签说明",
            kind=Kind.TEXT,
            section=RESULT,
            after=("respondent_sign", ("refused", "absent")),
        ),
        _carried("site_contact", "现场负责人", UNIT),
        _carried("site_phone", "电话", UNIT),
        _carried("permit_valid_to", "排污许可证有效期至", PERMIT, kind=Kind.DATE),
        _carried("eia_no", "环评批复文号", PERMIT),
        _carried("acceptance_no", "验收文号", PERMIT),
    ),
)
