"""Up and down the water: the page with map and lists, the same as JSON."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import geopandas as gpd
import orjson
from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.queries.trace import (
    Reader,
    Start,
    Suspect,
    Trace,
    Warned,
    start_of_finding,
    start_of_matter,
    trace,
)
from inspect_app.web.http import (
    actor,
    allow_style_attributes,
    database,
    json_answer,
    now,
    requires,
    today,
    words,
)
from inspect_app.web.places import parsed_point, sight

pages = Blueprint("trace", __name__)
P = Permission
KM_LEAST, KM_MOST = 0.5, 60.0
MAP_DIGITS = 6
KIND_LABELS = {
    "outlet": "入河排污口",
    "source": "污染源",
    "water_source": "饮用水取水口",
    "zone": "饮用水水源保护区",
    "station": "断面与水质站",
    "grid": "网格",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    start: Start | None
    km: float | None
    water_id: int | None

    @property
    def is_placed(self) -> bool:
        """Whether there is a point to start from."""
        return self.start is not None and self.start.lon is not None


@pages.get("/trace")
@requires(P.FINDING_VIEW)
def page() -> str:
    """Show what lies up- and downstream of `?lon=&lat=`, `?matter=` or `?finding=`."""
    asked = _asked()
    found = _traced(asked)
    allow_style_attributes()  # Leaflet places its panes by style attributes.
    start = asked.start
    form = {"lon": "", "lat": ""}
    if start is not None and start.lon is not None:
        form = {"lon": f"{start.lon:.6f}", "lat": f"{start.lat:.6f}"}
    return render_template(
        "trace.html",
        start=start,
        found=found,
        form=form,
        km=asked.km,
        kept={key: value for key, value in request.args.items() if key not in ("water", "lang")},
        kinds=KIND_LABELS,
        extent=sight() if found is None else None,
    )


@pages.get("/api/trace")
@requires(P.FINDING_VIEW)
def as_json() -> Response:
    """Answer the same in JSON, with the waters and points of the map as GeoJSON."""
    asked = _asked()
    found = _traced(asked)
    if found is None or asked.start is None:
        return json_answer({"fault": gettext("还没有位置,无法溯源")})
    return json_answer(
        {
            "fault": words(found.fault) if found.fault else None,
            "start": [asked.start.lon, asked.start.lat],
            "water": None if found.water is None else _water(found),
            "above": _collection(found.above),
            "below": _collection(found.below),
            "suspects": [_suspect(one) for one in found.suspects],
            "hidden_suspects": found.hidden_suspects,
            "warned": [_warned(one) for one in found.warned],
            "hidden_warned": found.hidden_warned,
        }
    )


def _asked() -> Asked:
    km = request.args.get("km", "")
    return Asked(
        start=_start(), km=_km(km) if km else None, water_id=request.args.get("water", type=int)
    )


def _km(text: str) -> float:
    try:
        km = float(text)
    except ValueError:
        km = 0.0
    if not KM_LEAST <= km <= KM_MOST:
        expected = f"{KM_LEAST:g}–{KM_MOST:g}"
        raise Problem("field_invalid", field="km", expected=expected, found=text[:80])
    return km


def _start() -> Start | None:
    """Return the start; what the reader may not see is not found."""
    if "matter" in request.args:
        if not actor().may(P.COMPLAINT_VIEW):
            raise Problem("not_permitted", permission=P.COMPLAINT_VIEW.value)
        number = request.args.get("matter", 0, type=int)
        start = start_of_matter(database(), actor().scope, number)
        if start is None:
            raise Problem("not_found", what="事项")
        return start
    if "finding" in request.args:
        start = start_of_finding(database(), actor().scope, _uid(request.args["finding"]))
        if start is None:
            raise Problem("not_found", what="问题")
        return start
    if "lon" in request.args or "lat" in request.args:
        lon, lat = parsed_point(request.args)
        return Start(lon, lat)
    return None


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Problem("not_found", what="问题") from error


def _traced(asked: Asked) -> Trace | None:
    if asked.start is None or not asked.is_placed:
        return None
    reader = Reader(actor().scope, now(), today())
    return trace(database(), asked.start, reader, km=asked.km, water_id=asked.water_id)


def _water(found: Trace) -> dict[str, Any]:
    water = found.water
    if water is None:
        return {}
    return {
        "name": water.name,
        "distance_m": round(water.distance_m),
        "place": [water.lon, water.lat],
    }


def _suspect(one: Suspect) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "class": gettext(one.code.label),
        "place": [one.lon, one.lat],
        "distance_m": round(one.distance_m),
        "certain": one.certain,
        "points": one.points,
        "reasons": [words(reason) for reason in one.reasons],
    }


def _warned(one: Warned) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "label": gettext(KIND_LABELS[one.kind]),
        "name": one.name,
        "place": [one.lon, one.lat],
        "distance_m": round(one.distance_m),
        "certain": one.certain,
        "keeper": one.keeper.name,
        "phone": one.keeper.phone,
    }


def _collection(stretches: gpd.GeoDataFrame | None) -> orjson.Fragment | None:
    if stretches is None:
        return None
    shown = stretches[["certain", "nearest_m", "geometry"]].round({"nearest_m": 0})
    shown = shown.set_geometry(shown.geometry.set_precision(10.0**-MAP_DIGITS))
    return orjson.Fragment(shown.to_json(to_wgs84=False, drop_id=True))
