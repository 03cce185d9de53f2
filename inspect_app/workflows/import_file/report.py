"""What is asked of an import and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from gis.rejection import Rejection
from inspect_app.domain.problems import Phrase

REASONS: dict[str, str] = {
    "coordinates_missing": "缺少坐标",
    "coordinates_not_a_number": "坐标不是数字",
    "coordinates_not_finite": "坐标不是有限数",
    "coordinates_zero": "坐标为 0,0",
    "coordinates_swapped": "经纬度疑似颠倒",
    "coordinates_projected": "声明为经纬度,实际像投影坐标(米)",
    "coordinates_geographic": "声明为投影坐标,实际像经纬度",
    "coordinates_out_of_range": "坐标超出范围",
    "geometry_missing": "缺少几何",
    "geometry_kind": "几何类型不符",
    "geometry_invalid": "几何无效且无法在不改变面积的前提下修复",
    "geometry_repaired": "几何无效,已修复,面积未变",
    "geometry_reduced": "多点几何只取唯一的点",
    "vertices_too_many": "顶点数超过上限",
    "fields_too_many": "字段数多于表头",
    "value_missing": "必填项为空",
    "text_too_long": "文字过长",
    "not_a_number": "不是数字",
    "not_a_whole_number": "不是整数",
    "not_a_day": "日期无法识别",
    "not_an_instant": "时间无法识别",
    "not_a_switch": "应为是或否",
    "code_unknown": "代码不在码表中",
    "name_unknown": "没有找到对应的名称或编码",
    "uscc_form": "统一社会信用代码应为 18 位,值未采用",
    "uscc_check_digit": "统一社会信用代码校验位不符,值未采用",
    "site_code_form": "固定污染源代码应为 22 位,值未采用",
    "grid_code_form": "网格编码应为 6、9、12 或 15 位数字",
    "grid_without_code": "没有网格编码,也没有可推断编码的上级网格",
    "grid_codes_used_up": "上级网格下的编码已用完",
    "parent_unknown": "上级网格编码不存在",
    "key_repeated": "文件内重复",
    "key_conflict": "与已有的多条记录或文件内另一行冲突",
    "respondent_ambiguous": "名称或信用代码对应多个污染源,仅存文字",
    "respondent_code_differs": "名称对应的污染源信用代码不同,仅存文字",
    "value_defaulted": "代码未能识别,按默认值处理,原值已保留",
}
"""Sentences of the reasons for which a row is refused or changed."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A file and how its sender says it is to be read.

    Parameters
    ----------
    kind
        Key of a kind in `KINDS`.
    path, file_name
        Where the file lies, and what its sender calls it.
    day
        First day of validity of grids.
    crs
        Declared reference of the coordinates; wins over what the file says.
    columns
        Source column by target column.
    constants
        Value by target column, for all rows.
    layer, encoding
        Which layer or sheet, and the text encoding, where the file leaves them open.
    time_zone
        Of instants written without one.
    shared_place_rows
        From how many complaints at one coordinate it is taken for a geocoder's fallback.
    """

    kind: str
    path: Path
    file_name: str
    day: date
    crs: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    layer: str | None = None
    encoding: str | None = None
    time_zone: str = "Asia/Shanghai"
    shared_place_rows: int = 500


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came, or in a dry run would come, of an import.

    `rejections` are rows not taken; `warnings` rows taken with a change that is said.
    `counts` has read, inserted, updated, unchanged, rejected, warned and, where they apply,
    outside_grids, shared_fallback and no_place; of complaints respondents_matched,
    respondents_text and skip_level. `sample` shows the first rows as they are stored.
    """

    kind: str
    file_name: str
    sha256: str
    source_crs: str
    columns: Mapping[str, str]
    counts: Mapping[str, int]
    rejections: tuple[Rejection, ...]
    warnings: tuple[Rejection, ...]
    notes: tuple[Phrase | str, ...]
    sample: tuple[Mapping[str, str | bool], ...]
    batch_id: int | None


def reason_counts(rejections: tuple[Rejection, ...]) -> dict[str, int]:
    """Return how many rows have each reason, the most frequent first."""
    counts: dict[str, int] = {}
    for rejection in rejections:
        counts[rejection.reason] = counts.get(rejection.reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
