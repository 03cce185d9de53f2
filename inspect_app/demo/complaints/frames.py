"""Frames as the tables have them: matters, complaints, reporters."""

from datetime import date

import numpy as np
import pandas as pd

from inspect_app.demo import names
from inspect_app.demo.complaint_texts import TOPICS
from inspect_app.demo.people import People
from inspect_app.demo.plane import Floats, Places
from inspect_app.domain.access import Role
from inspect_app.domain.codes import PlaceQuality, ReporterMode, SourceChannel

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

IN_HAND = ("assigned", "investigating", "handling", "replied")
"""States in which somebody has the matter in hand."""


def matter_frame(
    rng: np.random.Generator,
    calls: pd.DataFrame,
    *,
    sources: pd.DataFrame,
    people: People,
    today: date,
) -> pd.DataFrame:
    """Return the matters as the staff sees them: merged calls, place, state, owner."""
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
    owner = owner_on(people, grid, first.received)
    name = np.array([*sources["name"], None], dtype=object)[first.source.to_numpy()]
    return pd.DataFrame(
        {
            "id": first.matter,
            "grid_id": grid,
            "matter_no": "SX"
            + first.received.dt.year.astype(str)
            + number.astype(str).str.zfill(6),
            "title": first.title,
            "state": state,
            "severity": rng.choice(["normal", "important", "urgent"], count, p=[0.87, 0.11, 0.02]),
            "pollution_types": _types(first.topic),
            "respondent_source_id": pd.Series(source_id, dtype="Int64").where(known),
            "respondent_name": name,
            "owner_person_id": owner,
            "handler_person_id": owner.where(np.isin(state, IN_HAND)),
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


def complaint_frame(rng: np.random.Generator, calls: pd.DataFrame, people: People) -> pd.DataFrame:
    """Return the calls as complaints: channel, times, who took them."""
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
            "pollution_types": calls.types.tolist(),
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


def reporters(rng: np.random.Generator, calls: pd.DataFrame) -> pd.DataFrame:
    """Return the people who called; some call about one matter again and again."""
    count = len(calls)
    again = calls.true.duplicated().to_numpy() & (rng.random(count) < 0.4)
    person = np.arange(count)
    first = calls.groupby("true").id.transform("first").to_numpy() - 1
    person[again] = first[again]
    called, phone = (
        np.array(names.persons(rng, count), dtype=object),
        np.array(names.phones(rng, count), dtype=object),
    )
    mode = rng.choice([code.value for code in ReporterMode], count, p=[0.63, 0.29, 0.08])
    hidden = mode == ReporterMode.ANONYMOUS
    return pd.DataFrame(
        {
            "complaint_id": calls.id,
            "mode": mode,
            "name": pd.Series(called[person]).where(~hidden, None),
            "phone": pd.Series(phone[person]).where(~hidden | (rng.random(count) > 0.6), None),
            "address": None,
        }
    )
