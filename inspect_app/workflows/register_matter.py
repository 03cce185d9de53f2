"""Register a matter: a place on the map somebody has to look at, with what was told of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.codes import PollutionType, Severity, SourceChannel
from inspect_app.models import ComplaintMatter
from inspect_app.workflows.register_complaint import (
    TITLE_MAX,
    ComplaintDraft,
    Spot,
    register_complaint,
)

__all__ = ["TITLE_MAX", "MatterDraft", "register_matter"]


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
    """Register a complaint of a place that comes in now, and return the matter it opens.

    The short way of `register_complaint`, which says what is refused.
    """
    told = ComplaintDraft(
        summary=draft.summary,
        channel=draft.channel,
        pollution_types=(draft.pollution_type,),
        received_at=now,
        spot=Spot(draft.lon, draft.lat),
        severity=draft.severity,
    )
    return register_complaint(session, told, seal=None, actor=actor, now=now).matter
