"""Places by name, for the forms in which a point is chosen on a map."""

import math
import time

from flask import Blueprint, Response, current_app, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from inspect_app.db import map_reader
from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.queries import features
from inspect_app.queries.place_names import NameKind, PlaceNames
from inspect_app.queries.places import find_places
from inspect_app.web.http import actor, database, json_answer, requires, today

pages = Blueprint("places", __name__)


@pages.get("/api/places")
@requires(Permission.MAP_VIEW)
def search() -> Response:
    """Answer with the named places of `?text=` in the reader's scope, of `&kind=` only."""
    text = request.args.get("text", "").replace("\x00", "")[:80]
    wanted = [kind for kind in NameKind if kind.value in request.args.getlist("kind")]
    found = find_places(
        database(),
        text,
        names=place_names(),
        scope=actor().scope,
        day=today(),
        kinds=wanted or tuple(NameKind),
    )
    places = [
        {
            "key": one.key.value,
            "id": one.id,
            "kind": gettext(one.kind),
            "name": one.name,
            "within": one.within,
            "lon": one.lon,
            "lat": one.lat,
        }
        for one in found
    ]
    return json_answer({"places": places})


def place_names() -> PlaceNames:
    """Return the names this process holds; the first to ask makes the index."""
    held: PlaceNames = current_app.extensions.setdefault(
        "place_names", PlaceNames(clock=time.monotonic)
    )
    return held


def sight() -> list[float] | None:
    """Return west, south, east and north of what the reader sees; None without any grid."""
    with map_reader(database()) as session:
        extent = features.extent(session, actor().scope, day=today())
    if extent is None:
        return None
    return [extent.west, extent.south, extent.east, extent.north]


def parsed_point(fields: MultiDict[str, str]) -> tuple[float, float]:
    """Return longitude and latitude of a form with a point, or refuse what was found."""
    return _degrees(fields, "lon", most=180), _degrees(fields, "lat", most=90)


def _degrees(fields: MultiDict[str, str], field: str, *, most: float) -> float:
    text = fields.get(field, "")
    try:
        degrees = float(text)
    except ValueError:
        degrees = math.nan
    if not abs(degrees) <= most:
        raise Problem("field_invalid", field=field, expected="120.123456", found=text[:80])
    return degrees
