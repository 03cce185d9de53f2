"""The calls: when they come, from where, what they say, what the staff merged."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from inspect_app.demo import names
from inspect_app.demo.complaint_texts import ENDINGS, TOPICS
from inspect_app.demo.complaints.truth import TrueMatters, inside
from inspect_app.demo.ground import Ground, stored_points
from inspect_app.demo.hot_spots import Burst
from inspect_app.demo.plane import Places
from inspect_app.domain.codes import PlaceQuality

YEAR_DAYS = 365
SEASON = 12.0
"""Weight a topic's busy months share: two busy months count sevenfold, four fourfold."""

OPEN_GAP_DAYS = 9.0
CLOSING_DAYS = 28.0
"""National average from receipt to closure (2019)."""
RETURN_SHARE = 0.35
RETURN_GAP_DAYS = 60.0
"""Cures are faked or do not last: people call again months after closure. Both assumed."""
FULL_NAME_SHARE, SHORT_NAME_SHARE = 0.5, 0.3
"""Callers seldom read a register: half say the name, others a part of it or none ("vague clue" is a
common ground of refusal). Shares assumed."""
OTHER_TYPES_SHARE = 0.25
"""Types are chosen by whoever takes the call, several at will; share assumed."""


def calls_of(rng: np.random.Generator, matters: TrueMatters, *, today: date) -> pd.DataFrame:
    """Return one row a call with its local time; later calls of a matter follow in bursts."""
    true = np.repeat(np.arange(len(matters.calls)), matters.calls)
    first = np.concatenate([[0], np.cumsum(matters.calls)[:-1]])
    days = pd.date_range(end=pd.Timestamp(today) - pd.Timedelta(days=1), periods=YEAR_DAYS)
    opened = np.zeros(len(matters.topic), dtype=np.int64)
    for number, about in enumerate(TOPICS):
        mine = np.flatnonzero(matters.topic == number)
        peak = 1 + SEASON / max(len(about.months), 1)
        weight = np.where(days.month.isin(about.months), peak, 1.0)
        weight = weight * np.where(days.day_of_week < 5, 1.0, 0.72)
        opened[mine] = rng.choice(YEAR_DAYS, mine.size, p=weight / weight.sum())
    size = len(true)
    gap = np.ceil(rng.exponential(OPEN_GAP_DAYS, size) * rng.choice([0.2, 1.0, 2.5], size))
    later = np.ceil(CLOSING_DAYS + rng.exponential(RETURN_GAP_DAYS, size))
    gap = np.where(rng.random(size) < RETURN_SHARE, later, gap)
    gap[first] = 0
    total = np.cumsum(gap)
    day = opened[true] + (total - np.repeat(total[first], matters.calls)).astype(int)
    late = day >= YEAR_DAYS
    day[late] = rng.integers(opened[true[late]], YEAR_DAYS)
    second = _seconds(rng, matters.topic[true])
    received = days.to_numpy()[day].astype("datetime64[s]") + second.astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "true": true,
            "received": received,
            "topic": matters.topic[true],
            "source": matters.source[true],
            "x": matters.xy[true, 0],
            "y": matters.xy[true, 1],
        }
    )


def _seconds(rng: np.random.Generator, topic: Places) -> Places:
    """Return seconds of the day: the topic's busy hours, else the working day."""
    hour = np.clip(rng.normal(14, 4.2, len(topic)), 6.5, 22.9)
    for number, about in enumerate(TOPICS):
        start, end, share = about.hours
        mine = np.flatnonzero((topic == number) & (rng.random(len(topic)) < share))
        hour[mine] = (start + rng.random(mine.size) * ((end - start) % 24 + 0.98)) % 24
    return np.asarray((hour * 3_600).astype(np.int64))


def with_bursts(
    rng: np.random.Generator, calls: pd.DataFrame, special: list[Burst], *, first: int
) -> pd.DataFrame:
    """Return the calls with those of the hot spots; their matters are numbered from `first`."""
    parts = [calls]
    for burst in special:
        for source, (x, y), days in burst.matters:
            topic = np.full(len(days), burst.topic)
            start = np.datetime64(burst.start, "s") + days.astype("timedelta64[D]")
            second = _seconds(rng, topic).astype("timedelta64[s]")
            rows = {"true": first, "received": start + second, "topic": topic, "source": source}
            parts.append(pd.DataFrame(rows | {"x": x, "y": y, "burst": burst.name}))
            first += 1
    return pd.concat(parts, ignore_index=True)


def placed(rng: np.random.Generator, calls: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """Return the calls with the quality of their place, point and grid of the day."""
    count = len(calls)
    quality = rng.choice([code.value for code in PlaceQuality], count, p=[0.745, 0.175, 0.02, 0.06])
    spread_m = np.where(quality == PlaceQuality.APPROXIMATE, 170.0, 35.0)
    xy = calls[["x", "y"]].to_numpy() + rng.normal(0, 1, (count, 2)).clip(-2, 2) * spread_m[:, None]
    xy = inside(ground, xy)
    seat = ground.towns[0]
    xy[quality == PlaceQuality.SHARED_FALLBACK] = [seat.x, seat.y]
    xy[quality == PlaceQuality.NONE] = np.nan
    geom = stored_points(xy)
    known = np.flatnonzero(quality != PlaceQuality.NONE)
    grid = np.zeros(count, dtype=np.int64)
    days = calls.received.dt.normalize()
    grid[known] = ground.grids.deepest(geom[known], days.iloc[known])
    return calls.assign(
        quality=quality, geom=geom, grid=pd.Series(grid, dtype="Int64").where(grid > 0)
    )


def describe(
    rng: np.random.Generator, calls: pd.DataFrame, ground: Ground, *, sources: pd.DataFrame
) -> None:
    """Add numbers, address, title, summary and pollution types to the calls."""
    year = calls.received.dt.year
    serial = calls.groupby(year).cumcount() + 1
    digits = serial.astype(str).str.zfill(6)
    calls["complaint_no"] = "TS" + year.astype(str) + digits
    frame = ground.grids.frame
    name = dict(zip(frame.id, frame["name"], strict=True))
    parts = [path.split("/")[2:4] for path in frame.path]
    address = {
        number: "".join(name[int(part)] for part in pair if part)
        for number, pair in zip(frame.id, parts, strict=True)
    }
    place = calls.grid.map(address).fillna("").to_numpy(dtype=object)
    topics = calls.topic.to_numpy()
    said, known = _names(rng, calls, sources)
    pick, end = rng.random(len(calls)), rng.integers(0, len(ENDINGS), len(calls))
    texts = [
        TOPICS[t].texts[int(p * len(TOPICS[t].texts))] for t, p in zip(topics, pick, strict=True)
    ]
    calls["summary"] = [
        text.format(who=w, place=p) + ENDINGS[e]
        for text, w, p, e in zip(texts, said, place, end, strict=True)
    ]
    calls["title"] = [
        TOPICS[t].title.format(who=w, place=p) for t, w, p in zip(topics, known, place, strict=True)
    ]
    calls["types"] = _types(rng, topics)
    calls["address"] = np.where(place == "", None, names.COUNTY + place)


def _names(
    rng: np.random.Generator, calls: pd.DataFrame, sources: pd.DataFrame
) -> tuple[list[str], list[str]]:
    """Return what each caller calls the culprit, and what the bureau knows it by."""
    names_ = [*sources["name"], ""]
    said, known = [], []
    share, pick = rng.random(len(calls)), rng.random(len(calls))
    for topic, source, luck, one in zip(calls.topic, calls.source, share, pick, strict=True):
        vague = TOPICS[topic].vague
        some = vague[int(one * len(vague))] if vague else ""
        name = names_[source] or (vague[0] if vague else "")
        if source < 0 or luck >= FULL_NAME_SHARE + SHORT_NAME_SHARE:
            said.append(some)
        else:
            said.append(name if luck < FULL_NAME_SHARE else name[2:].removesuffix("有限公司"))
        known.append(name)
    return said, known


def _types(rng: np.random.Generator, topics: Places) -> list[list[str]]:
    """Return the types as those who took the calls chose them."""
    is_other = rng.random(len(topics)) < OTHER_TYPES_SHARE
    pick = rng.random(len(topics))
    found = []
    for topic, other, one in zip(topics, is_other, pick, strict=True):
        about = TOPICS[topic]
        types = about.also[int(one * len(about.also))] if other and about.also else about.types
        found.append([kind.value for kind in types])
    return found


def merge(rng: np.random.Generator, calls: pd.DataFrame, *, today: date) -> None:
    """Add `matter`: most repeats were merged by the staff, recent ones often not yet."""
    recent = calls.received >= pd.Timestamp(today - timedelta(days=21))
    missed = rng.random(len(calls)) < np.where(recent, 0.6, 0.06)
    first = ~calls.true.duplicated()
    calls["key"] = np.where(missed & ~first, calls.id + calls.true.max() + 1, calls.true)
    calls["matter"] = pd.factorize(calls.key)[0] + 1
