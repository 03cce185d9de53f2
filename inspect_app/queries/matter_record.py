"""What is on record of a matter: the values its guards look at, its history, its people."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session

from inspect_app.domain.guards import MatterRecord
from inspect_app.domain.transitions import FINDING_FINISHED, FindingState
from inspect_app.models import ComplaintMatter, Event, Finding, MatterPhoto, Person
from inspect_app.queries.findings import HistoryEntry

SETTLED = (
    *FINDING_FINISHED,
    FindingState.FORWARDED,
    FindingState.TRANSFERRED_ENFORCEMENT,
    FindingState.CASE_FILED,
    FindingState.PENALISED,
)
"""States of a finding that is closed, or handed over to those who go on with it."""

DECISIONS = ("request_extension", "extend", "refuse_extension")


def of_matter(matter_id: int) -> ColumnElement[bool]:
    """Return the condition that an event row belongs to the matter."""
    return (Event.subject_kind == literal("matter")) & (Event.subject_id == matter_id)


def matter_version(session: Session, matter_id: int) -> int:
    """Return the id of the matter's last event: it changes with every step; 0 before the first.

    What the clock notes is no step: a page that a person has open stays good.
    """
    newest = select(func.max(Event.id)).where(of_matter(matter_id), Event.event != "go_up")
    return session.scalar(newest) or 0


def matter_versions(session: Session, matter_ids: Collection[int]) -> dict[int, int]:
    """Return the versions of many matters by id; those without events are left out."""
    rows = session.execute(
        select(Event.subject_id, func.max(Event.id))
        .where(
            Event.subject_kind == "matter",
            Event.subject_id.in_(matter_ids),
            Event.event != "go_up",
        )
        .group_by(Event.subject_id)
    )
    return dict(rows.all())


def matter_history(session: Session, matter_id: int) -> list[HistoryEntry]:
    """Return all events of the matter, oldest first."""
    rows = session.execute(
        select(Event, Person.name)
        .outerjoin(Person, Person.id == Event.actor_id)
        .where(of_matter(matter_id))
        .order_by(Event.id)
    )
    return [HistoryEntry(event, name) for event, name in rows]


def left_state(session: Session, matter: ComplaintMatter) -> str | None:
    """Return the state the matter left when it came into the one it is in; None without events."""
    return session.scalar(
        select(Event.from_state)
        .where(
            of_matter(matter.id),
            Event.to_state == matter.state,
            Event.from_state != matter.state,
        )
        .order_by(Event.id.desc())
        .limit(1)
    )


def matter_record(session: Session, matter: ComplaintMatter) -> MatterRecord:
    """Return what is on record of the matter's present round."""
    events = _round_events(session, matter.id)
    decided = [event for event in events if event in DECISIONS]
    return MatterRecord(
        rejections=events.count("reject_assignment"),
        extensions=events.count("extend"),
        extension_asked=decided[-1:] == ["request_extension"],
        evidence=_evidence(session, matter.id),
        findings_open=findings_open(session, matter.id),
        legal_route=matter.legal_route,
        handlers=handlers_of(matter),
    )


def _round_events(session: Session, matter_id: int) -> list[str]:
    events = list(
        session.scalars(select(Event.event).where(of_matter(matter_id)).order_by(Event.id))
    )
    begins = max((n for n, event in enumerate(events) if event == "reopen"), default=-1)
    return events[begins + 1 :]


def _evidence(session: Session, matter_id: int) -> int:
    photos = select(func.count()).where(MatterPhoto.matter_id == matter_id).scalar_subquery()
    findings = select(func.count()).where(Finding.matter_id == matter_id).scalar_subquery()
    return session.scalar(select(photos + findings)) or 0


def findings_open(session: Session, matter_id: int) -> int:
    """Return how many findings of the matter are neither closed nor handed over."""
    settled = [state.value for state in SETTLED]
    counted = select(func.count()).where(
        Finding.matter_id == matter_id, Finding.state.not_in(settled)
    )
    return session.scalar(counted) or 0


def handlers_of(matter: ComplaintMatter) -> frozenset[int]:
    """Return the persons a matter is in the hands of: the handler and those who help."""
    handler = () if matter.handler_person_id is None else (matter.handler_person_id,)
    return frozenset((*handler, *matter.co_handler_ids))


def worked_on(session: Session, matter: ComplaintMatter) -> frozenset[int]:
    """Return who did the work a revisit asks about: present handlers and all who took its steps."""
    steps = ("arrive", "verify", "take_measure", "submit")
    acted = session.scalars(
        select(Event.actor_id).where(of_matter(matter.id), Event.event.in_(steps)).distinct()
    )
    return handlers_of(matter) | {person_id for person_id in acted if person_id is not None}


def pending_extension_days(session: Session, matter_id: int) -> int | None:
    """Return the days of the extension that was last asked for; None where none was."""
    days = session.scalar(
        select(Event.facts["days"].as_integer())
        .where(of_matter(matter_id), Event.event == "request_extension")
        .order_by(Event.id.desc())
        .limit(1)
    )
    return None if days is None else int(days)
