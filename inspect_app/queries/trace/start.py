"""Where a trace starts: a matter, a finding or any point, and what is told of it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Scope
from inspect_app.domain.codes import ObjectKind, PollutionType
from inspect_app.domain.waste import Waste
from inspect_app.domain.waste_words import told_of
from inspect_app.models import Complaint, ComplaintMatter, Finding, PollutionSource
from inspect_app.queries.scope import in_scope


@dataclass(frozen=True, slots=True)
class Start:
    """A place with what is known of the trouble there.

    Parameters
    ----------
    lon, lat
        EPSG:4490; None while nobody knows the place.
    told
        Kinds of waste water that are spoken of.
    text
        All that was said, for names of units in it.
    source_id
        The unit it is about.
    is_water
        Whether water is concerned; a bare point always is.
    """

    lon: float | None
    lat: float | None
    title: str = ""
    told: frozenset[Waste] = frozenset()
    text: str = ""
    source_id: int | None = None
    outlet_id: int | None = None
    matter_id: int | None = None
    finding_uid: UUID | None = None
    is_water: bool = True


def start_of_matter(session: Session, scope: Scope, matter_id: int) -> Start | None:
    """Return the start of a matter with the words of all its complaints; None outside the scope."""
    row = session.execute(
        select(
            ComplaintMatter,
            PollutionSource.name,
            func.ST_X(ComplaintMatter.geom),
            func.ST_Y(ComplaintMatter.geom),
        )
        .outerjoin(PollutionSource, PollutionSource.id == ComplaintMatter.respondent_source_id)
        .where(ComplaintMatter.id == matter_id, in_scope(ComplaintMatter.grid_id, scope))
    ).first()
    if row is None:
        return None
    matter, source_name, lon, lat = row
    said = session.execute(
        select(Complaint.summary, Complaint.pollution_subtypes).where(
            Complaint.matter_id == matter_id
        )
    )
    words = [matter.title, matter.respondent_name or "", source_name or ""]
    words += [" ".join((summary, *subtypes)) for summary, subtypes in said]
    text = " ".join(words)
    return Start(
        lon,
        lat,
        title=matter.title,
        told=told_of(text),
        text=text,
        source_id=matter.respondent_source_id,
        matter_id=matter.id,
        is_water=PollutionType.WATER.value in matter.pollution_types,
    )


def start_of_finding(session: Session, scope: Scope, uid: UUID) -> Start | None:
    """Return the start of a finding; None outside the scope."""
    row = session.execute(
        select(Finding, func.ST_X(Finding.geom), func.ST_Y(Finding.geom)).where(
            Finding.uid == uid, in_scope(Finding.grid_id, scope)
        )
    ).first()
    if row is None:
        return None
    finding, lon, lat = row
    return Start(
        lon,
        lat,
        title=finding.finding_no,
        told=told_of(finding.description),
        text=finding.description,
        source_id=finding.object_id if finding.object_kind == ObjectKind.SOURCE else None,
        outlet_id=finding.object_id if finding.object_kind == ObjectKind.OUTLET else None,
        finding_uid=finding.uid,
    )
