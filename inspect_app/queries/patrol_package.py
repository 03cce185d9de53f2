"""The week's package of a tablet: what is known about its stops' objects, and whom to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.models import Policy

KEPT = 3
"""So many visits, and so many findings, of each object go with the package."""
PHOTOS_OF_FINDING = 2


@dataclass(frozen=True, slots=True)
class PastVisit:
    """An earlier visit to an object, whichever crew made it."""

    at: datetime
    crew: str
    result: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class PastFinding:
    """An earlier finding about an object; `photos` are hashes, their thumbnails are small."""

    finding_no: str
    finding_type: str
    severity: str
    state: str
    found_at: datetime
    description: str
    photos: list[str]


@dataclass(slots=True)
class ObjectHistory:
    """What is known about one object, newest first."""

    kind: str
    id: int
    visits: list[PastVisit]
    findings: list[PastFinding]


VISITS = """
WITH wanted AS (
    SELECT DISTINCT object_kind, object_id FROM patrol_stop WHERE task_id = ANY(:tasks)
), ranked AS (
    SELECT stop.object_kind, stop.object_id, stop.done_at, crew.name, stop.result,
           stop.result_reason, row_number() OVER (
               PARTITION BY stop.object_kind, stop.object_id
               ORDER BY stop.done_at DESC, stop.id DESC) AS place
    FROM wanted JOIN patrol_stop stop USING (object_kind, object_id)
    JOIN patrol_task task ON task.id = stop.task_id
    JOIN crew ON crew.id = task.crew_id
    WHERE stop.result <> 'pending' AND stop.done_at IS NOT NULL AND stop.task_id <> ALL(:tasks)
)
SELECT object_kind, object_id, done_at, name, result, result_reason FROM ranked
WHERE place <= :kept ORDER BY object_kind, object_id, place
"""

FINDINGS = """
WITH wanted AS (
    SELECT DISTINCT object_kind, object_id FROM patrol_stop WHERE task_id = ANY(:tasks)
), about AS (
    SELECT object_kind, object_id, id FROM finding
    JOIN wanted USING (object_kind, object_id)
    UNION
    SELECT wanted.object_kind, wanted.object_id, finding.id FROM wanted
    JOIN patrol_stop stop USING (object_kind, object_id)
    JOIN finding ON finding.patrol_stop_id = stop.id AND finding.object_id IS NULL
), ranked AS (
    SELECT about.object_kind, about.object_id, finding.id, finding_no, finding_type, severity,
           state, found_at, description, row_number() OVER (
               PARTITION BY about.object_kind, about.object_id
               ORDER BY found_at DESC, finding.id DESC) AS place
    FROM about JOIN finding ON finding.id = about.id
    WHERE :everywhere OR EXISTS (SELECT FROM grid WHERE grid.id = finding.grid_id
        AND grid.path ^@ ANY(:paths))
)
SELECT object_kind, object_id, finding_no, finding_type, severity, state, found_at,
    left(description, 200) AS description,
    ARRAY(SELECT photo_sha256 FROM finding_photo WHERE finding_id = ranked.id
          ORDER BY stage DESC, photo_sha256 LIMIT :photos) AS photos
FROM ranked WHERE place <= :kept ORDER BY object_kind, object_id, place
"""


def objects_history(
    session: Session, task_ids: Sequence[int], *, actor: Actor
) -> list[ObjectHistory]:
    """Return the last visits to and findings about the objects of the tasks' stops.

    Two statements whatever the number of stops. Findings need `FINDING_VIEW` and lie inside the
    actor's scope; visits are those of other tasks than the asked ones.
    """
    known: dict[tuple[str, int], ObjectHistory] = {}

    def of(kind: str, number: int) -> ObjectHistory:
        return known.setdefault((kind, number), ObjectHistory(kind, number, [], []))

    asked = {"tasks": list(task_ids), "kept": KEPT}
    for kind, number, *visit in session.execute(text(VISITS), asked):
        of(kind, number).visits.append(PastVisit(*visit))
    if actor.may(Permission.FINDING_VIEW):
        scope = {"everywhere": actor.scope.everywhere, "paths": list(actor.scope.grid_paths)}
        rows = session.execute(text(FINDINGS), asked | scope | {"photos": PHOTOS_OF_FINDING})
        for kind, number, *finding in rows:
            of(kind, number).findings.append(PastFinding(*finding))
    return list(known.values())


@dataclass(frozen=True, slots=True)
class GridContact:
    """Who answers for the grid of a stop on a day, and how to reach this colleague."""

    grid_id: int
    day: date
    grid: str
    name: str
    phone: str | None
    duty: str


CONTACTS = """
SELECT DISTINCT ON (stop.grid_id, task.day) stop.grid_id, task.day, place.name AS grid,
    person.name, person.phone, holding.duty
FROM patrol_stop stop JOIN patrol_task task ON task.id = stop.task_id
JOIN grid place ON place.id = stop.grid_id
JOIN grid above ON place.path ^@ above.path
JOIN grid_owner holding ON holding.grid_id = above.id
    AND holding.duty IN ('responsible_person', 'grid_chief')
    AND holding.valid_from <= task.day
    AND (holding.valid_to IS NULL OR holding.valid_to > task.day)
JOIN person ON person.id = holding.person_id
WHERE task.id = ANY(:tasks)
ORDER BY stop.grid_id, task.day, above.depth DESC,
    holding.duty = 'grid_chief', holding.rank, person.id
"""


def grid_contacts(session: Session, task_ids: Sequence[int]) -> list[GridContact]:
    """Return the owner of each stop's grid on the task's day, with the service telephone.

    The responsible person comes before the chief, the principal before deputies; a grid without
    an owner is answered for by the nearest one above it. One statement.
    """
    rows = session.execute(text(CONTACTS), {"tasks": list(task_ids)})
    return [GridContact(*row) for row in rows]


def policies_known(session: Session, keys: Sequence[str], *, day: date) -> dict[str, float | None]:
    """Return the numbers in force on the day, None where the county has set none."""
    rows = session.execute(
        select(Policy.key, Policy.value["value"].as_float().label("number"))
        .ext(distinct_on(Policy.key))
        .where(
            Policy.key.in_(keys),
            Policy.valid_from <= day,
            or_(Policy.valid_to.is_(None), Policy.valid_to > day),
        )
        .order_by(Policy.key, Policy.valid_from.desc())
    )
    known = {row.key: row.number for row in rows}
    return {key: known.get(key) for key in keys}
