"""What asks for a second look at a patrol, in the reader's words; and the wall of its photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from gis.coverage.anomalies import SENTENCES, TITLES, Anomaly
from inspect_app.queries.photo_wall import WallPhoto
from inspect_app.web.http import words


@dataclass(frozen=True, slots=True)
class AnomalyView:
    """An anomaly as the page tells it: a question, never a verdict."""

    kind: str
    title: str
    text: str
    at: datetime | None
    place: tuple[float, float] | None
    photo: str | None


def anomaly_views(found: Sequence[Anomaly]) -> list[AnomalyView]:
    """Return anomalies in the reader's language, in their order."""
    return [
        AnomalyView(
            kind=one.kind.value,
            title=str(gettext(TITLES[one.kind])),
            text=_sentence(one),
            at=None if one.at is None else one.at.to_pydatetime(),
            place=one.place,
            photo=str(one.subject) if one.kind.value.startswith("photo") else None,
        )
        for one in found
    ]


def _sentence(one: Anomaly) -> str:
    facts = {
        name: words(value) if isinstance(value, str) else value for name, value in one.facts.items()
    }
    return str(gettext(SENTENCES[one.kind])) % facts


def photo_marks(photos: Sequence[WallPhoto]) -> list[dict[str, object]]:
    """Return the photos that have a time and a place, for the map and its replay."""
    return [
        {
            "sha256": photo.sha256,
            "at": photo.at.timestamp(),
            "place": photo.place,
            "title": photo.stop or photo.finding_no or "",
            "finding": photo.finding_no is not None,
        }
        for photo in photos
        if photo.at is not None and photo.place is not None
    ]
