"""What a matter tells of a finding before anybody has looked: place, kind, words; no reporter."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.codes import FindingType, Severity
from inspect_app.domain.finding_hints import finding_hint
from inspect_app.models import Complaint, ComplaintMatter
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class FindingStart:
    """A matter as the form of its finding begins; the place is EPSG:4490, None where unknown."""

    matter_id: int
    matter_no: str
    title: str
    finding_type: FindingType
    severity: Severity
    description: str
    lon: float | None
    lat: float | None


def finding_start(session: Session, matter_id: int, *, actor: Actor) -> FindingStart | None:
    """Return what the matter tells; None outside the actor's scope."""
    row = session.execute(
        select(
            ComplaintMatter, func.ST_X(ComplaintMatter.geom), func.ST_Y(ComplaintMatter.geom)
        ).where(ComplaintMatter.id == matter_id, in_scope(ComplaintMatter.grid_id, actor.scope))
    ).first()
    if row is None:
        return None
    matter, lon, lat = row
    # What callers said may hold their name or address; title and respondent are the bureau's words.
    words = [matter.title]
    if matter.respondent_name and matter.respondent_name not in matter.title:
        words.append(matter.respondent_name)
    return FindingStart(
        matter_id=matter.id,
        matter_no=matter.matter_no,
        title=matter.title,
        finding_type=finding_hint(matter.pollution_types, _subtypes(session, matter.id)),
        severity=Severity(matter.severity),
        description=" · ".join(words),
        lon=lon,
        lat=lat,
    )


def _subtypes(session: Session, matter_id: int) -> list[str]:
    told = func.unnest(Complaint.pollution_subtypes).label("subtype")
    found = select(told).where(Complaint.matter_id == matter_id).distinct().order_by("subtype")
    return list(session.scalars(found))
