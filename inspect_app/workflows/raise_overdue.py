"""Raise overdue: what is late is noted in the matter's history, once for each level it goes up."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.calendar import local_day
from inspect_app.domain.deadlines import PRESSING_STATES, Deadline, OverdueLevel
from inspect_app.domain.turns import levels_up_to
from inspect_app.models import ComplaintMatter, Event
from inspect_app.queries.deadlines import clocks_of
from inspect_app.queries.overdue import Late, late_party, people_told, rises, still_up
from inspect_app.workflows.advance import Step, advance

Missing = dict[int, tuple[Deadline, list[OverdueLevel]]]


def raise_overdue(session: Session, *, actor: Actor, now: datetime) -> list[Event]:
    """Note every level that overdue matters have gone up to and that is not noted yet.

    The clock stays computed: a note holds for one clock and one due time, so that an extension or
    another clock begins anew. Each note says who was late and who was told. Running twice, or two
    at once, notes nothing twice: the matters are locked and looked at again.
    """
    pressing = session.scalars(
        select(ComplaintMatter.id).where(ComplaintMatter.state.in_(sorted(PRESSING_STATES)))
    ).all()
    first = _missing(session, pressing, now=now)
    if not first:
        return []
    matters = session.scalars(
        select(ComplaintMatter)
        .where(ComplaintMatter.id.in_(first))
        .order_by(ComplaintMatter.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    told = people_told(session, matters, day=local_day(now))
    missing = _missing(session, list(first), now=now)
    return [
        advance(
            session,
            matter,
            "go_up",
            step=Step(
                facts=_facts(deadline, level, late=late_party(matter), told=told[matter.id][level])
            ),
            actor=actor,
            now=now,
        )
        for matter, deadline, level in _each(matters, missing)
    ]


def _missing(session: Session, matter_ids: Collection[int], *, now: datetime) -> Missing:
    clocks, noted = clocks_of(session, matter_ids, now=now), rises(session, matter_ids)
    missing: Missing = {}
    for matter_id, clock in clocks.items():
        known = {rise.level for rise in still_up(noted.get(matter_id, ()), clock)}
        levels = [level for level in levels_up_to(clock.level) if level not in known]
        if levels and clock.next is not None:
            missing[matter_id] = (clock.next, levels)
    return missing


def _each(
    matters: Collection[ComplaintMatter], missing: Missing
) -> Iterator[tuple[ComplaintMatter, Deadline, OverdueLevel]]:
    for matter in matters:
        if matter.id in missing:
            deadline, levels = missing[matter.id]
            for level in levels:
                yield matter, deadline, level


def _facts(
    deadline: Deadline, level: OverdueLevel, *, late: Late, told: tuple[int, ...]
) -> dict[str, object]:
    return {
        "clock": deadline.clock.value,
        "overdue_since": deadline.due,
        "level": level.value,
        "late_person_ids": late.person_ids,
        "late_roles": [role.value for role in late.roles],
        "late_department": late.department,
        "told_person_ids": told,
    }
