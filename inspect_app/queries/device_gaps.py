"""Gaps of devices: what a tablet has written and the server has not, counted by its numbers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers `first` to `last` of a tablet that have not come.

    `since` is how long it can be known at the latest: when a later number came, else when anything
    last came (or the tablet was enrolled).
    """

    first: int
    last: int
    since: datetime

    @property
    def count(self) -> int:
        """How many numbers are missing."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class DeviceGaps:
    """An enrolled tablet with its newest contact and the holes below what it told of."""

    uid: UUID
    name: str
    holder: str | None
    seen_at: datetime
    told_seq: int
    app_version: str | None
    clock_offset_s: float | None
    revoked_at: datetime | None
    holes: tuple[Hole, ...]

    @property
    def missing(self) -> int:
        """How many records and segments have not come."""
        return sum(hole.count for hole in self.holes)

    def overdue(self, *, now: datetime, alarm_h: float) -> bool:
        """Whether a hole has been open for longer than the policy `gap_alarm_h` allows."""
        limit = now - timedelta(hours=alarm_h)
        return any(hole.since <= limit for hole in self.holes)


GAPS = """
WITH came AS (
    SELECT device_uid, seq, received_at FROM sync_record WHERE device_uid IS NOT NULL
    UNION ALL
    SELECT device_uid, seq, received_at FROM track_segment WHERE device_uid IS NOT NULL
), own AS (
    SELECT d.uid, c.seq, c.received_at FROM device d JOIN came c ON c.device_uid = d.uid
    WHERE c.seq BETWEEN 1 AND d.told_seq
    UNION ALL SELECT uid, 0, enrolled_at FROM device
), neighbours AS (
    SELECT uid, seq,
        lead(seq) OVER later AS next_seq,
        min(received_at) OVER (PARTITION BY uid ORDER BY seq
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later_came,
        max(received_at) OVER (PARTITION BY uid) AS last_came
    FROM own WINDOW later AS (PARTITION BY uid ORDER BY seq)
)
SELECT n.uid, n.seq + 1 AS first, coalesce(n.next_seq - 1, d.told_seq) AS last,
    coalesce(n.later_came, n.last_came) AS since
FROM neighbours n JOIN device d ON d.uid = n.uid
WHERE coalesce(n.next_seq - 1, d.told_seq) > n.seq
ORDER BY n.uid, first
"""

NOT_ARRIVED = """
SELECT * FROM (
    SELECT d.uid, d.name, d.told_seq
        - (SELECT count(*) FROM sync_record r
           WHERE r.device_uid = d.uid AND r.seq BETWEEN 1 AND d.told_seq)
        - (SELECT count(*) FROM track_segment s
           WHERE s.device_uid = d.uid AND s.seq BETWEEN 1 AND d.told_seq) AS missing
    FROM device d WHERE d.revoked_at IS NULL
) counted
WHERE missing > 0
ORDER BY name, uid
"""

DEVICES = """
SELECT d.uid, d.name, p.name AS holder, d.seen_at, d.told_seq, d.app_version, d.clock_offset_s,
    d.revoked_at
FROM device d LEFT JOIN person p ON p.id = d.holder_id
ORDER BY d.revoked_at IS NOT NULL, d.name, d.uid
"""


@dataclass(frozen=True, slots=True)
class NotArrived:
    """A tablet in use and how many of the numbers it told of have not come."""

    uid: UUID
    name: str
    missing: int


def not_arrived(session: Session) -> list[NotArrived]:
    """Return the tablets in use of which anything is missing, by name.

    The same numbers as `device_gaps`, counted by their index alone: pages that everybody opens show
    them.
    """
    return [NotArrived(*row) for row in session.execute(text(NOT_ARRIVED))]


def device_gaps(session: Session) -> list[DeviceGaps]:
    """Return every enrolled tablet with what it has told of and not delivered, revoked ones last.

    A tablet tells the highest number its outbox has given out with every request, so a hole is
    known within one contact, and one at the end as well. Two statements; the second reads the
    numbers of all tablets once, by their index.
    """
    holes: dict[UUID, list[Hole]] = {}
    for uid, first, last, since in session.execute(text(GAPS)):
        holes.setdefault(uid, []).append(Hole(first, last, since))
    return [
        DeviceGaps(**row._mapping, holes=tuple(holes.get(row.uid, ())))
        for row in session.execute(text(DEVICES))
    ]
