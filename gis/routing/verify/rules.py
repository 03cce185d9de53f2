"""The rules a plan can break, and their sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Fact = str | int | float


class Rule(StrEnum):
    """The rules a plan can break."""

    week = "week"
    unknown_crew = "unknown_crew"
    unknown_task = "unknown_task"
    empty_route = "empty_route"
    doubled_route = "doubled_route"
    crew_off = "crew_off"
    task_day = "task_day"
    grid = "grid"
    chosen_crews = "chosen_crews"
    officers = "officers"
    pinned = "pinned"
    pinned_left = "pinned_left"
    barred = "barred"
    shared_vehicle = "shared_vehicle"
    one_way = "one_way"
    no_way = "no_way"
    leave = "leave"
    travel_time = "travel_time"
    service_time = "service_time"
    window = "window"
    waiting = "waiting"
    break_time = "break_time"
    clock = "clock"
    overtime = "overtime"
    gap = "gap"
    too_often = "too_often"
    coverage = "coverage"
    cost = "cost"


# Sentences for people, one per rule; the names in them are the facts of the violation.
SENTENCES: Mapping[Rule, str] = {
    Rule.week: "计划的周 %(planned)s 与问题的周 %(week)s 不一致",
    Rule.unknown_crew: "巡查组 %(crew)s 不存在",
    Rule.unknown_task: "%(crew)s 第 %(day)s 天的对象 %(task)s 不在本周任务中",
    Rule.empty_route: "%(crew)s 第 %(day)s 天的路线为空",
    Rule.doubled_route: "%(crew)s 第 %(day)s 天有 %(routes)s 条路线",
    Rule.crew_off: "%(crew)s 第 %(day)s 天不上班",
    Rule.task_day: "%(task)s 不允许在第 %(day)s 天巡查",
    Rule.grid: "%(task)s 所在网格 %(grid)s 不归 %(crew)s 负责",
    Rule.chosen_crews: "%(task)s 指定由 %(crews)s 巡查，不由 %(crew)s 巡查",
    Rule.pinned: "%(task)s 第 %(day)s 天已指定由 %(pinned)s 巡查，不能由 %(crew)s 巡查",
    Rule.pinned_left: "%(task)s 在未指定的日期排了 %(planned)s 次，最多 %(most)s 次，"
    "其余留给已指定的日期",
    Rule.barred: "%(task)s 第 %(day)s 天不得由 %(crew)s 巡查",
    Rule.shared_vehicle: "车辆 %(vehicle)s 第 %(day)s 天同时由 %(crew)s 和 %(other)s 使用",
    Rule.officers: "%(task)s 需要 %(needed)s 名执法人员，%(crew)s 第 %(day)s 天只有 %(present)s 名",
    Rule.one_way: "%(task)s 只能顺向巡查",
    Rule.no_way: "%(crew)s 第 %(day)s 天到 %(place)s 无路可达",
    Rule.leave: "%(crew)s 第 %(day)s 天出发时刻 %(leave_s)s 秒早于上班时刻 %(start_s)s 秒",
    Rule.travel_time: "%(crew)s 第 %(day)s 天到 %(place)s 行程应为 %(right)s 秒，"
    "计划为 %(planned)s 秒",
    Rule.service_time: "%(task)s 巡查用时应为 %(right)s 秒，计划为 %(planned)s 秒",
    Rule.window: "%(task)s 第 %(day)s 天 %(from)s 至 %(to)s "
    "不在允许时段 %(opens)s 至 %(closes)s 内",
    Rule.waiting: "%(crew)s 第 %(day)s 天在 %(place)s 应等候 %(right)s 秒，计划为 %(planned)s 秒",
    Rule.break_time: "%(crew)s 第 %(day)s 天到 %(place)s 前应休息 %(right)s 秒，"
    "计划为 %(planned)s 秒",
    Rule.clock: "%(crew)s 第 %(day)s 天 %(place)s 的时刻应为 %(right)s 秒，计划为 %(planned)s 秒",
    Rule.overtime: "%(crew)s 第 %(day)s 天超出班次和允许的加班 %(over_s)s 秒",
    Rule.gap: "%(task)s 在第 %(day)s 天与第 %(other_day)s 天的两次巡查少于 %(gap_days)s 天间隔",
    Rule.too_often: "%(task)s 本周应巡 %(due)s 次，计划 %(planned)s 次",
    Rule.coverage: "%(task)s 应缺 %(right)s 次，计划记为缺 %(planned)s 次",
    Rule.cost: "计划费用应为 %(right)s，记为 %(planned)s",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule with its facts."""

    rule: Rule
    facts: Mapping[str, Fact]

    def words(self) -> str:
        """Return the violation as a sentence."""
        return SENTENCES[self.rule] % self.facts


def broken(rule: Rule, **facts: Fact) -> Violation:
    """Return a broken rule with its facts."""
    return Violation(rule, facts)
