"""Register a matter: a place on the map somebody has to look at, with what was told of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.calendar import local_day
from inspect_app.domain.codes import PlaceQuality, PollutionType, Severity, SourceChannel
from inspect_app.domain.matter_codes import MatterState
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import transition
from inspect_app.models import Complaint, ComplaintMatter
from inspect_app.queries.owners import OutsideEveryGrid, grid_at
from inspect_app.workflows.advance import Step, record
from inspect_app.workflows.number import (
    COMPLAINT_SERIES,
    MATTER_SERIES,
    complaint_no,
    matter_no,
    next_number,
)

TITLE_MAX = 60
"""Characters of a summary that make the title of its matter."""


@dataclass(frozen=True, slots=True)
class MatterDraft:
    """What was told of a place, by which channel; coordinates are degrees in EPSG:4490."""

    summary: str
    lon: float
    lat: float
    channel: SourceChannel
    pollution_type: PollutionType
    severity: Severity


def register_matter(
    session: Session, draft: MatterDraft, *, actor: Actor, now: datetime
) -> ComplaintMatter:
    """Keep a complaint that comes in now with a matter of its own, and return the matter.

    Both lie in the deepest grid of the day that covers the point.

    Raises
    ------
    Problem
        `not_permitted`; `field_invalid` without a description; `outside_every_grid` beyond the
        county's borders; `not_found` for a grid outside the actor's scope.
    """
    if not actor.may(Permission.COMPLAINT_REGISTER):
        raise Problem("not_permitted", permission=Permission.COMPLAINT_REGISTER.value)
    summary = draft.summary.strip()
    if not summary:
        raise Problem("field_invalid", field="情况说明", expected="简短说明", found="")
    grid_id = _grid_in_scope(session, draft, actor=actor, now=now)
    year = local_day(now).year
    shared = {
        "grid_id": grid_id,
        "severity": draft.severity.value,
        "pollution_types": [draft.pollution_type.value],
        "geom": f"SRID=4490;POINT({draft.lon!r} {draft.lat!r})",
    }
    matter = ComplaintMatter(
        matter_no=matter_no(year, next_number(session, MATTER_SERIES, year=year)),
        title=summary[:TITLE_MAX],
        state=MatterState.REGISTERED.value,
        opened_at=now,
        **shared,
    )
    matter.complaints.append(
        Complaint(
            complaint_no=complaint_no(year, next_number(session, COMPLAINT_SERIES, year=year)),
            source_channel=draft.channel.value,
            received_at=now,
            registered_at=now,
            place_quality=PlaceQuality.EXACT.value,
            summary=summary,
            **shared,
        )
    )
    session.add(matter)
    session.flush()
    facts = {"matter_no": matter.matter_no, "source_channel": draft.channel.value}
    note_birth(session, matter, facts=facts, actor=actor, now=now)
    return matter


def note_birth(
    session: Session,
    matter: ComplaintMatter,
    *,
    facts: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    """Write the first event of a matter, that it was registered, with its audit row."""
    birth = transition("matter", "register", None)
    if birth is None:
        message = "the table of matters has no birth"
        raise ValueError(message)
    record(session, matter, birth, step=Step(facts=facts), actor=actor, now=now)


def _grid_in_scope(session: Session, draft: MatterDraft, *, actor: Actor, now: datetime) -> int:
    for field, degrees, limit in (("经度", draft.lon, 180), ("纬度", draft.lat, 90)):
        if not (math.isfinite(degrees) and abs(degrees) <= limit):
            raise Problem("field_invalid", field=field, expected=f"-{limit}~{limit}", found=degrees)
    day = local_day(now)
    try:
        grid = grid_at(session, draft.lon, draft.lat, day=day)
    except OutsideEveryGrid as error:
        raise Problem("outside_every_grid", day=day) from error
    if not actor.scope.covers(grid.path):
        raise Problem("not_found", what="网格")
    return grid.id
