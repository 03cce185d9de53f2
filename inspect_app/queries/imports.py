"""Import batches: the latest ones, and one with its rejections."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.rejection import Rejection
from inspect_app.models import ImportBatch, Person


@dataclass(frozen=True, slots=True)
class Batch:
    """An import as the list shows it; `person` is None for the command line."""

    id: int
    kind: str
    file_name: str
    source_crs: str
    counts: Mapping[str, int]
    imported_at: datetime
    person: str | None


def recent_batches(session: Session, *, limit: int = 50) -> list[Batch]:
    """Return the latest imports, the newest first."""
    rows = session.execute(
        select(ImportBatch, Person.name)
        .outerjoin(Person, Person.id == ImportBatch.imported_by)
        .order_by(ImportBatch.id.desc())
        .limit(limit)
    )
    return [_batch(batch, person) for batch, person in rows]


def find_batch(session: Session, batch_id: int) -> tuple[Batch, tuple[Rejection, ...]] | None:
    """Return one import with the rows it refused; None where there is no such import."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        return None
    person = None if batch.imported_by is None else session.get(Person, batch.imported_by)
    rows: list[dict[str, Any]] = batch.rejections.get("rows", [])
    rejections = tuple(Rejection(row["row"], row["reason"], row["facts"]) for row in rows)
    return _batch(batch, None if person is None else person.name), rejections


def _batch(batch: ImportBatch, person: str | None) -> Batch:
    return Batch(
        batch.id,
        batch.kind,
        batch.file_name,
        batch.source_crs,
        batch.counts,
        batch.imported_at,
        person,
    )
