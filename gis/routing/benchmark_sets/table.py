"""Figures of a benchmark set: gaps to best known values, read from a table of such values."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Columns of published tables, the first filled one counts.
_VALUE_COLUMNS = ("bks", "best", "best_known", "optimum", "hgs_here")
_NAME_COLUMNS = ("instance", "name")
_FLEET = re.compile(r"fleet=(\d+)")


@dataclass(frozen=True, slots=True)
class BestKnown:
    """Cost of the best known solution, and its fleet where the fleet comes first."""

    cost: int
    fleet: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A checked result on one instance; ``cost`` None means no solution was found.

    ``bound`` is a proved lower bound on every solution's cost; None where none was sought.
    ``memory_mb`` is the peak of the searching process up to then.
    """

    name: str
    cost: int | None
    fleet: int
    best_after_s: float
    best: BestKnown | None
    bound: int | None = None
    memory_mb: float = 0.0

    @property
    def is_below_best(self) -> bool:
        """Better than the best known value."""
        return self.cost is not None and self.best is not None and self.cost < self.best.cost

    @property
    def is_best_refuted(self) -> bool:
        """No solution can cost as little as the value stated as best known."""
        return self.bound is not None and self.best is not None and self.best.cost < self.bound

    @property
    def is_proved(self) -> bool:
        """The cost is as low as the bound: nothing better exists."""
        return self.cost is not None and self.cost == self.bound

    @property
    def gap_share(self) -> float | None:
        """How far the cost lies above the best known one; None where one of them is missing."""
        if self.cost is None or self.best is None:
            return None
        return self.cost / self.best.cost - 1.0


@dataclass(frozen=True, slots=True)
class SetFigures:
    """The figures of a set; shares and gaps over the instances with a best known value.

    ``proved_share`` and ``mean_above_bound_share`` are over all instances with a bound; None
    where bounds were not sought.
    """

    instances: int
    compared: int
    unsolved: int
    mean_gap_share: float
    worst_gap_share: float
    at_best_share: float
    same_fleet: int | None
    below_best: int
    mean_best_after_s: float
    memory_mb: float
    proved_share: float | None = None
    mean_above_bound_share: float | None = None


def figures(measured: Sequence[Measured]) -> SetFigures:
    """Return the figures of a set.

    An instance without a solution counts as not at best, and is told as unsolved.
    """
    known = [item for item in measured if item.best is not None]
    gaps = [item.gap_share for item in known if item.gap_share is not None]
    with_fleet = [item for item in known if item.best is not None and item.best.fleet is not None]
    bounded = [item for item in measured if item.bound is not None]
    above = [item.cost / item.bound - 1.0 for item in bounded if item.cost and item.bound]
    moments = [item.best_after_s for item in measured if item.cost is not None]
    return SetFigures(
        len(measured),
        len(known),
        sum(item.cost is None for item in measured),
        _mean(gaps),
        max(gaps, default=0.0),
        sum(gap <= 0 for gap in gaps) / len(known) if known else 0.0,
        sum(item.best is not None and item.fleet == item.best.fleet for item in with_fleet)
        if with_fleet
        else None,
        sum(item.is_below_best for item in known),
        _mean(moments),
        max((item.memory_mb for item in measured), default=0.0),
        _mean([float(item.is_proved) for item in bounded]) if bounded else None,
        _mean(above) if bounded else None,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def read_best_known(path: Path) -> dict[tuple[str, str], BestKnown]:
    """Return best known values by set and instance from a CSV file with a heading.

    The set is the empty text where the file has no such column. Rows without a value are left
    out. A fleet stands in a column ``fleet`` or as ``fleet=n`` in any text.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        return dict(_best_rows(csv.DictReader(file)))


def _best_rows(
    rows: Iterable[dict[str, str]],
) -> Iterator[tuple[tuple[str, str], BestKnown]]:
    for row in rows:
        name = _first(row, _NAME_COLUMNS)
        value = _first(row, _VALUE_COLUMNS)
        if name and value:
            found = _FLEET.search(" ".join(text or "" for text in row.values()))
            fleet = row.get("fleet") or (found[1] if found else None)
            key = (row.get("set") or "", name)
            yield key, BestKnown(round(float(value)), int(fleet) if fleet else None)


def _first(row: Mapping[str, str], columns: Sequence[str]) -> str:
    return next((row[column] for column in columns if row.get(column)), "")
