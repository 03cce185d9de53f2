"""The matters as they really are: topics, culprits, places and how many call."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from inspect_app.demo.complaint_texts import TOPICS, Topic
from inspect_app.demo.ground import Ground, nearest
from inspect_app.demo.plane import Floats, Places
from inspect_app.demo.sources import places_of

BIGGEST_MATTER = 45
TOLD_ONCE_SHARE = 109 / 164
"""Of 164 problems among 279 complaints in Jiulongpo 109 were told once, 55 of them 170 times."""
AGAIN_TAIL = 2.33
"""Exponent (Zipf) of how often the others are told again: 2.1 times on average, as there."""
FIRM_TAIL = 0.7
"""A few firms draw most complaints: chances fall like 1 / rank ** 0.7."""


@dataclass(frozen=True, slots=True)
class TrueMatters:
    """The matters as they really are: topic, source, place, number of calls, time of the first."""

    topic: Places
    source: Places
    """Position of the source, -1 without."""
    xy: Floats
    calls: Places


def true_matters(
    rng: np.random.Generator,
    ground: Ground,
    sources: pd.DataFrame,
    *,
    wanted: int,
    taken: set[tuple[int, int]],
) -> TrueMatters:
    """Return matters with as many calls in all as wanted.

    ``taken`` are topics and sources that are matters already.
    """
    again = np.minimum(rng.zipf(AGAIN_TAIL, wanted), BIGGEST_MATTER - 1)
    sizes = 1 + np.where(rng.random(wanted) < TOLD_ONCE_SHARE, 0, again)
    calls = sizes[: int(np.searchsorted(np.cumsum(sizes), wanted)) + 1]
    calls[-1] -= calls.sum() - wanted
    calls = calls[calls > 0]
    weight = np.array([topic.weight for topic in TOPICS])
    topic = rng.choice(len(TOPICS), len(calls), p=weight / weight.sum())
    source = np.full(len(calls), -1)
    xy = np.zeros((len(calls), 2))
    homes, kinds = places_of(sources), sources.kind.to_numpy()
    for number, about in enumerate(TOPICS):
        mine = np.flatnonzero(topic == number)
        culprits = np.flatnonzero(np.isin(kinds, [kind.value for kind in about.kinds]))
        culprits = culprits[[(number, int(one)) not in taken for one in culprits]]
        source[mine] = _culprits(rng, calls[mine], culprits)
        known = mine[source[mine] >= 0]
        xy[known] = homes[source[known]] + rng.normal(0, 90, (known.size, 2)).clip(-200, 200)
        other = mine[source[mine] < 0]
        xy[other] = _somewhere(rng, ground, about, count=other.size)
    return TrueMatters(topic, source, inside(ground, xy), calls)


def _culprits(rng: np.random.Generator, calls: Places, firms: Places) -> Places:
    """Give each firm one matter of a topic, rather a big one; the others are of small trades.

    A firm has one matter of a kind: what is told of it again is a repeat, as bureaus count them
    (same object, place and type).
    """
    found = np.full(calls.size, -1)
    count = min(firms.size, calls.size)
    if count:
        chance = 1 / np.arange(1, firms.size + 1) ** FIRM_TAIL
        chosen = rng.choice(firms, count, replace=False, p=chance / chance.sum())
        matters = rng.choice(calls.size, count, replace=False, p=calls / calls.sum())
        biggest = matters[np.argsort(-calls[matters], kind="stable")]
        found[biggest] = chosen
    return found


def _somewhere(rng: np.random.Generator, ground: Ground, about: Topic, *, count: int) -> Floats:
    if about.near == "canal":
        canals = [way for way in ground.waterways if way.kind == "canal"]
        length = np.array([way.line.length for way in canals])
        lines = np.array([way.line for way in canals], dtype=object)
        chosen = lines[rng.choice(len(canals), count, p=length / length.sum())]
        spots = shapely.line_interpolate_point(chosen, rng.random(count), normalized=True)
        return np.asarray(shapely.get_coordinates(spots) + rng.uniform(-25, 25, (count, 2)))
    places = ground.towns if about.near == "town" else ground.villages
    middle = np.array([[place.x, place.y] for place in places])
    chosen = rng.integers(0, len(middle), count)
    if about.near == "town":
        chosen = np.where(rng.random(count) < 0.35, 0, chosen)
    return np.asarray(middle[chosen] + rng.normal(0, 380, (count, 2)))


def inside(ground: Ground, xy: Floats) -> Floats:
    """Return the places, those too near the border or outside moved to the nearest inner cell."""
    inner = ground.terrain.border.buffer(-120)
    shapely.prepare(inner)
    outside = ~shapely.contains(inner, shapely.points(xy))
    moved = xy.copy()
    moved[outside] = ground.inner[nearest(xy[outside], ground.inner)]
    return moved
