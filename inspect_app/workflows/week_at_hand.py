"""The week at hand: a built week is kept while nothing it is made from changes."""

from collections import OrderedDict
from datetime import date
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from inspect_app.queries.week_stamp import week_stamp
from inspect_app.workflows.build_week import WeekToPlan, build_week
from inspect_app.workflows.travel_cache import MatrixStore

KEPT = 3
"""Weeks kept in a process: people edit one or two at a time, and a big one takes tens of MB."""

_Key = tuple[Any, ...]


class _Shelf:
    """The weeks built last; one thread builds, the others wait for it."""

    def __init__(self) -> None:
        self._weeks: OrderedDict[_Key, WeekToPlan] = OrderedDict()
        self._lock = Lock()

    def find(
        self, session: Session, key: _Key, *, zone: ZoneInfo, store: MatrixStore | None
    ) -> WeekToPlan:
        with self._lock:
            _, week, first_day = key[:3]
            if key not in self._weeks:
                self._weeks[key] = build_week(
                    session, week, zone=zone, first_day=first_day, store=store
                )
            self._weeks.move_to_end(key)
            while len(self._weeks) > KEPT:
                self._weeks.popitem(last=False)
            return self._weeks[key]


_SHELF = _Shelf()


def week_at_hand(
    session: Session,
    week: date,
    *,
    zone: ZoneInfo,
    first_day: date | None = None,
    store: MatrixStore | None = None,
) -> WeekToPlan:
    """Return the same as `build_week`, without building it again while its rows are the same.

    The stamp of all rows it is made from is part of the key, so that a week can never be stale;
    it is computed inside the caller's transaction and sees what that has changed.

    Parameters
    ----------
    week, zone, first_day, store
        As for `build_week`.

    Raises
    ------
    Problem
        `no_crews`, `nothing_due`.
    """
    session.flush()
    key = (zone.key, week, first_day, *week_stamp(session))
    return _SHELF.find(session, key, zone=zone, store=store)
