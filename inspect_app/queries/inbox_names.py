"""What held records speak of: names of stops, photos that have come; how much is held."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.models import PatrolStop, Photo
from inspect_app.queries.inbox import held_records, rivals


def stop_names(session: Session, ids: Iterable[object]) -> dict[object, str]:
    """Return the names of stops by id; what is no id is passed over."""
    wanted = {one for one in ids if isinstance(one, int) and not isinstance(one, bool)}
    if not wanted:
        return {}
    rows = session.execute(
        select(PatrolStop.id, PatrolStop.name).where(PatrolStop.id.in_(wanted))
    )
    return {row.id: row.name for row in rows}


def arrived_photos(session: Session, hashes: Iterable[str]) -> set[str]:
    """Return those of the hashes whose photo has come."""
    return set(session.scalars(select(Photo.sha256).where(Photo.sha256.in_(set(hashes)))))


def held_count(session: Session, *, scope: Scope, now: datetime) -> int:
    """Return how much waits for a person of the scope, up to some hundreds."""
    return len(held_records(session, scope=scope, now=now)) + len(rivals(session, scope=scope))
