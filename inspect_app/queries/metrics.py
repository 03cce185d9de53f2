"""Metrics: each states its numerator, denominator, cut-off and unit; pages show all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, distinct, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from inspect_app.domain.access import Scope
from inspect_app.domain.transitions import FINDING_FINISHED, PlanState, TaskState
from inspect_app.models import (
    Complaint,
    ComplaintMatter,
    Finding,
    PatrolPlan,
    PatrolStop,
    PatrolTask,
)
from inspect_app.queries.scope import in_scope

Count = Select[int]
"""A query that answers with one number."""
Instant = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days seen from its cut-off: `start` ≤ instant < min(`end`, `cut_off`)."""

    start: datetime
    end: datetime
    cut_off: datetime

    @property
    def until(self) -> datetime:
        """The first instant that no longer counts."""
        return min(self.end, self.cut_off)

    def contains(self, column: Instant) -> ColumnElement[bool]:
        """Return the condition that an instant lies in the period."""
        return and_(column >= self.start, column < self.until)

    def before(self) -> "Period":
        """Return the same span one length earlier, cut off at the same point of the span."""
        length = self.end - self.start
        return Period(self.start - length, self.end - length, self.cut_off - length)


@dataclass(frozen=True, slots=True)
class Metric:
    """A declared figure; `denominator` None makes it a count, else a share."""

    key: str
    title: str
    formula: str
    numerator: Callable[[Period, Scope], Count]
    denominator: Callable[[Period, Scope], Count] | None = None
    more_is_better: bool | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's value in a period and in the period before."""

    metric: Metric
    numerator: int
    denominator: int | None
    earlier_numerator: int
    earlier_denominator: int | None

    @property
    def value(self) -> float | None:
        """The count or the share; None where the denominator is zero."""
        return _value(self.numerator, self.denominator)

    @property
    def earlier(self) -> float | None:
        """The value of the period before."""
        return _value(self.earlier_numerator, self.earlier_denominator)

    @property
    def change(self) -> float | None:
        """The difference to the period before."""
        if self.value is None or self.earlier is None:
            return None
        return self.value - self.earlier


def week_period(week: date, *, cut_off: datetime, zone: ZoneInfo) -> Period:
    """Return the period of the week that begins on Monday `week` in the bureau's time zone."""
    start = datetime.combine(week, time(), zone)
    return Period(start, datetime.combine(week + timedelta(days=7), time(), zone), cut_off)


def figures(session: Session, period: Period, scope: Scope) -> list[Figure]:
    """Return every metric of the catalogue with its value now and one period earlier.

    Two counts a metric and period, each over an index on the instant it counts by.
    """
    return [_figure(session, metric, period, scope=scope) for metric in METRICS]


def _figure(session: Session, metric: Metric, period: Period, *, scope: Scope) -> Figure:
    def counts(span: Period) -> tuple[int, int | None]:
        numerator = session.scalar(metric.numerator(span, scope)) or 0
        if metric.denominator is None:
            return numerator, None
        return numerator, session.scalar(metric.denominator(span, scope)) or 0

    return Figure(metric, *counts(period), *counts(period.before()))


def _value(numerator: int, denominator: int | None) -> float | None:
    if denominator is None:
        return float(numerator)
    return numerator / denominator if denominator else None


def _complaints(period: Period, scope: Scope) -> Count:
    return select(func.count()).where(
        period.contains(Complaint.received_at), in_scope(Complaint.grid_id, scope)
    )


def _repeats(period: Period, scope: Scope) -> Count:
    return select(func.count() - func.count(distinct(Complaint.matter_id))).where(
        period.contains(Complaint.received_at), in_scope(Complaint.grid_id, scope)
    )


def _matters(period: Period, scope: Scope) -> Count:
    """Count matters opened since the beginning of the cut-off's year."""
    year = period.until.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return select(func.count()).where(
        ComplaintMatter.opened_at >= year,
        ComplaintMatter.opened_at < period.until,
        in_scope(ComplaintMatter.grid_id, scope),
    )


def _closed_matters(period: Period, scope: Scope) -> Count:
    return _matters(period, scope).where(ComplaintMatter.closed_at < period.until)


def _new_findings(period: Period, scope: Scope) -> Count:
    return select(func.count()).where(
        period.contains(Finding.found_at), in_scope(Finding.grid_id, scope)
    )


def _open_findings(period: Period, scope: Scope) -> Count:
    """Count findings found before the cut-off and not finished at it."""
    finished = [state.value for state in FINDING_FINISHED]
    return select(func.count()).where(
        Finding.found_at < period.until,
        or_(Finding.closed_at.is_(None), Finding.closed_at >= period.until),
        or_(Finding.state.not_in(finished), Finding.closed_at >= period.until),
        in_scope(Finding.grid_id, scope),
    )


def _overdue_findings(period: Period, scope: Scope) -> Count:
    return _open_findings(period, scope).where(Finding.due_at < period.until)


def _closed_findings(period: Period, scope: Scope) -> Count:
    return select(func.count()).where(
        period.contains(Finding.closed_at), in_scope(Finding.grid_id, scope)
    )


def _workable_findings(period: Period, scope: Scope) -> Count:
    """Count findings that were open at some time of the period."""
    finished = [state.value for state in FINDING_FINISHED]
    return select(func.count()).where(
        Finding.found_at < period.until,
        or_(Finding.closed_at.is_(None), Finding.closed_at >= period.start),
        or_(Finding.state.not_in(finished), Finding.closed_at >= period.start),
        in_scope(Finding.grid_id, scope),
    )


def _tasks(period: Period, scope: Scope) -> Count:
    """Count tasks of published plans whose day is over or is the day of the cut-off."""
    counted = (
        select(func.count())
        .select_from(PatrolTask)
        .join(PatrolPlan)
        .where(
            PatrolPlan.state == PlanState.PUBLISHED,
            PatrolTask.starts_at >= period.start,
            PatrolTask.starts_at < period.until,
            PatrolTask.state.not_in([TaskState.EXEMPTED.value, TaskState.CANCELLED.value]),
        )
    )
    if scope.everywhere:
        return counted
    stops = select(PatrolStop.task_id).where(in_scope(PatrolStop.grid_id, scope))
    return counted.where(PatrolTask.id.in_(stops))


def _done_tasks(period: Period, scope: Scope) -> Count:
    return _tasks(period, scope).where(
        PatrolTask.state.in_([TaskState.SUBMITTED.value, TaskState.COMPLETED.value])
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        "received_count",
        "本周接报投诉",
        "本周收到的投诉件数(含重复)",
        _complaints,
        more_is_better=False,
    ),
    Metric(
        "repeat_rate",
        "重复投诉率",
        "(本周投诉件数 − 涉及事项数) ÷ 本周投诉件数",
        _repeats,
        _complaints,
        more_is_better=False,
    ),
    Metric(
        "closing_rate",
        "事项办结率",
        "截止时已办结事项 ÷ 本年受理事项",
        _closed_matters,
        _matters,
        more_is_better=True,
    ),
    Metric("new_finding_count", "本周新增问题", "本周发现的问题件数", _new_findings),
    Metric(
        "finding_closing_rate",
        "问题销号率",
        "本周销号问题 ÷ 本周在办问题(含上周结转)",
        _closed_findings,
        _workable_findings,
        more_is_better=True,
    ),
    Metric(
        "overdue_rate",
        "问题超期率",
        "截止时超期未销号问题 ÷ 截止时在办问题",
        _overdue_findings,
        _open_findings,
        more_is_better=False,
    ),
    Metric(
        "patrol_completion_rate",
        "巡查完成率",
        "已提交或已完成任务 ÷ 截止时应完成任务",
        _done_tasks,
        _tasks,
        more_is_better=True,
    ),
)
