"""Set patrol frequencies: add, change or end a row from a day on; the past stays as it was."""

from dataclasses import asdict, dataclass
from datetime import MAXYEAR, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.frequencies import CLASSES, FrequencyTerms, contradict, require_sound
from inspect_app.domain.problems import Phrase, Problem
from inspect_app.models import AuditEntry, FrequencyPolicy
from inspect_app.models.base import Json
from inspect_app.queries.frequencies import terms_of
from inspect_app.workflows.plan_week import require_county

SOURCE_MAX = 200
KEY_MAX = 2**63 - 1
YEARS_AHEAD = 10
"""A day further ahead is a slip of the pen."""
FREQUENCY_LOCK = 7306
"""Advisory lock that makes changes of frequencies one after the other: no two may contradict."""


@dataclass(frozen=True, slots=True)
class FrequencyChange:
    """The terms from a day on, to which day (included; None = until further notice), and why."""

    terms: FrequencyTerms
    valid_from: date
    last_day: date | None
    source: str

    @property
    def valid_to(self) -> date | None:
        """The first day after it."""
        return None if self.last_day is None else self.last_day + timedelta(days=1)


def add_frequency(
    session: Session, change: FrequencyChange, *, actor: Actor, today: date, now: datetime
) -> FrequencyPolicy:
    """Add a frequency.

    Raises
    ------
    Problem
        `not_permitted`, `county_wide_only`, and those of `require_possible`.
    """
    _begin(session, actor)
    require_possible(session, change, today=today)
    row = FrequencyPolicy()
    _write(row, change)
    session.add(row)
    session.flush()
    _audit(session, row, action="frequency.add", facts=_facts(row), by=(actor, now))
    return row


def change_frequency(
    session: Session,
    row_id: int,
    change: FrequencyChange,
    *,
    actor: Actor,
    today: date,
    now: datetime,
) -> FrequencyPolicy:
    """Give the objects of a row other terms from today or a later day on.

    The row ends on that day and a new one begins. A row that has not begun by then, or begins on
    that very day, is rewritten instead; what it said goes to the audit trail.

    Raises
    ------
    Problem
        `not_permitted`, `county_wide_only`, `not_found`, and those of `require_possible`.
    """
    _begin(session, actor)
    row = found(session, row_id)
    require_possible(session, change, today=today, row=row)
    was = _facts(row)
    if row.valid_from < change.valid_from:
        row.valid_to = change.valid_from
        row = FrequencyPolicy()
        session.add(row)
    _write(row, change)
    session.flush()
    facts = _facts(row) | {"was": was}
    _audit(session, row, action="frequency.change", facts=facts, by=(actor, now))
    return row


@dataclass(frozen=True, slots=True)
class FrequencyEnd:
    """The first day on which a frequency no longer holds, and the document behind it."""

    day: date
    source: str


def end_frequency(
    session: Session,
    row_id: int,
    end: FrequencyEnd,
    *,
    actor: Actor,
    today: date,
    now: datetime,
) -> None:
    """End a frequency from today or a later day on.

    A row that has not begun by then is taken out whole: it never held. The audit trail keeps it.

    Raises
    ------
    Problem
        `not_permitted`, `county_wide_only`, `not_found`, `frequency_over`, `field_invalid`.
    """
    _begin(session, actor)
    row = found(session, row_id)
    _require_open(row, end.day, today=today)
    _require_day(end.day, today=today)
    _require_source(end.source)
    facts = {"was": _facts(row), "from": end.day.isoformat(), "source": end.source.strip()}
    _audit(session, row, action="frequency.end", facts=facts, by=(actor, now))
    if row.valid_from >= end.day:
        session.delete(row)
    else:
        row.valid_to = end.day
    session.flush()


def require_possible(
    session: Session, change: FrequencyChange, *, today: date, row: FrequencyPolicy | None = None
) -> None:
    """Refuse a change that cannot be meant; `row` is the one it takes the place of.

    Raises
    ------
    Problem
        `field_invalid`, `days_reversed`, `frequency_over`, `frequency_clash` with the other row.
    """
    require_sound(change.terms)
    if row is not None:
        _require_open(row, change.valid_from, today=today)
        if (row.object_kind, row.object_class) != (
            change.terms.object_kind,
            change.terms.object_class,
        ):
            other = change.terms.object_class or change.terms.object_kind
            expected = row.object_class or row.object_kind
            raise Problem("field_invalid", field="对象", expected=expected, found=other)
    _require_day(change.valid_from, today=today)
    if change.last_day is not None and change.last_day < change.valid_from:
        raise Problem("days_reversed", first=change.valid_from, last=change.last_day)
    if change.last_day is not None and change.last_day.year == MAXYEAR:
        found_day = change.last_day.isoformat()
        raise Problem("field_invalid", field="至", expected=f"< {MAXYEAR}", found=found_day)
    _require_source(change.source)
    _require_no_clash(session, change, row=row)


def found(session: Session, row_id: int) -> FrequencyPolicy:
    """Return a row, or refuse with `not_found`."""
    row = session.get(FrequencyPolicy, row_id) if row_id <= KEY_MAX else None
    if row is None:
        raise Problem("not_found", what="巡查频次")
    return row


def _begin(session: Session, actor: Actor) -> None:
    require_county(actor, Permission.FREQUENCY_SET)
    session.execute(select(func.pg_advisory_xact_lock(FREQUENCY_LOCK)))


def _require_open(row: FrequencyPolicy, day: date, *, today: date) -> None:
    if row.valid_to is not None and row.valid_to <= max(day, today):
        raise Problem("frequency_over", day=row.valid_to)


def _require_day(day: date, *, today: date) -> None:
    if day < today:
        raise Problem("field_invalid", field="自", expected=f"≥ {today}", found=day.isoformat())
    if day.year > today.year + YEARS_AHEAD:
        expected = f"≤ {today.year + YEARS_AHEAD}-12-31"
        raise Problem("field_invalid", field="自", expected=expected, found=day.isoformat())


def _require_source(source: str) -> None:
    if not source.strip() or len(source) > SOURCE_MAX:
        raise Problem("field_invalid", field="依据", expected="1–200", found=source[:40])


def _require_no_clash(
    session: Session, change: FrequencyChange, *, row: FrequencyPolicy | None
) -> None:
    others = session.scalars(
        select(FrequencyPolicy)
        .where(FrequencyPolicy.object_kind == change.terms.object_kind)
        .order_by(FrequencyPolicy.valid_from, FrequencyPolicy.id)
    )
    for other in others:
        if other is row or not _overlap(change, other):
            continue
        if contradict(change.terms, terms_of(other)):
            raise Problem(
                "frequency_clash",
                other=phrase_of(other),
                period=_period(other),
                source=other.source,
            )


def _period(row: FrequencyPolicy) -> str:
    """Return first and last day as people write them; an open end stays open."""
    if row.valid_to is None:
        return f"{row.valid_from} –"
    return f"{row.valid_from} – {row.valid_to - timedelta(days=1)}"


def _overlap(change: FrequencyChange, other: FrequencyPolicy) -> bool:
    begins_before_end = change.valid_to is None or other.valid_from < change.valid_to
    return begins_before_end and (other.valid_to is None or other.valid_to > change.valid_from)


def phrase_of(row: FrequencyPolicy) -> Phrase:
    """Return what a row says in words: kind, class, times per period."""
    terms = terms_of(row)
    labels = {one.value: one.label for one in CLASSES[terms.object_kind]}
    narrowed = terms.object_class
    facts = {
        "kind": terms.object_kind.label,
        "narrowed": "全部" if narrowed is None else labels.get(narrowed, narrowed),
        "times": terms.times,
        "unit": terms.period_unit.label,
    }
    return Phrase("%(kind)s·%(narrowed)s %(times)s次/%(unit)s", facts)


def _write(row: FrequencyPolicy, change: FrequencyChange) -> None:
    for column, value in asdict(change.terms).items():
        setattr(row, column, value)
    row.valid_from, row.valid_to = change.valid_from, change.valid_to
    row.source = change.source.strip()


def _facts(row: FrequencyPolicy) -> Json:
    """Return a row as the audit trail keeps it; what is not set is left out."""
    facts = {
        column: value if isinstance(value, bool | int | float) else str(value)
        for column, value in asdict(terms_of(row)).items()
        if value is not None
    }
    facts |= {"from": row.valid_from.isoformat(), "source": row.source}
    return facts if row.valid_to is None else facts | {"to": row.valid_to.isoformat()}


def _audit(
    session: Session,
    row: FrequencyPolicy,
    *,
    action: str,
    facts: Json,
    by: tuple[Actor, datetime],
) -> None:
    actor, now = by
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=action,
            subject_kind="frequency",
            subject_id=str(row.id),
            facts=facts,
        )
    )
