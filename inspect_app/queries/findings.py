"""One finding: itself within a scope, its photos, history, measures and who could act on it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import ROLES, Permission, Role, Scope
from inspect_app.domain.codes import PhotoStage
from inspect_app.models import (
    ComplaintMatter,
    Event,
    Finding,
    FindingPhoto,
    Grid,
    GridOwner,
    Measure,
    PatrolStop,
    Person,
    Photo,
    Post,
)
from inspect_app.queries.scope import in_scope

SUBMITTING_ROLES = tuple(role.value for role in Role if Permission.FINDING_SUBMIT in ROLES[role])


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One event of a finding with the name of who did it (None: the system)."""

    event: Event
    actor_name: str | None


def find_finding(session: Session, uid: UUID, *, scope: Scope) -> Finding | None:
    """Return the finding with this client-made id where the scope covers it, else None."""
    return session.scalar(
        select(Finding).where(Finding.uid == uid, in_scope(Finding.grid_id, scope))
    )


def is_visible(session: Session, finding_id: int, *, scope: Scope) -> bool:
    """Whether the scope covers the finding as it is now."""
    condition = in_scope(Finding.grid_id, scope)
    found = session.scalar(select(Finding.id).where(Finding.id == finding_id, condition))
    return found is not None


def of_finding(finding_id: int) -> ColumnElement[bool]:
    """Return the condition that an event row belongs to the finding."""
    return (Event.subject_kind == literal("finding")) & (Event.subject_id == finding_id)


def version_of(session: Session, finding_id: int) -> int:
    """Return the id of the finding's last event: it changes with every step; 0 before the first."""
    return session.scalar(select(func.max(Event.id)).where(of_finding(finding_id))) or 0


def history(session: Session, finding_id: int) -> list[HistoryEntry]:
    """Return all events of the finding, oldest first."""
    rows = session.execute(
        select(Event, Person.name)
        .outerjoin(Person, Person.id == Event.actor_id)
        .where(of_finding(finding_id))
        .order_by(Event.id)
    )
    return [HistoryEntry(event, name) for event, name in rows]


def measures_of(session: Session, finding_id: int) -> list[tuple[Measure, str | None]]:
    """Return the measures taken on the finding with the names of who issued them."""
    rows = session.execute(
        select(Measure, Person.name)
        .outerjoin(Person, Person.id == Measure.issued_by)
        .where(Measure.finding_id == finding_id)
        .order_by(Measure.issued_at, Measure.id)
    )
    return [(measure, name) for measure, name in rows]


def photos_of(session: Session, finding_id: int) -> list[tuple[FindingPhoto, Photo]]:
    """Return the finding's photos with what is known of them, oldest first."""
    rows = session.execute(
        select(FindingPhoto, Photo)
        .join(Photo, Photo.sha256 == FindingPhoto.photo_sha256)
        .where(FindingPhoto.finding_id == finding_id)
        .order_by(Photo.taken_at.nulls_last(), Photo.received_at, Photo.sha256)
    )
    return [(link, photo) for link, photo in rows]


def missing_photos(session: Session, hashes: tuple[str, ...]) -> list[str]:
    """Return those of the hashes no photo was received for."""
    if not hashes:
        return []
    known = set(session.scalars(select(Photo.sha256).where(Photo.sha256.in_(hashes))))
    return [sha256 for sha256 in hashes if sha256 not in known]


def photos_on_record(session: Session, finding_id: int) -> dict[PhotoStage, set[str]]:
    """Return the hashes of the finding's photos by stage.

    Photos of a cure count only if they were added since the finding was last reopened: what the
    last round's photos show did not last.
    """
    photos: dict[PhotoStage, set[str]] = {stage: set() for stage in PhotoStage}
    links = session.execute(
        select(FindingPhoto.stage, FindingPhoto.photo_sha256).where(
            FindingPhoto.finding_id == finding_id
        )
    )
    for stage, sha256 in links:
        photos[PhotoStage(stage)].add(sha256)
    reopened = select(func.max(Event.id)).where(of_finding(finding_id), Event.event == "reopen")
    reopened_id = session.scalar(reopened)
    if reopened_id is not None:
        added = session.scalars(
            select(Event.facts["photos"]).where(of_finding(finding_id), Event.id > reopened_id)
        )
        photos[PhotoStage.AFTER] &= {sha256 for hashes in added for sha256 in hashes or ()}
    return photos


def handled_by(session: Session, finding: Finding) -> frozenset[int]:
    """Return who did the work a recheck judges: the handler and who last handed it in."""
    submitter = session.scalar(
        select(Event.actor_id)
        .where(of_finding(finding.id), Event.event == "submit_rectification")
        .order_by(Event.id.desc())
        .limit(1)
    )
    return frozenset(
        person_id for person_id in (finding.handler_person_id, submitter) if person_id is not None
    )


def _on(day: date, table: type[Post] | type[GridOwner]) -> ColumnElement[bool]:
    return (table.valid_from <= day) & or_(table.valid_to.is_(None), table.valid_to > day)


def possible_handlers(session: Session, grid_id: int | None, *, day: date) -> list[Person]:
    """Return the persons who can handle a finding of this grid on a day, by name.

    Those with a duty over the grid itself, and those whose post lets them hand in a rectification
    and covers the grid: workers, stations and inspectors of it, of the grids above or the county.
    """
    path = select(Grid.path).where(Grid.id == grid_id).scalar_subquery()
    covering = select(Grid.id).where(path.startswith(Grid.path))
    posted = select(Post.person_id).where(
        Post.role.in_(SUBMITTING_ROLES),
        _on(day, Post),
        or_(Post.grid_id.is_(None), Post.grid_id.in_(covering)),
    )
    owning = select(GridOwner.person_id).where(GridOwner.grid_id == grid_id, _on(day, GridOwner))
    return list(
        session.scalars(
            select(Person)
            .where(Person.active, or_(Person.id.in_(posted), Person.id.in_(owning)))
            .order_by(Person.name, Person.id)
        )
    )


def enforcement_officers(session: Session) -> list[Person]:
    """Return the active persons with an enforcement certificate, by name."""
    return list(
        session.scalars(
            select(Person)
            .where(Person.active, Person.certificate_no.is_not(None))
            .order_by(Person.name, Person.id)
        )
    )


def last_steps(session: Session, finding_ids: list[int]) -> dict[int, tuple[int, datetime | None]]:
    """Return for each finding its version and when its present deadline was set."""
    if not finding_ids:
        return {}
    rows = session.execute(
        select(
            Event.subject_id,
            func.max(Event.id),
            func.max(Event.at).filter(Event.facts.has_key("due_at")),
        )
        .where(Event.subject_kind == "finding", Event.subject_id.in_(finding_ids))
        .group_by(Event.subject_id)
    )
    return {finding_id: (version, start) for finding_id, version, start in rows}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding lies and what it belongs to, in words."""

    lon: float
    lat: float
    stop_name: str | None
    task_id: int | None
    matter_no: str | None
    matter_id: int | None


def place_of(session: Session, finding_id: int, *, scope: Scope) -> Place:
    """Return the coordinates (EPSG:4490, east first), the patrol stop and the matter.

    Ids of the task and the matter are given where the scope covers them: their pages open.
    """
    row = session.execute(
        select(
            func.ST_X(Finding.geom),
            func.ST_Y(Finding.geom),
            PatrolStop.name,
            case((in_scope(PatrolStop.grid_id, scope), PatrolStop.task_id)),
            ComplaintMatter.matter_no,
            case((in_scope(ComplaintMatter.grid_id, scope), ComplaintMatter.id)),
        )
        .outerjoin(PatrolStop, PatrolStop.id == Finding.patrol_stop_id)
        .outerjoin(ComplaintMatter, ComplaintMatter.id == Finding.matter_id)
        .where(Finding.id == finding_id)
    ).one()
    return Place(*row)


def names_in(session: Session, events: list[Event]) -> dict[str, dict[int, str]]:
    """Return the names of the persons and grids that the facts of events point at."""
    person_ids: set[int] = set()
    grid_ids: set[int] = set()
    for event in events:
        facts = event.facts
        person_ids |= {facts.get("handler_person_id", 0), *facts.get("officers", ())}
        grid_ids.add(facts.get("upper_grid_id", 0))
    persons = session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    grids = session.execute(select(Grid.id, Grid.name).where(Grid.id.in_(grid_ids)))
    return {
        "persons": dict(persons.all()),
        "grids": dict(grids.all()),
    }


def handlers_within(session: Session, scope: Scope, *, day: date) -> list[Person]:
    """Return the persons with a handling post inside the scope or over the county, by name."""
    posted = select(Post.person_id).where(
        Post.role.in_(SUBMITTING_ROLES),
        _on(day, Post),
        or_(Post.grid_id.is_(None), in_scope(Post.grid_id, scope)),
    )
    return list(
        session.scalars(
            select(Person)
            .where(Person.active, Person.id.in_(posted))
            .order_by(Person.name, Person.id)
        )
    )
