"""Receipts: what the server holds of a person's day, for comparison with the tablet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from inspect_app.models import PatrolLog, Photo, SyncRecord, TrackSegment


@dataclass(frozen=True, slots=True)
class Receipt:
    """Names and hashes of what arrived: records, track segments (`log/number`), photos."""

    records: list[tuple[str, str]]
    segments: list[tuple[str, str]]
    photos: list[str]


def receipt_of(
    session: Session, person_id: int | None, period: tuple[datetime, datetime]
) -> Receipt:
    """Return what the person's tablet sent from the start of the period until before its end.

    A segment that waits for its log is among the segments.
    """

    def inside(moment: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
        return (moment >= period[0]) & (moment < period[1])

    sent = (SyncRecord.author_id == person_id) | (SyncRecord.sender_id == person_id)
    records = session.execute(
        select(SyncRecord.uid, SyncRecord.sha256, SyncRecord.log_uid, SyncRecord.number).where(
            sent, inside(SyncRecord.received_at)
        )
    ).all()
    segments = session.execute(
        select(TrackSegment.log_uid, TrackSegment.number, TrackSegment.sha256)
        .join(PatrolLog, PatrolLog.uid == TrackSegment.log_uid)
        .where(PatrolLog.recorder_id == person_id, inside(TrackSegment.received_at))
    )
    photos = session.scalars(
        select(Photo.sha256).where(Photo.received_from == person_id, inside(Photo.received_at))
    )
    return Receipt(
        records=[(str(uid), sha256) for uid, sha256, _, number in records if number is None],
        segments=[
            *((f"{log_uid}/{number}", sha256) for log_uid, number, sha256 in segments),
            *((f"{log}/{n}", sha256) for _, sha256, log, n in records if n is not None),
        ],
        photos=list(photos),
    )
