"""Kinds of anomalies with their sentences, and the numbers from which on something is odd."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

Fact = str | int | float
Place = tuple[float, float]

_M_A_DEGREE = 111_320.0


class AnomalyKind(StrEnum):
    """What looks odd."""

    LEAP = "leap"
    TOO_FAST = "too_fast"
    HOPS = "hops"
    """Frozen on a spot, then at once on another, again and again."""
    STEADY = "steady"
    STRAIGHT = "straight"
    SAME_ACCURACY = "same_accuracy"
    ROUND_STEPS = "round_steps"
    OUTSIDE_DAY = "outside_day"
    CLOCK_OFFSET = "clock_offset"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BACK = "clock_back"
    PHOTO_TIME = "photo_time"
    PHOTO_PLACE = "photo_place"
    PHOTO_AGAIN = "photo_again"
    PHOTO_ALIKE = "photo_alike"
    TICK_FAR = "tick_far"
    TICKS_HASTY = "ticks_hasty"


# What each is called, and its sentence; the names in it are the facts.
TITLES: Mapping[AnomalyKind, str] = {
    AnomalyKind.LEAP: "位置突变",
    AnomalyKind.TOO_FAST: "速度过快",
    AnomalyKind.HOPS: "原地不动后跳移",
    AnomalyKind.STEADY: "速度过于均匀",
    AnomalyKind.STRAIGHT: "轨迹过于平直",
    AnomalyKind.SAME_ACCURACY: "精度始终不变",
    AnomalyKind.ROUND_STEPS: "坐标步长为整数",
    AnomalyKind.OUTSIDE_DAY: "不在巡查时段",
    AnomalyKind.CLOCK_OFFSET: "平板时钟偏差",
    AnomalyKind.CLOCK_AHEAD: "记录时间晚于收到时间",
    AnomalyKind.CLOCK_BACK: "平板时钟被调回",
    AnomalyKind.PHOTO_TIME: "照片拍摄时间不符",
    AnomalyKind.PHOTO_PLACE: "照片拍摄位置不符",
    AnomalyKind.PHOTO_AGAIN: "照片重复使用",
    AnomalyKind.PHOTO_ALIKE: "照片高度相似",
    AnomalyKind.TICK_FAR: "登记时离点位较远",
    AnomalyKind.TICKS_HASTY: "短时间内登记多个点位",
}
SENTENCES: Mapping[AnomalyKind, str] = {
    AnomalyKind.LEAP: "%(seconds)s 秒内移动 %(metres)s 米，合每小时 %(kmh)s 公里，"
    "上限 %(limit)s 公里",
    AnomalyKind.TOO_FAST: "连续 %(count)s 个定位点速度过快，约每小时 %(kmh)s 公里，"
    "上限 %(limit)s 公里",
    AnomalyKind.HOPS: "%(count)s 次停在同一坐标后直接移到 %(limit)s 米以外，最远 %(metres)s 米",
    AnomalyKind.STEADY: "%(count)s 个定位点的速度几乎完全相同，连续 %(limit)s 个起提示",
    AnomalyKind.STRAIGHT: "%(share)s%% 的行进路段与直线相差不到 %(limit)s 米，"
    "涉及 %(count)s 个定位点",
    AnomalyKind.SAME_ACCURACY: "%(count)s 个行进中的定位点精度都是 %(accuracy)s 米，"
    "实际抖动只有 %(jitter)s 米",
    AnomalyKind.ROUND_STEPS: "%(count)s 步的坐标增量都是 %(limit)s 度的整数倍",
    AnomalyKind.OUTSIDE_DAY: "%(count)s 个定位点在 %(from)s 至 %(to)s，"
    "超出任务时段前后 %(limit)s 小时",
    AnomalyKind.CLOCK_OFFSET: "平板时钟与服务器相差 %(seconds)s 秒，上限 %(limit)s 秒",
    AnomalyKind.CLOCK_AHEAD: "%(count)s 条记录的时间晚于服务器收到的时间，最多 %(seconds)s 秒，"
    "上限 %(limit)s 秒",
    AnomalyKind.CLOCK_BACK: "后一条记录比前一条早 %(seconds)s 秒，上限 %(limit)s 秒",
    AnomalyKind.PHOTO_TIME: "照片拍摄于 %(taken)s，登记于 %(at)s，相差 %(minutes)s 分钟，"
    "上限 %(limit)s 分钟",
    AnomalyKind.PHOTO_PLACE: "照片自带位置与登记位置相距 %(metres)s 米，上限 %(limit)s 米",
    AnomalyKind.PHOTO_AGAIN: "同一张照片也用于 %(other)s",
    AnomalyKind.PHOTO_ALIKE: "与 %(other)s 的照片相似，64 位中相差 %(bits)s 位，上限 %(limit)s 位",
    AnomalyKind.TICK_FAR: "%(stop)s：登记时距点位 %(metres)s 米，定位精度 %(accuracy)s 米，"
    "上限 %(limit)s 米",
    AnomalyKind.TICKS_HASTY: "%(count)s 个点位在 %(seconds)s 秒内相继登记，相距 %(metres)s 米，"
    "间隔下限 %(limit)s 秒",
}


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One odd thing.

    Parameters
    ----------
    facts
        The numbers of its sentence, the threshold among them.
    at, place
        When and where (lon, lat), where that can be told.
    subject
        The stop or the photo it is about.
    """

    kind: AnomalyKind
    facts: Mapping[str, Fact] = field(default_factory=dict)
    at: pd.Timestamp | None = None
    place: Place | None = None
    subject: object = None

    def words(self) -> str:
        """Return the sentence in Chinese."""
        return SENTENCES[self.kind] % self.facts


@dataclass(frozen=True, slots=True)
class AnomalyRules:
    """From where on something is odd; every number is a policy of the place.

    Parameters
    ----------
    speed_kmh, leap_m
        A way of at least ``leap_m`` that needed more speed is a leap; so many metres are no noise.
    fixes_min
        So many fixes in a row (or in all) make a mock-like trait worth telling.
    straight_m
        A moving device that keeps this near to a straight line is on a ruler, not on a road.
    hop_m
        How far from a spot it froze on a device must be at once to have hopped.
    outside_h
        Fixes are expected from so long before the task's start until so long after its end.
    clock_s
        How far clocks may differ.
    photo_min, photo_m, alike_bits
        How far a photo's own time and place may lie from the record's; how many of 64 bits two
        pictures may differ in to be called alike.
    tick_m, tick_gap_s, apart_m
        A tick farther from its stop is far; ticks closer in time of stops farther apart are hasty.
    """

    speed_kmh: float
    leap_m: float
    fixes_min: int
    straight_m: float
    hop_m: float
    outside_h: float
    clock_s: float
    photo_min: float
    photo_m: float
    alike_bits: int
    tick_m: float
    tick_gap_s: float
    apart_m: float


def number_of(value: float) -> Fact:
    """Return a threshold without needless decimals."""
    return int(value) if float(value).is_integer() else value


def apart_m(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the metres between two places; far ones need only be far."""
    shrink = np.cos(np.radians((one[1] + other[1]) / 2))
    east, north = (one[0] - other[0]) * shrink, one[1] - other[1]
    return float(np.hypot(east, north) * _M_A_DEGREE)
