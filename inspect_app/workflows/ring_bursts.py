"""Ring bursts: compare the last two days of every matter, respondent and grid with its past."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from gis.clusters import Surge, surges
from inspect_app.domain.access import Actor
from inspect_app.domain.alarm_codes import AlarmUnit
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, BurstAlarm
from inspect_app.queries.bursts import BurstWindow, alarm, alarm_of_unit, unit_counts, unit_named
from inspect_app.queries.policies import policy_value


@dataclass(frozen=True, slots=True)
class BurstRules:
    """The policies of a day."""

    window: timedelta
    history_days: int
    count_min: int
    false_share: float
    quiet: timedelta


def burst_rules(session: Session, day: date) -> BurstRules:
    """Return the rules of alarms that hold on a day."""

    def value(key: str) -> float:
        return policy_value(session, key, day=day)

    return BurstRules(
        window=timedelta(hours=value("burst_window_h")),
        history_days=int(value("burst_history_days")),
        count_min=int(value("burst_count_min")),
        false_share=value("burst_false_share"),
        quiet=timedelta(days=value("burst_quiet_days")),
    )


def ring_bursts(
    session: Session, rules: BurstRules, *, actor: Actor, now: datetime
) -> list[BurstAlarm]:
    """Test every matter, respondent and grid, store what rings, and return the new alarms.

    Matters come first; a respondent rings only for what no ringing matter explains, a grid only for
    what neither does. An alarm that goes on is not rung again: its peak grows, until it has been
    quiet for `rules.quiet`.
    """
    past = int(timedelta(days=rules.history_days) / rules.window)
    window = BurstWindow(now - rules.window, now, past)
    rung = []
    for unit, key, surge, tested in _surges(session, rules, window):
        known = alarm_of_unit(session, unit, key, since=now - rules.quiet)
        if known is not None:
            known.peak, known.last_seen_at = max(known.peak, surge.observed), now
            continue
        found = _alarm(session, unit, key, surge=surge, window=window)
        found.units_tested, found.history_days = tested, rules.history_days
        session.add(found)
        session.flush()
        _audit(session, found, "burst.ring", actor=actor, now=now)
        rung.append(found)
    session.flush()
    return rung


def acknowledge(
    session: Session, alarm_id: int, *, note: str, actor: Actor, now: datetime
) -> BurstAlarm:
    """Note who took notice of an alarm and what follows; it stays in the lists of its period.

    Raises
    ------
    Problem
        `not_found`; `reason_missing`; `alarm_acknowledged` when somebody was faster.
    """
    line = alarm(session, actor.scope, alarm_id)
    if line is None:
        raise Problem("not_found", what="激增报警")
    if not note.strip():
        raise Problem("reason_missing")
    found = session.get_one(BurstAlarm, alarm_id, with_for_update=True, populate_existing=True)
    if found.acknowledged_at is not None:
        raise Problem("alarm_acknowledged", person=line.acknowledged_by or "—")
    found.acknowledged_at, found.acknowledged_by = now, actor.person_id
    found.acknowledgement = note.strip()
    _audit(session, found, "burst.acknowledge", actor=actor, now=now)
    session.flush()
    return found


def _surges(
    session: Session, rules: BurstRules, window: BurstWindow
) -> Iterator[tuple[AlarmUnit, str, Surge, int]]:
    explained: dict[AlarmUnit, list[str]] = {}
    for unit in AlarmUnit:
        keys, counts = unit_counts(session, unit, window, explained=explained)
        found = surges(counts, count_min=rules.count_min, false_share=rules.false_share)
        explained[unit] = [keys[surge.unit] for surge in found]
        for surge in found:
            yield unit, keys[surge.unit], surge, len(keys)


def _alarm(
    session: Session, unit: AlarmUnit, key: str, *, surge: Surge, window: BurstWindow
) -> BurstAlarm:
    named = unit_named(session, unit, key)
    return BurstAlarm(
        unit=unit.value,
        unit_key=key,
        matter_id=named.matter_id,
        source_id=named.source_id,
        grid_id=named.grid_id,
        title=named.title,
        window_from=window.start,
        rung_at=window.end,
        observed=surge.observed,
        expected=surge.expected,
        history=surge.history,
        p=surge.p,
        q=surge.false_share,
        peak=surge.observed,
        last_seen_at=window.end,
    )


def _audit(session: Session, found: BurstAlarm, act: str, *, actor: Actor, now: datetime) -> None:
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=act,
            subject_kind="burst_alarm",
            subject_id=str(found.id),
            facts={
                "unit": found.unit,
                "title": found.title,
                "observed": found.observed,
                "expected": round(found.expected, 4),
                "note": found.acknowledgement,
            },
        )
    )
