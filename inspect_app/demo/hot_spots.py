"""The real hot spots among the complaints: known places, periods and counts."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from inspect_app.demo.complaint_texts import TOPICS
from inspect_app.demo.ground import Ground
from inspect_app.demo.plane import Places
from inspect_app.demo.sources import places_of

PEAK_CALLS, OTHER_CALLS = 68, 32
"""One plant: about 100 calls, two thirds of them within two days."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Complaints heaped in space and time; `matters` are (source, place, days after start)."""

    name: str
    topic: int
    start: date
    peak: tuple[date, date]
    middle: tuple[float, float]
    radius_m: float
    matters: list[tuple[int, tuple[float, float], Places]]

    @property
    def calls(self) -> int:
        """How many complaints these are."""
        return sum(len(days) for _, _, days in self.matters)


def bursts(
    rng: np.random.Generator, ground: Ground, sources: pd.DataFrame, *, today: date
) -> list[Burst]:
    """Return the hot spots: a plant's accident, a street of restaurants, a fouled canal."""
    return [
        _plant(rng, sources, today=today),
        _restaurants(rng, ground, sources, today=today),
        _canal(rng, ground, today=today),
    ]


def _topic(key: str) -> int:
    return [topic.key for topic in TOPICS].index(key)


def _season_start(month: int, day: int, *, length_days: int, today: date) -> date:
    """Return the newest such day whose season is over."""
    start = date(today.year, month, day)
    over = start + timedelta(days=length_days) <= today
    return start if over else date(today.year - 1, month, day)


def _plant(rng: np.random.Generator, sources: pd.DataFrame, *, today: date) -> Burst:
    plant = int(np.flatnonzero((sources.kind == "chemical").to_numpy())[0])
    x, y = places_of(sources)[plant]
    start = today - timedelta(days=95)
    days = np.concatenate(
        [55 + rng.integers(0, 2, PEAK_CALLS), rng.integers(0, 53, 14), rng.integers(58, 94, 18)]
    )
    peak = (start + timedelta(days=55), start + timedelta(days=56))
    matters = [(plant, (float(x), float(y)), days)]
    return Burst("化工厂异味", _topic("odour"), start, peak, (float(x), float(y)), 500, matters)


def _restaurants(
    rng: np.random.Generator, ground: Ground, sources: pd.DataFrame, *, today: date
) -> Burst:
    seat = ground.towns[0]
    places = places_of(sources)
    gap = np.hypot(places[:, 0] - seat.x, places[:, 1] - seat.y)
    gap[(sources.kind != "catering").to_numpy()] = np.inf
    firms = np.argsort(gap)[:5]
    x, y = ground.near(rng, seat.x, seat.y, radius_m=(250, 500))
    start = _season_start(7, 5, length_days=40, today=today)
    matters = []
    for firm in firms:
        spot = (x + float(rng.normal(0, 110)), y + float(rng.normal(0, 110)))
        matters.append((int(firm), spot, rng.integers(0, 38, int(rng.integers(14, 24)))))
    peak = (start, start + timedelta(days=38))
    return Burst("夜市油烟", _topic("fume"), start, peak, (x, y), 400, matters)


def _canal(rng: np.random.Generator, ground: Ground, *, today: date) -> Burst:
    canal = next(way for way in ground.waterways if way.kind == "canal" and way.level == "branch")
    start = _season_start(3, 18, length_days=22, today=today)
    middle = canal.line.interpolate(0.45, normalized=True)
    matters = []
    for _ in range(6):
        spot = canal.line.interpolate(canal.line.project(middle) + float(rng.normal(0, 350)))
        matters.append((-1, (spot.x, spot.y), rng.integers(0, 20, int(rng.integers(6, 13)))))
    peak = (start, start + timedelta(days=20))
    return Burst("育秧期渠水", _topic("canal"), start, peak, (middle.x, middle.y), 900, matters)
