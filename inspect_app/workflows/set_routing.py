"""Set the division of work: which unit a kind of pollution belongs to, from a day on."""

from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.codes import PollutionType
from inspect_app.domain.intake import TYPE_OF, PollutionSubtype
from inspect_app.domain.problems import Phrase, Problem
from inspect_app.models import AuditEntry, RoutingRule
from inspect_app.models.base import Json
from inspect_app.workflows.plan_week import require_county

TEXT_MAX = 200
KEY_MAX = 2**63 - 1
YEARS_AHEAD = 10
"""A day further ahead is a slip of the pen."""
ROUTING_LOCK = 7307
"""Advisory lock that makes changes one after the other: a kind belongs to one unit a day."""


@dataclass(frozen=True, slots=True)
class RoutingDraft:
    """A kind, the unit it belongs to, from which to which day (included), and why.

    Without `subtype` the rule holds for the whole type; without `last_day` until further notice.
    """

    pollution_type: str
    subtype: str | None
    department: str
    valid_from: date
    last_day: date | None
    source: str

    @property
    def valid_to(self) -> date | None:
        """The first day after it."""
        return None if self.last_day is None else self.last_day + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RoutingEnd:
    """The first day on which a rule no longer holds, and the document behind it."""

    day: date
    source: str


def add_routing(
    session: Session, draft: RoutingDraft, *, actor: Actor, today: date, now: datetime
) -> RoutingRule:
    """Add a rule from today or a later day on; matters already under way keep their handlers.

    Raises
    ------
    Problem
        `not_permitted`, `county_wide_only`, `field_invalid`, `days_reversed`, `routing_clash` with
        the rule that already holds for the kind on one of the days.
    """
    _begin(session, actor)
    _require_kind(draft)
    _require_text("承办单位", draft.department)
    _require_text("依据", draft.source)
    _require_days(draft, today=today)
    _require_no_clash(session, draft)
    row = RoutingRule(
        pollution_type=draft.pollution_type,
        pollution_subtype=draft.subtype,
        department=draft.department.strip(),
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        source=draft.source.strip(),
    )
    session.add(row)
    session.flush()
    session.add(_audited(row, "routing.add", _facts(row), by=(actor, now)))
    session.flush()
    return row


def end_routing(
    session: Session, rule_id: int, end: RoutingEnd, *, actor: Actor, today: date, now: datetime
) -> None:
    """End a rule from today or a later day on.

    A rule that has not begun by then is taken out whole: it never held. The audit trail keeps it.

    Raises
    ------
    Problem
        `not_permitted`, `county_wide_only`, `not_found`, `field_invalid`, `routing_over`.
    """
    _begin(session, actor)
    row = session.get(RoutingRule, rule_id) if rule_id <= KEY_MAX else None
    if row is None:
        raise Problem("not_found", what="职责分工")
    _require_day(end.day, today=today)
    _require_text("依据", end.source)
    if row.valid_to is not None and row.valid_to <= max(end.day, today):
        raise Problem("routing_over", day=row.valid_to)
    facts = {"was": _facts(row), "from": end.day.isoformat(), "source": end.source.strip()}
    session.add(_audited(row, "routing.end", facts, by=(actor, now)))
    if row.valid_from >= end.day:
        session.delete(row)
    else:
        row.valid_to = end.day
    session.flush()


def _begin(session: Session, actor: Actor) -> None:
    require_county(actor, Permission.ROUTING_SET)
    session.execute(select(func.pg_advisory_xact_lock(ROUTING_LOCK)))


def _require_kind(draft: RoutingDraft) -> None:
    if draft.pollution_type not in list(PollutionType):
        expected = "、".join(code.value for code in PollutionType)
        raise _invalid("污染类型", expected, draft.pollution_type)
    if draft.subtype is None:
        return
    subtypes = [one for one, kind in TYPE_OF.items() if kind.value == draft.pollution_type]
    if draft.subtype not in subtypes:
        raise _invalid("污染小类", "、".join(one.value for one in subtypes), draft.subtype)


def _require_text(field: str, text: str) -> None:
    if not text.strip() or len(text) > TEXT_MAX or "\x00" in text:
        raise _invalid(field, f"1–{TEXT_MAX}", text[:40].replace("\x00", ""))


def _require_days(draft: RoutingDraft, *, today: date) -> None:
    _require_day(draft.valid_from, today=today)
    last = draft.last_day
    if last is None:
        return
    if last < draft.valid_from:
        raise Problem("days_reversed", first=draft.valid_from, last=last)
    if last.year == MAXYEAR:
        raise _invalid("至", f"< {MAXYEAR}", last.isoformat())


def _require_day(day: date, *, today: date) -> None:
    if day < today:
        raise _invalid("自", f"≥ {today}", day.isoformat())
    if day.year > today.year + YEARS_AHEAD:
        raise _invalid("自", f"≤ {today.year + YEARS_AHEAD}-12-31", day.isoformat())


def _require_no_clash(session: Session, draft: RoutingDraft) -> None:
    """Refuse a second rule of the same kind on any day; a subtype may differ from its type."""
    others = select(RoutingRule).where(
        RoutingRule.pollution_type == draft.pollution_type,
        RoutingRule.pollution_subtype.is_not_distinct_from(draft.subtype),
        RoutingRule.valid_to.is_(None) | (RoutingRule.valid_to > draft.valid_from),
    )
    if draft.valid_to is not None:
        others = others.where(RoutingRule.valid_from < draft.valid_to)
    other = session.scalars(others.order_by(RoutingRule.valid_from).limit(1)).first()
    if other is not None:
        raise Problem(
            "routing_clash",
            kind=_kind_phrase(other),
            period=_period(other),
            department=other.department,
            source=other.source,
        )


def _kind_phrase(row: RoutingRule) -> Phrase:
    subtype = row.pollution_subtype
    narrowed = "全部" if subtype is None else PollutionSubtype(subtype).label
    facts = {"kind": PollutionType(row.pollution_type).label, "narrowed": narrowed}
    return Phrase("%(kind)s·%(narrowed)s", facts)


def _period(row: RoutingRule) -> str:
    """Return first and last day as people write them; an open end stays open."""
    if row.valid_to is None:
        return f"{row.valid_from} –"
    return f"{row.valid_from} – {row.valid_to - timedelta(days=1)}"


def _facts(row: RoutingRule) -> Json:
    """Return a rule as the audit trail keeps it; what is not set is left out."""
    facts = {
        "pollution_type": row.pollution_type,
        "pollution_subtype": row.pollution_subtype,
        "department": row.department,
        "from": row.valid_from.isoformat(),
        "to": None if row.valid_to is None else row.valid_to.isoformat(),
        "source": row.source,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _audited(
    row: RoutingRule, action: str, facts: Json, *, by: tuple[Actor, datetime]
) -> AuditEntry:
    actor, now = by
    return AuditEntry(
        at=now,
        actor_id=actor.person_id,
        action=action,
        subject_kind=RoutingRule.__tablename__,
        subject_id=str(row.id),
        facts=facts,
    )


def _invalid(field: str, expected: str, found: str) -> Problem:
    return Problem("field_invalid", field=field, expected=expected, found=found)
