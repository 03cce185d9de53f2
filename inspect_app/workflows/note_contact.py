"""Note a contact: when a tablet spoke last, and the highest number of its outbox it told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from inspect_app.models import Device

NOTED_EVERY = timedelta(seconds=60)
"""An upload is hundreds of requests: the row is written once a minute, or when there is news."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a tablet says of itself at a request."""

    seq: int
    clock_offset_s: float | None
    app_version: str | None


def note_contact(session: Session, device: Device, contact: Contact, *, now: datetime) -> None:
    """Note what a tablet says of itself; its highest number never falls.

    Costs no statement while there is no news, else one that locks the tablet's row.
    """
    news = contact.seq > device.told_seq or contact.app_version not in (None, device.app_version)
    if not news and now - device.seen_at < NOTED_EVERY:
        return
    session.execute(
        update(Device)
        .where(Device.uid == device.uid)
        .values(
            seen_at=func.greatest(Device.seen_at, now),
            told_seq=func.greatest(Device.told_seq, contact.seq),
            app_version=contact.app_version or Device.app_version,
            clock_offset_s=func.coalesce(contact.clock_offset_s, Device.clock_offset_s),
        )
        .execution_options(synchronize_session=False)
    )
