"""Routes of the map; each reads as the map's role, in the scope of the person."""

import hashlib
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.routing import BuildError

from inspect_app.db import map_reader
from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.queries import features as reads
from inspect_app.web.http import (
    actor,
    database,
    json_answer,
    requires,
    today,
)
from inspect_app.web.map.arguments import (
    asked_bounds,
    asked_layers,
    asked_page,
    asked_place,
    asked_week,
    asked_zoom,
    layer_named,
    question,
    visible_layers,
)
from inspect_app.web.map.shown import configuration, map_canvas, texts
from layers.base import Layer

pages = Blueprint("map", __name__)

FEATURES_MAX = 5000
"""Features of one answer; the totals beside them are never cut."""
CLICK_PX = 8
"""How far from the pointer a click still finds something."""
ID_MAX = 2**63 - 1
BASE_AGE_S = 300
"""Seconds a browser keeps tiles of the base map; scoped tiles are asked for again each time."""


@pages.get("/map")
@requires(Permission.MAP_VIEW)
def page() -> str:
    """Show the map page; features follow by URL."""
    with map_reader(database()) as session:
        extent = reads.extent(session, actor().scope, day=today())
    canvas = map_canvas()
    return render_template(
        "map.html",
        canvas=canvas,
        configuration=configuration(
            visible_layers(), map_name=canvas.name, extent=extent, week=asked_week()
        ),
    )


@pages.get("/api/layers/<key>/features")
@requires(Permission.MAP_VIEW)
def features(key: str) -> Response:
    """Answer with GeoJSON of the bounds; points of small scales as clusters with true sums."""
    layer, zoom = layer_named(key), asked_zoom()
    query = question(layer, bounds=asked_bounds())
    with map_reader(database()) as session:
        if zoom is not None and zoom < layer.cluster_below:
            found = reads.clusters(session, query, zoom=zoom)
        else:
            found = reads.features(session, query, limit=FEATURES_MAX)
    return json_answer(
        {
            "type": "FeatureCollection",
            "features": found.features,
            "count": found.count,
            "number": found.number,
            "clustered": found.clustered,
            "shown": found.shown,
        }
    )


@pages.get(f"/api/layers/<key>/features/<int(max={ID_MAX}):feature_id>")
@requires(Permission.MAP_VIEW)
def feature(key: str, feature_id: int) -> Response:
    """Answer with what a layer shows of one feature; out of scope is not found."""
    layer = layer_named(key)
    query = question(layer).about_one()
    with map_reader(database()) as session:
        found = reads.one(session, query, feature_id)
    if found is None:
        raise Problem("not_found", what=layer.title)
    return json_answer(_object(layer, feature_id, found))


@pages.get("/api/layers/<key>/labels")
@requires(Permission.MAP_VIEW)
def names(key: str) -> Response:
    """Answer with names and where to write them in the bounds."""
    query = question(layer_named(key), bounds=asked_bounds())
    with map_reader(database()) as session:
        return json_answer({"labels": reads.labels(session, query)})


@pages.get("/api/layers/<key>/list")
@requires(Permission.MAP_VIEW)
def rows(key: str) -> Response:
    """Answer with a page of the list beside the map."""
    layer = layer_named(key)
    query = question(layer, bounds=asked_bounds())
    sort = request.args.get("sort", "")
    try:
        with map_reader(database()) as session:
            found = reads.listing(session, query, sort=sort, page=asked_page())
    except reads.SortUnknown as error:
        expected = ",".join(layer.shows)
        raise Problem("field_invalid", field="sort", expected=expected, found=sort[:80]) from error
    return json_answer(
        {
            "rows": [_row(layer, values) for values in found.rows],
            "page": found.page,
            "pages": found.pages,
            "count": found.count,
            "number": found.number,
        }
    )


@pages.get("/api/tiles/<key>/<int:z>/<int:x>/<int:y>.mvt")
@requires(Permission.MAP_VIEW)
def vector_tile(key: str, *, z: int, x: int, y: int) -> Response:
    """Answer with one vector tile; the browser alone may keep it.

    `zoom` names the map's zoom where tiles are drawn larger than 256 px.
    """
    layer = layer_named(key)
    query = question(layer)
    query = query if query.zoom is not None else query.at_zoom(z)
    try:
        with map_reader(database()) as session:
            body = reads.tile(session, query, (z, x, y))
    except reads.TileInvalid as error:
        place = f"{z}/{x}/{y}"[:40]
        raise Problem("field_invalid", field="z/x/y", expected="0–20", found=place) from error
    answer = Response(body, mimetype="application/vnd.mapbox-vector-tile")
    age = f"max-age={BASE_AGE_S}" if layer.everyone else "no-cache"
    answer.headers["Cache-Control"] = f"private, {age}"
    answer.headers["Vary"] = "Cookie"
    answer.set_etag(hashlib.sha256(body).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


@pages.get("/api/identify")
@requires(Permission.MAP_VIEW)
def identify() -> Response:
    """Answer with the features near a click, topmost layer first."""
    place, zoom = asked_place(), asked_zoom()
    tolerance = CLICK_PX * 360 / 256 / 2 ** (10 if zoom is None else zoom)
    hits: list[dict[str, Any]] = []
    with map_reader(database()) as session:
        for layer in asked_layers():
            found = reads.near(session, question(layer), place, radius_deg=tolerance)
            hits.extend({"layer": layer.key, "id": key, "name": name} for key, name in found)
    return json_answer({"hits": hits})


def _row(layer: Layer, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": values["id_"],
        "class": values["class_"],
        "lon": values["lon_"],
        "lat": values["lat_"],
        "cells": [cell["text"] for cell in texts(layer, values)],
    }


def _object(layer: Layer, feature_id: int, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "layer": layer.key,
        "id": feature_id,
        "class": values["class_"],
        "lon": values["lon_"],
        "lat": values["lat_"],
        "geometry": values["geometry_"],
        "rows": texts(layer, values),
        "page": _page(layer, values),
    }


def _page(layer: Layer, values: dict[str, Any]) -> str | None:
    """Return the address of the page about a feature; NULL in the path means there is none."""
    if not layer.page:
        return None
    try:
        return url_for(layer.page, **{name: values[by] for name, by in layer.page_by.items()})
    except BuildError:
        return None
