"""Earlier complaints kept for comparison with a new one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

import numpy as np
from numpy.typing import NDArray

from gis.repeats.complaints import Complaint, Match, Reason, ReasonCode
from gis.repeats.levels import (
    CROWD_DAYS,
    CROWD_RADIUS_M,
    NO_CROWD,
    NO_PLACE,
    NO_TEXT,
    OTHER,
    PLACE_EDGES_M,
    SAME,
    SAME_OBJECT,
    SHARED,
    UNKNOWN,
    Comparisons,
    Field,
    same_or_not,
)
from gis.repeats.places import SharedPlaces
from gis.repeats.weights import PROPOSED, Weights
from gis.repeats.words import Texts, grams

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

WINDOW_DAYS = 365
"""How far back is looked by default: the longest period repeats are counted over."""
_CELL_M = PLACE_EDGES_M[-1]
_ALIKE_TEXTS = 100
_AND = "+"
"""Joins the kinds of a complaint that has several."""
_MINUTES_IN_DAY = 1_440.0
_MINUTES_OF_ONE_DAY_TOLD_AS_DAYS = 1_440

_KIND_CODES = {
    SAME: ReasonCode.same_kind,
    SHARED: ReasonCode.shared_kind,
    OTHER: ReasonCode.other_kind,
}


class TimeWithoutZone(ValueError):
    """A complaint's time has no zone, so that it cannot be ordered among the others."""


class KeptAlready(ValueError):
    """A complaint of this key is in the index."""


@dataclass(slots=True)
class _Rows:
    """Numbers of the kept complaints in arrays that double when they are full."""

    place: Floats
    minute: Floats
    codes: Ints
    count: int = 0

    @classmethod
    def empty(cls) -> "_Rows":
        return cls(np.zeros((64, 2)), np.zeros(64), np.zeros((64, 3), dtype=np.int64))

    def add(self, xy: tuple[float, float], minute: float, codes: tuple[int, int, int]) -> int:
        if self.count == len(self.minute):
            self.place = np.concatenate([self.place, np.zeros_like(self.place)])
            self.minute = np.concatenate([self.minute, np.zeros_like(self.minute)])
            self.codes = np.concatenate([self.codes, np.zeros_like(self.codes)])
        number = self.count
        self.place[number], self.minute[number], self.codes[number] = xy, minute, codes
        self.count += 1
        return number


class RepeatIndex:
    """Earlier complaints, closed ones too, and what a new one has in common with them.

    Candidates are those within 500 m (a grid of cells), those that name the same object, those of
    the same reporter and the 100 whose words are most alike; all of them no later than the new one
    and at most `window_days` before it.

    Memory: 2 KB a complaint with a text of forty characters. Building takes 0.05 ms CPU a
    complaint; a rank among 100,000 kept ones 0.9 ms, 2.3 ms at the 95th percentile
    (`benchmarks/repeats.py`).
    """

    def __init__(self, *, weights: Weights = PROPOSED, window_days: int = WINDOW_DAYS) -> None:
        self.weights = weights
        self.window_days = window_days
        self.shared = SharedPlaces()
        self._rows = _Rows.empty()
        self._complaints: list[Complaint] = []
        self._numbers: dict[str, int] = {}
        self._texts = Texts()
        self._names: tuple[dict[str, int], ...] = ({}, {}, {})
        self._with_kind: dict[str, list[int]] = {}
        self._cells: dict[tuple[int, int], list[int]] = {}
        self._objects: dict[str, list[int]] = {}
        self._reporters: dict[str, list[int]] = {}

    @classmethod
    def build(
        cls,
        complaints: Iterable[Complaint],
        *,
        weights: Weights = PROPOSED,
        window_days: int = WINDOW_DAYS,
    ) -> "RepeatIndex":
        """Return an index of the complaints, in any order; O(n)."""
        index = cls(weights=weights, window_days=window_days)
        for complaint in complaints:
            index.add(complaint)
        index.shared.review()
        return index

    def __len__(self) -> int:
        return self._rows.count

    def add(self, complaint: Complaint) -> None:
        """Keep a complaint, so that later ones are compared with it.

        Raises
        ------
        TimeWithoutZone
            If its time has no zone.
        KeptAlready
            If the index has a complaint of this key.
        """
        if complaint.key in self._numbers:
            raise KeptAlready(complaint.key)
        xy = (np.nan, np.nan) if complaint.xy is None or complaint.fallback else complaint.xy
        number = self._rows.add(xy, _minute(complaint.at), self._codes(complaint, is_kept=True))
        self._complaints.append(complaint)
        self._numbers[complaint.key] = number
        self._texts.add(complaint.text)
        if complaint.object_key:
            self._objects.setdefault(complaint.object_key, []).append(number)
        if complaint.reporter:
            self._reporters.setdefault(complaint.reporter, []).append(number)
        if complaint.xy is None:
            return
        self.shared.add(complaint.xy, kind=complaint.kind, text=complaint.text)
        if not complaint.fallback:
            self._cells.setdefault(_cell(complaint.xy), []).append(number)

    def _codes(self, complaint: Complaint, *, is_kept: bool) -> tuple[int, int, int]:
        """Return kind, object and reporter as numbers: -1 unknown, -2 never seen."""
        texts = (complaint.kind, complaint.object_key, complaint.reporter)
        found = []
        for names, text in zip(self._names, texts, strict=True):
            if is_kept and text and text not in names:
                names[text] = len(names)
                if names is self._names[0]:
                    for kind in text.split(_AND):
                        self._with_kind.setdefault(kind, []).append(names[text])
            found.append(names.get(text, len(names)) if text else -1)
        return found[0], found[1], found[2]

    def compare(self, complaint: Complaint) -> Comparisons:
        """Return the complaint beside all of its candidates.

        Raises
        ------
        TimeWithoutZone
            If its time has no zone.
        """
        xy = self._usable(complaint)
        words = grams(complaint.text)
        numbers = self._candidates(complaint, xy, words)
        kind, named, reporter = self._codes(complaint, is_kept=False)
        codes = self._rows.codes[numbers]
        distance_m = self._distances(xy, numbers)
        gap_min = _minute(complaint.at) - self._rows.minute[numbers]
        kinds = self._kinds(complaint.kind, asked=kind, kept=codes[:, 0])
        near = (distance_m <= CROWD_RADIUS_M) & (gap_min <= CROWD_DAYS * _MINUTES_IN_DAY)
        return Comparisons(
            numbers=numbers,
            distance_m=distance_m,
            gap_min=gap_min,
            similarity=self._texts.similarity(words, numbers),
            same_object=(codes[:, 1] == named) & (named >= 0),
            kind=kinds,
            reporter=same_or_not(reporter, codes[:, 2]),
            crowd=-1 if xy is None else int((near & (kinds != OTHER)).sum()),
        )

    def _kinds(self, kind: str, *, asked: int, kept: Ints) -> Ints:
        """Return SAME, SHARED (some of several kinds), OTHER or UNKNOWN."""
        found = same_or_not(asked, kept)
        sharing = [code for one in kind.split(_AND) for code in self._with_kind.get(one, ())]
        found[(found == OTHER) & np.isin(kept, sharing)] = SHARED
        return found

    def _usable(self, complaint: Complaint) -> tuple[float, float] | None:
        xy = complaint.xy
        if xy is None or complaint.fallback or self.shared.on_fallback(np.array([xy]))[0]:
            return None
        return xy

    def _candidates(
        self, complaint: Complaint, xy: tuple[float, float] | None, words: Ints
    ) -> Ints:
        alike = self._texts.alike(words, most=_ALIKE_TEXTS)
        named = self._objects.get(complaint.object_key, [])
        called = self._reporters.get(complaint.reporter, [])
        numbers = np.unique(np.concatenate([self._near(xy), alike, _ints(named), _ints(called)]))
        gap_min = _minute(complaint.at) - self._rows.minute[numbers]
        fits = (gap_min >= 0) & (gap_min <= self.window_days * _MINUTES_IN_DAY)
        fits &= numbers != self._numbers.get(complaint.key, -1)
        return np.asarray(numbers[fits])

    def _near(self, xy: tuple[float, float] | None) -> Ints:
        """Return the kept complaints within 500 m, those on a fallback left out."""
        if xy is None:
            return _ints([])
        east, north = _cell(xy)
        cells = [(east + right, north + up) for right in (-1, 0, 1) for up in (-1, 0, 1)]
        near = _ints([number for cell in cells for number in self._cells.get(cell, ())])
        there = self._rows.place[near]
        is_near = ((there - xy) ** 2).sum(axis=1) <= _CELL_M**2
        near, there = near[is_near], there[is_near]
        return np.asarray(near[~self.shared.on_fallback(there)])

    def _distances(self, xy: tuple[float, float] | None, numbers: Ints) -> Floats:
        if xy is None:
            return np.full(numbers.size, np.nan)
        there = self._rows.place[numbers]
        distance_m = np.hypot(there[:, 0] - xy[0], there[:, 1] - xy[1])
        distance_m[self.shared.on_fallback(there)] = np.nan
        return np.asarray(distance_m)

    def rank(self, complaint: Complaint, *, limit: int = 5) -> tuple[Match, ...]:
        """Return the earlier complaints that are most likely the same matter, best first.

        Parameters
        ----------
        complaint
            The new one; it need not be kept, and is never its own match.
        limit
            How many to return at most.

        Returns
        -------
        Matches with reasons; of equal ones the latest comes first. What is certain enough to be
        shown is the caller's choice.

        Raises
        ------
        TimeWithoutZone
            If its time has no zone.
        """
        found = self.compare(complaint)
        if found.numbers.size == 0:
            return ()
        levels = found.levels()
        parts = self.weights.of(levels)
        kind_bits = self.weights.kinds.get(complaint.kind, 0.0)
        bits = self.weights.prior_bits + kind_bits + parts.sum(axis=1)
        order = np.lexsort((-found.numbers, found.gap_min, -bits))[:limit]
        return tuple(
            Match(
                key=self._complaints[found.numbers[row]].key,
                probability=float(1 / (1 + 2.0 ** -bits[row])),
                bits=float(bits[row]),
                reasons=_reasons(found, row, bits=(levels[row], parts[row], kind_bits)),
            )
            for row in order.tolist()
        )


def _minute(at: datetime) -> float:
    if at.tzinfo is None:
        raise TimeWithoutZone(str(at))
    return at.timestamp() / 60


def _ints(numbers: list[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


def _cell(xy: tuple[float, float]) -> tuple[int, int]:
    return floor(xy[0] / _CELL_M), floor(xy[1] / _CELL_M)


def _reasons(
    found: Comparisons, row: int, *, bits: tuple[Ints, Floats, float]
) -> tuple[Reason, ...]:
    levels, parts, kind_bits = bits
    reasons = [
        _place_reason(found, row, level=int(levels[Field.place]), bits=float(parts[Field.place])),
        _time_reason(float(found.gap_min[row]), bits=float(parts[Field.time])),
    ]
    if levels[Field.kind] != UNKNOWN:
        reasons.append(Reason(_KIND_CODES[int(levels[Field.kind])], float(parts[Field.kind])))
    if levels[Field.text] != NO_TEXT:
        alike = {"similarity_pct": round(float(found.similarity[row]) * 100)}
        reasons.append(Reason(ReasonCode.words, float(parts[Field.text]), alike))
    if levels[Field.reporter] != UNKNOWN:
        is_same = levels[Field.reporter] == SAME
        code = ReasonCode.same_reporter if is_same else ReasonCode.other_reporter
        reasons.append(Reason(code, float(parts[Field.reporter])))
    if levels[Field.crowd] != NO_CROWD:
        around = {"within_m": int(CROWD_RADIUS_M), "days": CROWD_DAYS, "complaints": found.crowd}
        reasons.append(Reason(ReasonCode.crowded, float(parts[Field.crowd]), around))
    if kind_bits:
        reasons.append(Reason(ReasonCode.kind_repeats, kind_bits))
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.bits)))


def _place_reason(found: Comparisons, row: int, *, level: int, bits: float) -> Reason:
    if level == SAME_OBJECT:
        return Reason(ReasonCode.same_object, bits)
    if level == NO_PLACE:
        return Reason(ReasonCode.no_place, bits)
    return Reason(ReasonCode.near, bits, {"distance_m": round(float(found.distance_m[row]))})


def _time_reason(gap_min: float, *, bits: float) -> Reason:
    if gap_min < _MINUTES_OF_ONE_DAY_TOLD_AS_DAYS:
        return Reason(ReasonCode.minutes_before, bits, {"minutes": round(gap_min)})
    days = timedelta(minutes=gap_min).days
    return Reason(ReasonCode.days_before, bits, {"days": days})
