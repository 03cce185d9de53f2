"""How well repeats are recognised: learnt on the first half in time, scored on the second."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gis.repeats.complaints import Complaint
from gis.repeats.index import RepeatIndex
from gis.repeats.levels import Comparisons
from gis.repeats.weights import PROPOSED, Weights, learn, raw_bits

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BASELINE_M = 250.0
BASELINE_DAYS = 30
"""Same category within 250 m and 30 days: what FixMyStreet suggests to the public, with a time."""

_KEPT_CANDIDATES = 25
"""Of a complaint to learn from, best first by the proposed weights."""
_ROUNDS = 3
_THRESHOLDS = 200
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about the complaints afterwards, in their order."""

    is_repeat: Flags
    matter: Ints | None = None
    """Number of the matter; None when it is only known whether a complaint is a repeat."""

    def part(self, rows: slice) -> "Truth":
        """Return the truth about some of the complaints."""
        return Truth(self.is_repeat[rows], None if self.matter is None else self.matter[rows])


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 (0 to 1). With matters known, a wrong match is a false alarm."""

    told: int
    right: int
    repeats: int

    @property
    def precision(self) -> float:
        """Share of what was told that is right."""
        return self.right / self.told if self.told else 0.0

    @property
    def recall(self) -> float:
        """Share of the repeats that were found."""
        return self.right / self.repeats if self.repeats else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        both = self.told + self.repeats
        return 2 * self.right / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The method and the baseline on both halves."""

    weights: Weights
    threshold: float
    """Probability from which a match is told; the best of the first half."""
    first: Score
    second: Score
    baseline_first: Score
    baseline_second: Score


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Candidates of a complaint: their levels and numbers."""

    levels: Ints
    numbers: Ints


def evaluate(complaints: Sequence[Complaint], truth: Truth) -> Evaluation:
    """Learn weights and threshold on the first half and score the second half with them.

    Parameters
    ----------
    complaints
        In order of time; each is compared only with those before it.
    truth
        A row a complaint.

    Notes
    -----
    The index ranks every complaint once, so the cost is n times that of `RepeatIndex.rank`.

    Raises
    ------
    ValueError
        If the first half has no repeat with a candidate, or nothing but repeats.
    """
    half = len(complaints) // 2
    index = RepeatIndex()
    seen = []
    for complaint in complaints[:half]:
        seen.append(_best_candidates(index.compare(complaint), kind=complaint.kind))
        index.add(complaint)
    kinds = [complaint.kind for complaint in complaints[:half]]
    before = truth.part(slice(0, half))
    weights = _learnt(seen, before, kinds=kinds)
    bits, match = _best(seen, weights, kinds=kinds)
    threshold = _best_threshold(bits, _is_right(match, truth, first=0), truth=before)
    index.weights = weights
    later_bits, later_match = _ranked(index, complaints, first=half)
    near = baseline(complaints)
    return Evaluation(
        weights,
        threshold=float(1 / (1 + 2.0**-threshold)),
        first=_score(bits >= threshold, match, truth=truth, first=0),
        second=_score(later_bits >= threshold, later_match, truth=truth, first=half),
        baseline_first=_score(near[:half] != _NOBODY, near[:half], truth=truth, first=0),
        baseline_second=_score(near[half:] != _NOBODY, near[half:], truth=truth, first=half),
    )


def _best_candidates(found: Comparisons, *, kind: str) -> _Candidates:
    levels = found.levels()
    bits = raw_bits(PROPOSED, levels, kinds=[kind] * len(levels))
    order = np.lexsort((found.gap_min, -bits))[:_KEPT_CANDIDATES]
    return _Candidates(levels[order], found.numbers[order])


def _ranked(
    index: RepeatIndex, complaints: Sequence[Complaint], *, first: int
) -> tuple[Floats, Ints]:
    """Rank and keep the complaints from the first on; return bits and number of the best match."""
    number = {complaint.key: place for place, complaint in enumerate(complaints)}
    bits, match = [], []
    for complaint in complaints[first:]:
        best = index.rank(complaint, limit=1)
        bits.append(best[0].bits if best else -np.inf)
        match.append(number[best[0].key] if best else _NOBODY)
        index.add(complaint)
    return np.array(bits), np.array(match, dtype=np.int64)


def _best(
    seen: Sequence[_Candidates], weights: Weights, *, kinds: Sequence[str]
) -> tuple[Floats, Ints]:
    bits = np.full(len(seen), -np.inf)
    match = np.full(len(seen), _NOBODY, dtype=np.int64)
    for row, (found, kind) in enumerate(zip(seen, kinds, strict=True)):
        if found.numbers.size:
            each = raw_bits(weights, found.levels, kinds=[kind] * found.numbers.size)
            best = int(np.argmax(each))
            bits[row], match[row] = each[best], found.numbers[best]
    return bits, match


def _learnt(seen: Sequence[_Candidates], truth: Truth, *, kinds: Sequence[str]) -> Weights:
    """Learn from the candidates of each complaint; in rounds where their matters aren't known.

    Then of a repeat's candidates the best one by the weights of the round before is taken for the
    true one (expectation–maximisation with a hard choice), and the others tell nothing.
    """
    weights = PROPOSED
    for _ in range(1 if truth.matter is not None else _ROUNDS):
        levels, is_match, names = [], [], []
        for row, found in enumerate(seen):
            each = raw_bits(weights, found.levels, kinds=[kinds[row]] * found.numbers.size)
            places, is_true = _known(found, row, truth=truth, bits=each)
            levels.append(found.levels[places])
            is_match.append(is_true)
            names += [kinds[row]] * places.size
        weights = learn(np.concatenate(levels), is_match=np.concatenate(is_match), kinds=names)
    return weights


def _known(found: _Candidates, row: int, *, truth: Truth, bits: Floats) -> tuple[Ints, Flags]:
    """Return the places of candidates of which something is known, and whether they are true."""
    every = np.arange(found.numbers.size)
    if truth.matter is not None:
        return every, np.asarray(truth.matter[found.numbers] == truth.matter[row])
    if not truth.is_repeat[row]:
        return every, np.zeros(every.size, dtype=bool)
    best = every[[int(np.argmax(bits))]] if every.size else every
    return best, np.ones(best.size, dtype=bool)


def _is_right(match: Ints, truth: Truth, *, first: int) -> Flags:
    rows = slice(first, first + match.size)
    right = truth.is_repeat[rows] & (match != _NOBODY)
    if truth.matter is not None:
        right &= truth.matter[match] == truth.matter[rows]
    return np.asarray(right)


def _score(told: Flags, match: Ints, *, truth: Truth, first: int) -> Score:
    right = told & _is_right(match, truth, first=first)
    repeats = truth.is_repeat[first : first + match.size]
    return Score(int(told.sum()), int(right.sum()), int(repeats.sum()))


def _best_threshold(bits: Floats, right: Flags, *, truth: Truth) -> float:
    """Return the threshold with the best F1, of 200 that lie evenly among the found ones."""
    known = bits[np.isfinite(bits)]
    tried = np.unique(np.quantile(known, np.linspace(0, 1, _THRESHOLDS)))
    repeats = int(truth.is_repeat.sum())
    scores = [
        Score(int((bits >= one).sum()), int((right & (bits >= one)).sum()), repeats).f1
        for one in tried
    ]
    return float(tried[int(np.argmax(scores))])


def baseline(complaints: Sequence[Complaint]) -> Ints:
    """Return the nearest earlier complaint of the kind within 250 m and 30 days, or -1."""
    nearest = np.full(len(complaints), _NOBODY, dtype=np.int64)
    kinds: dict[str, list[int]] = {}
    for row, complaint in enumerate(complaints):
        if complaint.xy is not None:
            kinds.setdefault(complaint.kind, []).append(row)
    minute = np.array([complaint.at.timestamp() / 60 for complaint in complaints])
    for rows in kinds.values():
        xy = np.array([complaints[row].xy for row in rows], dtype=float)
        pairs = cKDTree(xy).query_pairs(BASELINE_M, output_type="ndarray")
        early, late = np.sort(pairs, axis=1).T
        distance_m = np.hypot(*(xy[early] - xy[late]).T)
        early, late = np.array(rows)[early], np.array(rows)[late]
        fits = minute[late] - minute[early] <= BASELINE_DAYS * 24 * 60
        early, late, distance_m = early[fits], late[fits], distance_m[fits]
        order = np.lexsort((-early, distance_m, late))
        first = order[np.unique(late[order], return_index=True)[1]]
        nearest[late[first]] = early[first]
    return nearest
