"""Patrol frequencies for people: the rows with what they govern, and what a new row would ask."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.periods import in_season
from gis.schedule import FrequencyPolicy as Rule
from gis.schedule import anchor_day, policy_for, without_policy
from inspect_app.domain.codes import ObjectKind, PeriodUnit
from inspect_app.domain.frequencies import CLASSES, FrequencyTerms, visits_a_week
from inspect_app.domain.weeks import monday_of
from inspect_app.models import FrequencyPolicy
from inspect_app.queries.patrol_week import (
    class_above,
    named_classes,
    object_statements,
    schedule_policy,
)
from inspect_app.queries.policies import frequency_policies

DAYS_PER_WEEK = 7
ANCHOR = 3
"""The day of the week that decides its season: Thursday, as in `gis.schedule.anchor_day`."""
WEEKS_AHEAD = 54
"""A season that comes at all comes within so many weeks."""
MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How many objects of a kind and class there are."""

    kind: ObjectKind
    object_class: str | None
    count: int


@dataclass(frozen=True, slots=True)
class FrequencyLine:
    """A row as people read it: what it governs today, and what that makes a week on average."""

    row: FrequencyPolicy
    terms: FrequencyTerms
    objects: int
    visits: float
    off_season: bool
    coming: bool
    last_day: date | None


@dataclass(frozen=True, slots=True)
class FrequencyBook:
    """All frequencies: in force or to come by kind, past ones, and objects no row applies to."""

    lines: dict[ObjectKind, list[FrequencyLine]]
    past: list[FrequencyLine]
    unruled: list[ClassCount]
    visits: float

    @property
    def unruled_count(self) -> int:
        """Objects to which no row applies."""
        return sum(one.count for one in self.unruled)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a row would ask for in the first week that is planned under it; averages.

    `before` and `after` are the visits a week of the whole county without and with it, `unruled_…`
    the objects to which no row applies.
    """

    week: date
    objects: int
    visits: float
    hours: float
    before: float
    after: float
    unruled_before: int
    unruled_after: int


def frequency_book(session: Session, *, today: date) -> FrequencyBook:
    """Return every frequency with what it governs today."""
    rows = sorted(session.scalars(select(FrequencyPolicy)), key=_place)
    in_force = frequency_policies(session, day=today)
    week = monday_of(today)
    shares = _shares(class_counts(session, day=today), in_force, week=week)
    lines = [_line(row, shares, today=today) for row in rows]
    past = [line for line in lines if _is_past(line.row, today=today)]
    past.sort(key=lambda line: (line.last_day or today, line.row.id), reverse=True)
    open_lines = [line for line in lines if not _is_past(line.row, today=today)]
    return FrequencyBook(
        lines={
            kind: [line for line in open_lines if line.terms.object_kind is kind]
            for kind in ObjectKind
        },
        past=past,
        unruled=shares.unruled,
        visits=shares.visits,
    )


def effect_of(
    session: Session,
    terms: FrequencyTerms,
    *,
    valid_from: date,
    valid_to: date | None = None,
    replaced: int | None = None,
) -> Effect | None:
    """Return what a row would ask for, in the first week whose plan would follow it.

    Plain arithmetic: objects governed times visits per period. Which visits fall due in a week
    depends on those already made, and is the plan's business.

    Parameters
    ----------
    valid_from, valid_to
        The first day, and the first day after the row.
    replaced
        The id of the row that it takes the place of.

    Returns
    -------
    None when no week would follow it: a week follows the rows valid on its Monday, of seasons
    those that hold on its Thursday.
    """
    week = _first_week(terms, valid_from=valid_from)
    if week is None or (valid_to is not None and valid_to <= week):
        return None
    counts = class_counts(session, day=week)
    rows = frequency_policies(session, day=week)
    kept = [row for row in rows if row.id != replaced]
    drafted = FrequencyPolicy(**asdict(terms), valid_from=valid_from, source="")
    before, after = _shares(counts, rows, week=week), _shares(counts, [*kept, drafted], week=week)
    objects = after.governed[_key(drafted)]
    visits = objects * visits_a_week(terms.times, terms.period_unit)
    return Effect(
        week=week,
        objects=objects,
        visits=visits,
        hours=visits * terms.service_min / MINUTES_PER_HOUR,
        before=before.visits,
        after=after.visits,
        unruled_before=sum(one.count for one in before.unruled),
        unruled_after=sum(one.count for one in after.unruled),
    )


def class_counts(session: Session, *, day: date) -> list[ClassCount]:
    """Return how many objects of each kind and class are patrolled."""
    found = []
    for kind, statement in object_statements(day).items():
        objects = statement.order_by(None).subquery()
        column = objects.c.object_class
        counts = session.execute(
            select(column, func.count()).group_by(column).order_by(column.nulls_last())
        )
        found += [ClassCount(kind, object_class, count) for object_class, count in counts]
    return found


def terms_of(row: FrequencyPolicy) -> FrequencyTerms:
    """Return the terms of a row."""
    return FrequencyTerms(
        object_kind=ObjectKind(row.object_kind),
        object_class=row.object_class,
        times=row.times,
        period_unit=PeriodUnit(row.period_unit),
        season_from=row.season_from,
        season_to=row.season_to,
        window_from=row.window_from,
        window_to=row.window_to,
        min_gap_h=row.min_gap_h,
        service_min=row.service_min,
        two_officers=row.two_officers,
        priority=row.priority,
    )


@dataclass(frozen=True, slots=True)
class _Shares:
    """How many objects each row governs, by its key; which objects none does."""

    governed: Counter[str]
    unruled: list[ClassCount]
    visits: float


def _shares(
    counts: Sequence[ClassCount], rows: Sequence[FrequencyPolicy], *, week: date
) -> _Shares:
    """Share the objects among the rows as a week's plan does, with hours apart from without."""
    rules = [schedule_policy(row) for row in rows]
    named = named_classes(rules)
    known = [
        ClassCount(one.kind, class_above(one.kind, one.object_class, named=named), one.count)
        for one in counts
    ]
    governed: Counter[str] = Counter()
    for has_hours in (False, True):
        duty = [rule for rule in rules if (rule.window is not None) == has_hours]
        governed += _governed(known, duty, week=week)
    return _Shares(
        governed,
        _unruled(counts, known, rules=rules, week=week),
        sum(
            governed[_key(row)] * visits_a_week(row.times, PeriodUnit(row.period_unit))
            for row in rows
        ),
    )


def _governed(known: Iterable[ClassCount], rules: Sequence[Rule], *, week: date) -> Counter[str]:
    governed: Counter[str] = Counter()
    for one in known:
        rule = policy_for(rules, kind=one.kind, object_class=one.object_class, week=week)
        if rule is not None:
            governed[rule.key] += one.count
    return governed


def _unruled(
    counts: Sequence[ClassCount],
    known: Sequence[ClassCount],
    *,
    rules: Sequence[Rule],
    week: date,
) -> list[ClassCount]:
    columns = ["object_kind", "object_class"]
    table = pd.DataFrame(
        [(str(one.kind), one.object_class) for one in known], columns=columns, dtype=object
    )
    return [counts[number] for number in without_policy(table, rules, week=week).index]


def _line(row: FrequencyPolicy, shares: _Shares, *, today: date) -> FrequencyLine:
    terms, objects = terms_of(row), shares.governed[_key(row)]
    rule = schedule_policy(row)
    anchor = anchor_day(rule, week=monday_of(today))
    return FrequencyLine(
        row=row,
        terms=terms,
        objects=objects,
        visits=objects * visits_a_week(row.times, terms.period_unit),
        off_season=not in_season(rule.season, day=anchor),
        coming=row.valid_from > today,
        last_day=None if row.valid_to is None else row.valid_to - timedelta(days=1),
    )


def _first_week(terms: FrequencyTerms, *, valid_from: date) -> date | None:
    """Return the first Monday on or after a day whose week lies in the season."""
    first = monday_of(valid_from + timedelta(days=DAYS_PER_WEEK - 1))
    for number in range(WEEKS_AHEAD):
        week = first + timedelta(weeks=number)
        if in_season(terms.season, day=week + timedelta(days=ANCHOR)):
            return week
    return None


def _place(row: FrequencyPolicy) -> tuple[object, ...]:
    """Return where a row stands among those of its kind: classes in the order of their list."""
    order = [one.value for one in CLASSES[row.object_kind]]
    narrowed = row.object_class
    return (
        len(order) if narrowed is None or narrowed not in order else order.index(narrowed),
        row.window_from is not None,
        row.season_from is None,
        row.valid_from,
        row.id,
    )


def _is_past(row: FrequencyPolicy, *, today: date) -> bool:
    return row.valid_to is not None and row.valid_to <= today


def _key(row: FrequencyPolicy) -> str:
    return schedule_policy(row).key
