"""The reasons and remedies of missing visits, and their sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Fact = str | int | float


class Reason(StrEnum):
    """The binding rule, in the order in which they are asked."""

    no_grid_crew = "no_grid_crew"
    chosen_elsewhere = "chosen_elsewhere"
    no_officers = "no_officers"
    no_working_day = "no_working_day"
    fixed_to_absent = "fixed_to_absent"
    ruled_out = "ruled_out"
    cut_off = "cut_off"
    no_road_near = "no_road_near"
    road_closed = "road_closed"
    longer_than_shift = "longer_than_shift"
    window_too_short = "window_too_short"
    window_outside_shifts = "window_outside_shifts"
    pin_impossible = "pin_impossible"
    too_few_days = "too_few_days"
    gap_to_other_visits = "gap_to_other_visits"
    vehicle_out = "vehicle_out"
    shift_full = "shift_full"
    fits = "fits"


class Remedy(StrEnum):
    """What would make room."""

    assign_crew = "assign_crew"
    add_officers = "add_officers"
    other_days = "other_days"
    lift_choice = "lift_choice"
    other_hours = "other_hours"
    other_vehicle = "other_vehicle"
    mend_road_data = "mend_road_data"
    split_object = "split_object"
    fewer_visits = "fewer_visits"
    overtime = "overtime"
    lend_crew = "lend_crew"
    plan_again = "plan_again"


# Sentences for people; the names in them are the facts.
REASONS: Mapping[Reason, str] = {
    Reason.no_grid_crew: "网格 %(grid)s 没有负责的巡查组",
    Reason.no_officers: "%(days)s 没有具备 %(officers)s 名执法人员的巡查组",
    Reason.no_working_day: "允许巡查的日期（%(days)s）没有可去的巡查组上班",
    Reason.chosen_elsewhere: "指定的巡查组 %(crews)s 都不能去网格 %(grid)s",
    Reason.fixed_to_absent: "已指定由 %(crews)s 巡查，但 %(days)s 不上班",
    Reason.ruled_out: "允许的日期（%(days)s）都已指定给其他组，或不得由可去的组巡查",
    Reason.window_too_short: "巡查需要 %(service_min)s 分钟，超过允许时段 %(opens)s 至 %(closes)s",
    Reason.window_outside_shifts: "允许时段 %(opens)s 至 %(closes)s 不在任何可去巡查组的班次内",
    Reason.pin_impossible: "已指定 %(crew)s 在 %(date)s 巡查，但该组当天不能去",
    Reason.vehicle_out: "%(crew)s %(date)s 有空，但车辆 %(vehicle)s 由 %(other)s 使用",
    Reason.cut_off: "道路不通，从各巡查组驻地都无法到达",
    Reason.no_road_near: "最近的道路在 %(off_road_m)s 米外，超过上路距离 %(limit_m)s 米",
    Reason.road_closed: "%(limit_m)s 米内的道路已封闭，最近的可通行道路在 %(off_road_m)s 米外",
    Reason.longer_than_shift: "单独往返需要 %(needed_min)s 分钟，超过最长班次 %(shift_min)s 分钟",
    Reason.too_few_days: "%(workable)s 个可巡日按间隔 %(gap_days)s 天最多安排 %(possible)s 次",
    Reason.gap_to_other_visits: "有空位的日期与本周其他巡查间隔不足 %(gap_days)s 天",
    Reason.shift_full: "最省的插入在 %(crew)s %(date)s，仍超出班次 %(over_min)s 分钟",
    Reason.fits: "%(crew)s %(date)s 还能安排",
}
REMEDIES: Mapping[Remedy, str] = {
    Remedy.assign_crew: "为网格 %(grid)s 指定巡查组",
    Remedy.add_officers: "为 %(crew)s 配足 %(officers)s 名执法人员",
    Remedy.other_days: "放宽到 %(date)s，由 %(crew)s 承担",
    Remedy.lift_choice: "取消对巡查组的指定或排除",
    Remedy.other_hours: "放宽允许时段，或安排此时段上班的巡查组",
    Remedy.other_vehicle: "为 %(crew)s 另配车辆",
    Remedy.mend_road_data: "补充道路数据或就近上路点",
    Remedy.split_object: "把对象拆成不超过 %(service_min)s 分钟的几段",
    Remedy.fewer_visits: "本周减为 %(possible)s 次",
    Remedy.overtime: "%(crew)s %(date)s 加班 %(over_min)s 分钟",
    Remedy.lend_crew: "由 %(crew)s %(date)s 支援，加班 %(over_min)s 分钟",
    Remedy.plan_again: "给求解更多时间，重新编排",
}


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing that would make room, with its facts."""

    remedy: Remedy
    facts: Mapping[str, Fact]

    def words(self) -> str:
        """Return the remedy as a sentence."""
        return REMEDIES[self.remedy] % self.facts


@dataclass(frozen=True, slots=True)
class UnservedReason:
    """Why visits of one task are missing; fixes start with the cheapest."""

    task: str
    missing: int
    reason: Reason
    facts: Mapping[str, Fact]
    fixes: tuple[Fix, ...]

    def words(self) -> str:
        """Return the reason as a sentence."""
        return REASONS[self.reason] % self.facts
