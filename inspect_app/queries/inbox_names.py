"""What held records speak of: names of stops, photos that have come."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.models import PatrolStop, Photo


def stop_names(session: Session, ids: Iterable[object]) -> dict[object, str]:
    """Return the names of stops by id; what is no id is passed over."""
    wanted = {one for one in ids if isinstance(one, int) and not isinstance(one, bool)}
    if not wanted:
        return {}
    rows = session.execute(select(PatrolStop.id, PatrolStop.name).where(PatrolStop.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def arrived_photos(session: Session, hashes: Iterable[str]) -> set[str]:
    """Return those of the hashes whose photo has come."""
    return set(session.scalars(select(Photo.sha256).where(Photo.sha256.in_(set(hashes)))))
