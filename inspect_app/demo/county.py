"""The demo county as a whole: a frame for every table, from a seed, a scale and a day."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from inspect_app.demo.campaigns import add_campaigns
from inspect_app.demo.complaints import Complaints, make_complaints
from inspect_app.demo.complaints.handling import handle_matters
from inspect_app.demo.conditions import Places, condition_frames
from inspect_app.demo.crews import CrewPlan, make_crews, patrol_objects
from inspect_app.demo.findings import Findings, make_findings
from inspect_app.demo.ground import Ground, make_ground, road_frame, waterway_frames
from inspect_app.demo.history import History
from inspect_app.demo.patrols import make_patrols
from inspect_app.demo.people import People, make_people
from inspect_app.demo.plane import stream
from inspect_app.demo.policies import policy_frames
from inspect_app.demo.sources import key_unit_listings, make_sources
from inspect_app.demo.waters import make_outlets, make_stations, make_water_sources


@dataclass(frozen=True, slots=True)
class County:
    """Frames by table name (`pii.reporter` with its schema), in an order that keeps references."""

    frames: dict[str, pd.DataFrame]
    photos: dict[str, bytes]
    """JPEG files by their SHA-256."""
    true_matter: pd.DataFrame
    """`complaint_no` and the number of the matter it really belongs to."""
    hot_spots: pd.DataFrame
    """Name, centre, radius, period and count of each real hot spot."""
    crews: list[CrewPlan]
    seed: int
    today: date
    """The present day: the week it lies in has no plan yet."""


def make_county(seed: int, *, scale: float, today: date) -> County:
    """Draw the county; equal arguments give equal frames.

    Parameters
    ----------
    seed
        The number all random streams are drawn from.
    scale
        Multiplies complaints; the number of sources grows with its square root.
    today
        The last complaints are of the day before; the plans end with the week before.
    """
    ground = make_ground(seed, today=today)
    people = make_people(seed, ground.grids, today=today)
    places = _places(seed, scale, ground, people=people, today=today)
    complaints = make_complaints(
        seed, scale, ground, sources=places["pollution_source"], people=people, today=today
    )
    crew_frames, crews = make_crews(
        ground, people, places["station"], objects=patrol_objects(ground, places)
    )
    history, past_crews = History(), [crew for crew in crews if crew.objects]
    handle_matters(
        stream(seed, "matters"), complaints.frames, people=people, history=history, today=today
    )
    patrols = make_patrols(seed, ground, past_crews, history=history, today=today)
    findings = make_findings(seed, ground, people, patrols=patrols, history=history, today=today)
    frames = policy_frames() | people.frames() | places | complaints.frames | crew_frames
    spots = Places(places["pollution_source"], places["water_source"], places["road"])
    frames |= condition_frames(past_crews, spots, today=today)
    evidence = add_campaigns(
        stream(seed, "campaigns"), frames, people=people, history=history, today=today
    )
    frames |= patrols.frames(ground) | findings.frames() | history.frames()
    frames["photo"] = pd.concat([frames["photo"], pd.DataFrame(evidence.photos)], ignore_index=True)
    frames["counter"] = _counters(complaints, findings)
    return County(
        frames,
        findings.files | evidence.files,
        complaints.true_matter,
        complaints.hot_spots,
        crews=crews,
        seed=seed,
        today=today,
    )


def _counters(complaints: Complaints, findings: Findings) -> pd.DataFrame:
    """Return the last numbers given out, so that the next ones follow on."""
    given = {
        "complaint": complaints.frames["complaint"].complaint_no.str[2:],
        "matter": complaints.frames["complaint_matter"].matter_no.str[2:],
        "finding": findings.frames()["finding"].finding_no,
    }
    rows = []
    for series, numbers in given.items():
        last = numbers.str[4:].astype(int).groupby(numbers.str[:4].astype(int)).max()
        rows += [{"series": series, "year": year, "last": top} for year, top in last.items()]
    return pd.DataFrame(rows)


def _places(
    seed: int, scale: float, ground: Ground, *, people: People, today: date
) -> dict[str, pd.DataFrame]:
    sources = make_sources(seed, scale, ground)
    water_sources, zones, zone_grids = make_water_sources(seed, ground, today=today)
    return {
        "grid": pd.DataFrame(ground.grids.frame),
        **waterway_frames(ground),
        "road": road_frame(ground),
        "pollution_source": sources,
        "key_unit_listing": key_unit_listings(seed, sources, today=today),
        "outlet": make_outlets(seed, ground, sources),
        "water_source": water_sources,
        "protection_zone": zones,
        "zone_grid": zone_grids,
        "station": make_stations(seed, ground, people),
    }
