"""A year of complaints: true matters with one or many calls, hot spots, reporters."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import shapely

from inspect_app.demo import names
from inspect_app.demo.complaint_texts import ENDINGS, TOPICS, Topic
from inspect_app.demo.ground import Ground, nearest, stored_points
from inspect_app.demo.hot_spots import Burst, bursts
from inspect_app.demo.people import People
from inspect_app.demo.plane import Floats, Places, stream
from inspect_app.demo.sources import places_of
from inspect_app.domain.access import Role
from inspect_app.domain.codes import MatterState, PlaceQuality, ReporterMode, SourceChannel

COMPLAINTS = 6_000
YEAR_DAYS = 365
BIGGEST_MATTER = 45
UTC_OFFSET = np.timedelta64(8, "h")
CHANNELS = {
    SourceChannel.HOTLINE_12345: 0.40,
    SourceChannel.PHONE_12369: 0.26,
    SourceChannel.WECHAT: 0.16,
    SourceChannel.ONLINE: 0.08,
    SourceChannel.LETTER: 0.03,
    SourceChannel.VISIT: 0.02,
    SourceChannel.PASSED_ON: 0.02,
    SourceChannel.LEADER_MAILBOX: 0.015,
    SourceChannel.INSPECTION: 0.005,
    SourceChannel.MEDIA: 0.005,
    SourceChannel.PROPOSAL: 0.005,
}


@dataclass(frozen=True, slots=True)
class TrueMatters:
    """The matters as they really are: topic, source, place, number of calls, time of the first."""

    topic: Places
    source: Places
    """Position of the source, -1 without."""
    xy: Floats
    calls: Places


@dataclass(frozen=True, slots=True)
class Complaints:
    """Frames of complaints, matters and reporters, and the ground truth about them."""

    frames: dict[str, pd.DataFrame]
    true_matter: pd.DataFrame
    """`complaint_no` and the number of the matter it really belongs to."""
    hot_spots: pd.DataFrame


def make_complaints(
    seed: int, scale: float, ground: Ground, *, sources: pd.DataFrame, people: People, today: date
) -> Complaints:
    """Return about 6,000 × scale complaints of the year that ends yesterday."""
    rng = stream(seed, "complaints")
    special = bursts(rng, ground, sources, today=today)
    wanted = round(COMPLAINTS * scale) - sum(burst.calls for burst in special)
    matters = _matters(rng, ground, sources, wanted=wanted)
    calls = _calls(rng, matters, today=today)
    calls = _with_bursts(rng, calls, special, first=len(matters.topic))
    calls = _placed(rng, calls, ground)
    calls = calls.sort_values(["received", "true"], kind="stable", ignore_index=True)
    calls["id"] = np.arange(1, len(calls) + 1)
    _describe(rng, calls, ground, sources)
    _merge(rng, calls, today=today)
    matter = _matter_frame(rng, calls, sources, people, today=today)
    frames = {
        "complaint_matter": matter,
        "complaint": _complaint_frame(rng, calls, people),
        "pii.reporter": _reporters(rng, calls),
    }
    truth = pd.DataFrame({"complaint_no": calls.complaint_no, "matter": calls.true + 1})
    return Complaints(frames, truth, _hot_spot_frame(special, calls))


def _matters(
    rng: np.random.Generator, ground: Ground, sources: pd.DataFrame, *, wanted: int
) -> TrueMatters:
    sizes = np.minimum(rng.zipf(2.15, wanted), BIGGEST_MATTER)
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
        if culprits.size:
            # A few firms draw most complaints: weights fall like 1/rank.
            chance = 1 / np.arange(1, culprits.size + 1) ** 0.7
            source[mine] = rng.choice(culprits, mine.size, p=chance / chance.sum())
            xy[mine] = homes[source[mine]] + rng.normal(0, 90, (mine.size, 2)).clip(-200, 200)
        else:
            xy[mine] = _somewhere(rng, ground, about, mine.size)
    return TrueMatters(topic, source, _inside(ground, xy), calls)


def _somewhere(rng: np.random.Generator, ground: Ground, about: Topic, count: int) -> Floats:
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


def _inside(ground: Ground, xy: Floats) -> Floats:
    """Return the places, those too near the border or outside moved to the nearest inner cell."""
    inner = ground.terrain.border.buffer(-120)
    shapely.prepare(inner)
    outside = ~shapely.contains(inner, shapely.points(xy))
    moved = xy.copy()
    moved[outside] = ground.inner[nearest(xy[outside], ground.inner)]
    return moved


def _calls(rng: np.random.Generator, matters: TrueMatters, *, today: date) -> pd.DataFrame:
    """Return one row a call with its local time; later calls of a matter follow in bursts."""
    true = np.repeat(np.arange(len(matters.calls)), matters.calls)
    first = np.concatenate([[0], np.cumsum(matters.calls)[:-1]])
    days = pd.date_range(end=pd.Timestamp(today) - pd.Timedelta(days=1), periods=YEAR_DAYS)
    opened = np.zeros(len(matters.topic), dtype=np.int64)
    for number, about in enumerate(TOPICS):
        mine = np.flatnonzero(matters.topic == number)
        weight = np.where(days.month.isin(about.months), 3.2, 1.0)
        weight = weight * np.where(days.dayofweek < 5, 1.0, 0.72)
        opened[mine] = rng.choice(YEAR_DAYS, mine.size, p=weight / weight.sum())
    gap = np.ceil(rng.exponential(9.0, len(true)) * rng.choice([0.2, 1.0, 2.5], len(true)))
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


def _with_bursts(
    rng: np.random.Generator, calls: pd.DataFrame, special: list[Burst], *, first: int
) -> pd.DataFrame:
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


def _placed(rng: np.random.Generator, calls: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """Return the calls with the quality of their place, point and grid of the day."""
    count = len(calls)
    quality = rng.choice(
        [code.value for code in PlaceQuality], count, p=[0.745, 0.175, 0.02, 0.06]
    )
    spread_m = np.where(quality == PlaceQuality.APPROXIMATE, 170.0, 35.0)
    xy = calls[["x", "y"]].to_numpy() + rng.normal(0, 1, (count, 2)).clip(-2, 2) * spread_m[:, None]
    xy = _inside(ground, xy)
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


def _describe(
    rng: np.random.Generator, calls: pd.DataFrame, ground: Ground, sources: pd.DataFrame
) -> None:
    """Add numbers, address, title and summary to the calls."""
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
    firm = np.append(sources["name"].to_numpy(dtype=object), "附近某厂")
    who = firm[calls.source.to_numpy()]
    pick, end = rng.random(len(calls)), rng.integers(0, len(ENDINGS), len(calls))
    topics = calls.topic.to_numpy()
    texts = [TOPICS[t].texts[int(p * len(TOPICS[t].texts))] for t, p in zip(topics, pick, strict=True)]
    calls["summary"] = [
        text.format(who=w, place=p) + ENDINGS[e]
        for text, w, p, e in zip(texts, who, place, end, strict=True)
    ]
    calls["title"] = [
        TOPICS[t].title.format(who=w, place=p) for t, w, p in zip(topics, who, place, strict=True)
    ]
    calls["address"] = np.where(place == "", None, names.COUNTY + place)


def _merge(rng: np.random.Generator, calls: pd.DataFrame, *, today: date) -> None:
    """Add `matter`: most repeats were merged by the staff, recent ones often not yet."""
    recent = calls.received >= pd.Timestamp(today - timedelta(days=21))
    missed = rng.random(len(calls)) < np.where(recent, 0.6, 0.06)
    first = ~calls.true.duplicated()
    calls["key"] = np.where(missed & ~first, calls.id + calls.true.max() + 1, calls.true)
    calls["matter"] = pd.factorize(calls.key)[0] + 1


def _matter_frame(
    rng: np.random.Generator,
    calls: pd.DataFrame,
    sources: pd.DataFrame,
    people: People,
    *,
    today: date,
) -> pd.DataFrame:
    first = calls.drop_duplicates("matter").reset_index(drop=True)
    placed = calls[calls.grid.notna() & (calls.quality != PlaceQuality.SHARED_FALLBACK)]
    placed = placed.drop_duplicates("matter").set_index("matter")
    count = len(first)
    age = (pd.Timestamp(today) - first.received).dt.days.to_numpy()
    state, days = _progress(rng, age)
    closed = np.where(np.isin(state, ["closed", "not_accepted"]), days, np.nan)
    opened = first.received.to_numpy() - UTC_OFFSET
    grid = first.matter.map(placed.grid)
    number = first.groupby(first.received.dt.year).cumcount() + 1
    source_id = np.append(sources.id.to_numpy(), 0)[first.source.to_numpy()]
    known = first.source.to_numpy() >= 0
    name = np.append(sources["name"].to_numpy(dtype=object), None)[first.source.to_numpy()]
    return pd.DataFrame(
        {
            "id": first.matter,
            "grid_id": grid,
            "matter_no": "SX" + first.received.dt.year.astype(str) + number.astype(str).str.zfill(6),
            "title": first.title,
            "state": state,
            "severity": rng.choice(["normal", "important", "urgent"], count, p=[0.87, 0.11, 0.02]),
            "pollution_types": _types(first.topic),
            "respondent_source_id": pd.Series(source_id, dtype="Int64").where(known),
            "respondent_name": name,
            "owner_person_id": owner_on(people, grid, first.received),
            "opened_at": pd.Series(opened).dt.tz_localize("UTC"),
            "closed_at": pd.Series(opened + _seconds_of(closed)).dt.tz_localize("UTC"),
            "geom": first.matter.map(placed.geom),
        }
    )


def _seconds_of(days: Floats) -> np.ndarray:
    seconds = np.where(np.isnan(days), 0, np.round(days * 86_400)).astype("timedelta64[s]")
    return np.where(np.isnan(days), np.timedelta64("NaT"), seconds)


def _progress(rng: np.random.Generator, age: Places) -> tuple[np.ndarray, Floats]:
    """Return states that fit the age of matters, and after how many days a closed one closed."""
    count = len(age)
    days = np.minimum(rng.gamma(3.0, 6.0, count) + 0.3, 75)
    closed = days < age - 0.5
    last = max(len(MatterState) - 2, 1)
    del last
    steps = ["registered", "accepted", "assigned", "investigating", "handling", "replied"]
    share = np.clip((age + 0.3) / days, 0, 0.999)
    state = np.array(steps, dtype=object)[(share * len(steps)).astype(int)]
    state[closed] = "closed"
    refused = rng.random(count) < 0.025
    state[closed & refused] = "not_accepted"
    state[closed & (rng.random(count) < 0.02)] = "transferred"
    return state, days


def _types(topic: pd.Series) -> list[list[str]]:
    values = [[kind.value for kind in about.types] for about in TOPICS]
    return [values[place] for place in topic]


def owner_on(people: People, grid: pd.Series, when: pd.Series) -> pd.Series:
    """Return who was responsible for the grids on the days; missing where nobody is known."""
    owners = pd.DataFrame(people.owners)
    owners = owners[(owners.duty == "responsible_person") & (owners["rank"] == 1)].copy()
    owners["from"] = pd.to_datetime(owners.valid_from).dt.as_unit("s").astype("int64") // 86_400
    owners = owners.sort_values(["grid_id", "from"])
    key = owners.grid_id.to_numpy() * 100_000 + owners["from"].to_numpy()
    day = pd.Series(when).dt.as_unit("s").astype("int64").to_numpy() // 86_400
    asked = grid.fillna(0).astype("int64").to_numpy() * 100_000 + day
    found = np.searchsorted(key, asked, side="right") - 1
    row = owners.iloc[found.clip(0)]
    right = (found >= 0) & (row.grid_id.to_numpy() == asked // 100_000)
    person = pd.Series(row.person_id.to_numpy(), index=grid.index, dtype="Int64")
    return person.where(right)


def _complaint_frame(
    rng: np.random.Generator, calls: pd.DataFrame, people: People
) -> pd.DataFrame:
    count = len(calls)
    clerks = np.array(people.by_role[Role.CLERK, None])
    received = calls.received.to_numpy() - UTC_OFFSET
    wait = rng.integers(2, 50, count).astype("timedelta64[m]")
    channel = rng.choice([code.value for code in CHANNELS], count, p=_shares())
    serial = calls.id.astype(str).str.zfill(7)
    hotline = np.isin(channel, ["hotline_12345", "phone_12369", "wechat"])
    stamp = calls.received.dt.strftime("%Y%m%d")
    return pd.DataFrame(
        {
            "id": calls.id,
            "matter_id": calls.matter,
            "grid_id": calls.grid,
            "complaint_no": calls.complaint_no,
            "external_no": (stamp + serial).where(hotline, None),
            "source_channel": channel,
            "received_at": pd.Series(received).dt.tz_localize("UTC"),
            "registered_at": pd.Series(received + wait).dt.tz_localize("UTC"),
            "first_contact_person_id": rng.choice(clerks, count),
            "incident_address": calls.address,
            "place_quality": calls.quality,
            "pollution_types": _types(calls.topic),
            "summary": calls.summary,
            "severity": rng.choice(["normal", "important", "urgent"], count, p=[0.9, 0.08, 0.02]),
            "visitor_count": pd.Series(rng.integers(1, 6, count), dtype="Int64").where(
                channel == "visit"
            ),
            "geom": calls.geom,
        }
    )


def _shares() -> Floats:
    values = np.array(list(CHANNELS.values()))
    return np.asarray(values / values.sum())


def _reporters(rng: np.random.Generator, calls: pd.DataFrame) -> pd.DataFrame:
    """Return the people who called; some call about one matter again and again."""
    count = len(calls)
    again = calls.true.duplicated().to_numpy() & (rng.random(count) < 0.4)
    person = np.arange(count)
    first = calls.groupby("true").id.transform("first").to_numpy() - 1
    person[again] = first[again]
    called, phone = np.array(names.persons(rng, count), dtype=object), np.array(
        names.phones(rng, count), dtype=object
    )
    mode = rng.choice([code.value for code in ReporterMode], count, p=[0.63, 0.29, 0.08])
    hidden = mode == ReporterMode.ANONYMOUS
    return pd.DataFrame(
        {
            "complaint_id": calls.id,
            "mode": mode,
            "name": np.where(hidden, None, called[person]),
            "phone": np.where(hidden & (rng.random(count) < 0.6), None, phone[person]),
            "address": None,
        }
    )


def _hot_spot_frame(special: list[Burst], calls: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for burst in special:
        mine = calls[calls.burst == burst.name]
        lon, lat = shapely.get_coordinates(stored_points(np.array([burst.middle])))[0]
        rows.append(
            {
                "name": burst.name,
                "lon": float(lon),
                "lat": float(lat),
                "radius_m": burst.radius_m,
                "first_day": mine.received.min().date(),
                "last_day": mine.received.max().date(),
                "complaints": len(mine),
                "peak_from": burst.peak[0],
                "peak_to": burst.peak[1],
            }
        )
    return pd.DataFrame(rows)
