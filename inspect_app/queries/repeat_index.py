"""Likely same matters while a complaint is taken down: an index held per process, kept up to date.

`LiveRepeats` holds `gis.repeats.RepeatIndex` in memory, reads what is new from the database before
each answer, and hands out matters: which matter a complaint belongs to is asked at that moment.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from pyproj import CRS
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from gis.crs import metric_crs_for, project
from gis.repeats import Complaint as Call
from gis.repeats import Match, Reason, RepeatIndex
from gis.repeats.index import WINDOW_DAYS
from inspect_app.domain.access import Scope
from inspect_app.domain.codes import PlaceQuality
from inspect_app.domain.matter_codes import MatterState
from inspect_app.models import Complaint, ComplaintMatter, Reporter
from inspect_app.queries.scope import in_scope

AT_ONCE = 2_000
"""So many new complaints are read within a request; more are read beside it."""
CHECK_EVERY_S = 1.0
"""So long what was read last counts as new."""
COUNT_EVERY_S = 60.0
"""How often rows are looked for that were committed later than ones with a higher number."""
AGE_MAX = timedelta(days=7)
"""An index that old is built anew: those out of the window leave it, so memory stays bounded."""
_CHUNK = 5_000
_RANKED = 60
"""Best complaints looked at: many of one matter are told once."""


@dataclass(frozen=True, slots=True)
class SameMatter:
    """A matter a new complaint may belong to, with what speaks for it."""

    matter_id: int
    matter_no: str
    title: str
    state: MatterState
    times: int
    last_at: datetime
    distance_m: int | None
    probability: float
    reasons: tuple[Reason, ...]


@dataclass(slots=True)
class _Held:
    """One index with what is in it; replaced as a whole when it is built anew."""

    index: RepeatIndex
    built_at: datetime
    crs: CRS | None = None
    known: set[int] = field(default_factory=set)
    last_id: int = 0


def object_key(source_id: int | None, name: str | None) -> str:
    """Return what a respondent is known by: the source, else its name without spaces."""
    if source_id is not None:
        return f"source:{source_id}"
    plain = "".join((name or "").split())
    return f"name:{plain}" if plain else ""


def kind_key(types: Sequence[str]) -> str:
    """Return the category of a complaint: its pollution types in one order."""
    return "+".join(sorted(types))


@dataclass(slots=True)
class LiveRepeats:
    """The index of one process.

    Memory: 2 to 3 KB a complaint of the last year, so about 300 MB for 100,000. Answers come from
    one thread at a time. `elsewhere` runs a long build beside the requests with a session of its
    own; until it is done `suggest` answers None.
    """

    elsewhere: Callable[[Callable[[Session], None]], None]
    clock: Callable[[], float] = time.monotonic
    _held: _Held | None = None
    _is_building: bool = False
    _checked_at: float = float("-inf")
    _counted_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def suggest(
        self, session: Session, call: Call, *, scope: Scope, least: float, limit: int = 5
    ) -> list[SameMatter] | None:
        """Return the likely same matters of the scope, best first; None while the index is built.

        `call.xy` holds degrees in EPSG:4490; closed matters are told too, merged ones as the one
        they went up in. Those less probable than `least` are left out.
        """
        with self._lock:
            held = self._ready(session, now=call.at)
            if held is None:
                return None
            matches = held.index.rank(_in_metres(call, held.crs), limit=_RANKED)
        likely = [match for match in matches if match.probability >= least]
        return _matters(session, likely, scope=scope)[:limit]

    def _ready(self, session: Session, *, now: datetime) -> _Held | None:
        """Return the index with everything in it that is committed, or None while it is built."""
        held = self._held
        if held is None or now - held.built_at > AGE_MAX:
            self._build(session, now=now)
            return self._held
        if self.clock() - self._checked_at >= CHECK_EVERY_S:
            self._catch_up(session, held)
            self._checked_at = self.clock()
        return held

    def _build(self, session: Session, *, now: datetime) -> None:
        since = now - timedelta(days=WINDOW_DAYS)
        if self._is_building:
            return
        if _count(session, since=since) <= AT_ONCE:
            self._held = built(session, now=now)
            self._checked_at = self._counted_at = self.clock()
            return
        self._is_building = True

        def work(own: Session) -> None:
            try:
                self._held = built(own, now=now)
                self._checked_at = float("-inf")
            finally:
                self._is_building = False

        self.elsewhere(work)

    def _catch_up(self, session: Session, held: _Held) -> None:
        """Add what came since; once a minute also what was committed out of order."""
        _add(held, _calls(session, Complaint.id > held.last_id))
        if self.clock() - self._counted_at < COUNT_EVERY_S:
            return
        self._counted_at = self.clock()
        since = held.built_at - timedelta(days=WINDOW_DAYS)
        there = set(session.scalars(select(Complaint.id).where(Complaint.received_at >= since)))
        missed = sorted(there - held.known)
        if missed:
            _add(held, _calls(session, Complaint.id.in_(missed)))


def built(session: Session, *, now: datetime) -> _Held:
    """Return an index of the complaints of the last year; about 0.15 ms each."""
    held = _Held(RepeatIndex(), now)
    since = now - timedelta(days=WINDOW_DAYS)
    _add(held, _calls(session, Complaint.received_at >= since))
    held.index.shared.review()
    return held


def _count(session: Session, *, since: datetime) -> int:
    found = session.scalar(select(func.count()).where(Complaint.received_at >= since))
    return found or 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A complaint as it is read: with its number and its place in degrees."""

    id: int
    call: Call


def _calls(session: Session, condition: ColumnElement[bool]) -> Iterator[_Row]:
    rows = session.execute(
        select(
            Complaint.id,
            Complaint.received_at,
            func.ST_X(Complaint.geom),
            func.ST_Y(Complaint.geom),
            Complaint.pollution_types,
            Complaint.summary,
            func.coalesce(Complaint.respondent_source_id, ComplaintMatter.respondent_source_id),
            func.coalesce(Complaint.respondent_name, ComplaintMatter.respondent_name),
            func.coalesce(Reporter.phone_hash, Reporter.name_hash, ""),
            Complaint.place_quality,
        )
        .join(ComplaintMatter, ComplaintMatter.id == Complaint.matter_id)
        .outerjoin(Reporter, Reporter.complaint_id == Complaint.id)
        .where(condition)
        .order_by(Complaint.id)
        .execution_options(yield_per=_CHUNK)
    )
    for row in rows:
        yield _Row(
            row[0],
            Call(
                key=str(row[0]),
                at=row[1],
                xy=None if row[2] is None else (row[2], row[3]),
                kind=kind_key(row[4]),
                text=row[5],
                object_key=object_key(row[6], row[7]),
                reporter=row[8],
                fallback=row[9] == PlaceQuality.SHARED_FALLBACK.value,
            ),
        )


def _add(held: _Held, rows: Iterator[_Row]) -> None:
    for row in rows:
        held.last_id = max(held.last_id, row.id)
        if row.id in held.known:
            continue
        held.known.add(row.id)
        if held.crs is None and row.call.xy is not None:
            held.crs = metric_crs_for(row.call.xy[0])
        held.index.add(_in_metres(row.call, held.crs))


def _in_metres(call: Call, crs: CRS | None) -> Call:
    """Return the call with its place in the county's metric reference."""
    if call.xy is None:
        return call
    metric = crs or metric_crs_for(call.xy[0])
    ((east, north),) = project(np.array([call.xy]), metric_crs=metric).tolist()
    return replace(call, xy=(east, north))


def _matters(session: Session, matches: Sequence[Match], *, scope: Scope) -> list[SameMatter]:
    """Return the matters the matched complaints belong to now, each with its best match."""
    belongs = _belongings(session, [int(match.key) for match in matches])
    best: dict[int, Match] = {}
    for match in matches:
        matter_id = belongs.get(int(match.key))
        if matter_id is not None:
            best.setdefault(matter_id, match)
    if not best:
        return []
    rows = session.execute(
        select(
            ComplaintMatter.id,
            ComplaintMatter.matter_no,
            ComplaintMatter.title,
            ComplaintMatter.state,
            func.count(Complaint.id),
            func.max(Complaint.received_at),
        )
        .join(Complaint, Complaint.matter_id == ComplaintMatter.id)
        .where(ComplaintMatter.id.in_(list(best)), in_scope(ComplaintMatter.grid_id, scope))
        .group_by(ComplaintMatter.id)
    )
    found = [_told(best[row[0]], row) for row in rows]
    return sorted(found, key=lambda one: (-one.probability, one.matter_no))


def _told(match: Match, row: Row[int, str, str, str, int, datetime]) -> SameMatter:
    metres = [reason.facts.get("distance_m") for reason in match.reasons]
    near = next((int(one) for one in metres if one is not None), None)
    number, matter_no, title, state, times, last_at = row
    return SameMatter(
        number,
        matter_no,
        title,
        MatterState(state),
        times,
        last_at,
        near,
        match.probability,
        match.reasons,
    )


def _belongings(session: Session, complaints: Sequence[int]) -> dict[int, int]:
    """Return the living matter of each complaint; merged ones are followed to where they went."""
    rows = session.execute(
        select(Complaint.id, Complaint.matter_id).where(Complaint.id.in_(complaints))
    )
    belongs: dict[int, int] = {row[0]: row[1] for row in rows}
    merged = session.execute(
        select(ComplaintMatter.id, ComplaintMatter.merged_into_id).where(
            ComplaintMatter.merged_into_id.is_not(None),
            ComplaintMatter.id.in_(set(belongs.values())),
        )
    )
    living: dict[int, int | None] = {row[0]: row[1] for row in merged}
    return {one: living.get(matter) or matter for one, matter in belongs.items()}
