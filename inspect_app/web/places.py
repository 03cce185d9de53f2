"""Places by name, for the forms in which a point is chosen on a map."""

from flask import Blueprint, Response, request
from flask_babel import gettext

from inspect_app.db import map_reader
from inspect_app.domain.access import Permission
from inspect_app.queries import features
from inspect_app.queries.places import find_places
from inspect_app.web.http import actor, database, json_answer, requires, today

pages = Blueprint("places", __name__)


@pages.get("/api/places")
@requires(Permission.MAP_VIEW)
def search() -> Response:
    """Answer with the named places of `?text=` in the reader's scope."""
    text = request.args.get("text", "").replace("\x00", "")[:80]
    found = find_places(database(), text, scope=actor().scope, day=today())
    places = [
        {"kind": gettext(one.kind), "name": one.name, "lon": one.lon, "lat": one.lat}
        for one in found
    ]
    return json_answer({"places": places})


def sight() -> list[float] | None:
    """Return west, south, east and north of what the reader sees; None without any grid."""
    with map_reader(database()) as session:
        extent = features.extent(session, actor().scope, day=today())
    if extent is None:
        return None
    return [extent.west, extent.south, extent.east, extent.north]
