"""Devices: a tablet by the id it made for itself."""

from uuid import UUID

from sqlalchemy.orm import Session

from inspect_app.models import Device


def device_by_uid(session: Session, uid: UUID) -> Device | None:
    """Return the enrolled tablet of this id, revoked or not; None if it was never enrolled."""
    return session.get(Device, uid)
