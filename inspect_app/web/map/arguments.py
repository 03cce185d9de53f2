"""What a map request asks for: layer, bounds, zoom, filters; everything checked before SQL."""

from datetime import date, datetime, time, timedelta

from flask import request

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.weeks import monday_of, parse_week
from inspect_app.queries.features import Bounds, BoundsInvalid, FeatureQuery
from inspect_app.web.http import actor, now, parsed_day, time_zone, today
from layers.base import Layer, Shape
from layers.registry import all_layers

ZOOM_MAX = 20
DAYS_DEFAULT = 90
"""Days the time window reaches back when the request names none."""
DAYS_MAX = 36_500
PAGE_MAX = 10_000


def visible_layers() -> dict[str, Layer]:
    """Return the layers the person may see, in drawing order."""
    held = actor().permissions
    return {
        key: layer for key, layer in all_layers().items() if Permission(layer.permission) in held
    }


def layer_named(key: str) -> Layer:
    """Return a layer the person may see; another one is not found."""
    layer = visible_layers().get(key)
    if layer is None:
        raise Problem("not_found", what="图层")
    return layer


def question(layer: Layer, *, bounds: Bounds | None = None) -> FeatureQuery:
    """Return the question of this request to a layer, in the scope of the person."""
    since, until = asked_window()
    return FeatureQuery(
        layer=layer,
        scope=actor().scope,
        now=now(),
        today=today(),
        week=asked_week(),
        zoom=asked_zoom(),
        bounds=bounds,
        since=since,
        until=until,
        classes=asked_classes(layer),
    )


def asked_bounds() -> Bounds | None:
    """Return `bbox=west,south,east,north`, None where the request has none."""
    given = request.args.get("bbox")
    if not given:
        return None
    expected = "west,south,east,north"
    try:
        west, south, east, north = (float(part) for part in given.split(","))
        return Bounds(west, south, east, north)
    except (BoundsInvalid, ValueError) as error:
        raise _invalid("bbox", expected=expected, found=given) from error


def asked_place() -> tuple[float, float]:
    """Return `lon` and `lat` of a click."""
    lon, lat = request.args.get("lon", ""), request.args.get("lat", "")
    try:
        place = float(lon), float(lat)
    except ValueError as error:
        raise _invalid("lon,lat", expected="经纬度", found=f"{lon},{lat}") from error
    if not (-180 <= place[0] <= 180 and -90 <= place[1] <= 90):  # NaN fails too
        raise _invalid("lon,lat", expected="经纬度", found=f"{lon},{lat}")
    return place


def asked_zoom() -> int | None:
    """Return `zoom`, None where the request has none."""
    given = request.args.get("zoom")
    return None if given is None else _whole("zoom", given, most=ZOOM_MAX)


def asked_page() -> int:
    """Return `page`, counted from 1."""
    return max(1, _whole("page", request.args.get("page", "1"), most=PAGE_MAX))


def asked_week() -> date:
    """Return the Monday of `week=2026-W13`, else of today."""
    given = request.args.get("week")
    return parse_week(given) if given else monday_of(today())


def asked_window() -> tuple[datetime | None, datetime | None]:
    """Return the instants of `since` and `until` (calendar days, both inclusive).

    Without `since` the last `days` count, today among them; `days=0` opens the window.
    """
    first, last = request.args.get("since"), request.args.get("until")
    days = _whole("days", request.args.get("days", str(DAYS_DEFAULT)), most=DAYS_MAX)
    if first:
        since: datetime | None = _midnight(parsed_day("since", first))
    else:
        since = _midnight(today() - timedelta(days=days - 1)) if days else None
    until = None if not last else _midnight(parsed_day("until", last) + timedelta(days=1))
    return since, until


def asked_classes(layer: Layer) -> frozenset[str] | None:
    """Return `classes=a,b`, values of the legend; None where the request has none.

    A click asks several layers at once and names theirs as `classes_<key>`.
    """
    given = request.args.get("classes", request.args.get(f"classes_{layer.key}"))
    if given is None:
        return None
    known = {swatch.value for swatch in layer.legend}
    asked = frozenset(part for part in given.split(",") if part)
    if asked - known:
        raise _invalid("classes", expected=",".join(sorted(known)), found=given)
    return asked


def asked_layers() -> list[Layer]:
    """Return the layers named in `layers=a,b`: points, lines, areas; the base map's last."""
    named = set(request.args.get("layers", "").split(",")) - {""}
    seen = visible_layers()
    if named - set(seen):
        raise Problem("not_found", what="图层")
    shapes = list(Shape)
    asked = [layer for key, layer in reversed(seen.items()) if key in named]
    return sorted(asked, key=lambda layer: (shapes.index(layer.shape), layer.everyone))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=time_zone())


def _whole(field: str, given: str, *, most: int) -> int:
    if not given.isdecimal() or len(given) > 6 or int(given) > most:
        raise _invalid(field, expected=f"0–{most}", found=given)
    return int(given)


def _invalid(field: str, *, expected: str, found: str) -> Problem:
    return Problem("field_invalid", field=field, expected=expected, found=found[:80])
