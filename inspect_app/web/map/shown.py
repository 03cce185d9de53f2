"""Values of layers as people read them, and the page's configuration in the reader's language."""

from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext

from inspect_app.domain import access, transitions
from inspect_app.domain.codes import Code
from inspect_app.domain.weeks import week_text
from inspect_app.queries.features import Bounds
from inspect_app.web.http import allow_style_attributes, csp_nonce, settings
from inspect_app.web.map.arguments import DAYS_DEFAULT
from inspect_app.web.views import day_text, moment_text
from layers.base import Group, Layer
from layers.canvas import Canvas, Words, draw_canvas

CODE_LISTS: dict[str, type[Code]] = {
    found.__name__: found
    for found in Code.__subclasses__()
    if found.__module__.startswith((access.__package__ or "", transitions.__package__ or ""))
}
"""Code lists by the name a layer gives."""

WORDS = {
    "failed": "读取失败,请稍后再试",
    "also_here": "此处还有",
    "open_page": "打开详情",
    "total": "共 {count} 个",
    "sum": "{number} {unit}",
    "zoom_in": "放大",
    "zoom_out": "缩小",
    "page": "第 {page} / {pages} 页",
    "zoom_in_to_see": "放大后显示",
    "no_rows": "当前视野内没有要素",
}
"""Words the page's modules use."""


CENTRE = (120.0, 31.0)
"""Where a map opens while no grid is imported."""


def map_canvas() -> Canvas:
    """Return the shell of a page with a map; its elements may carry style attributes."""
    allow_style_attributes()  # Leaflet positions its panes by style attributes
    words = Words(
        fullscreen=gettext("全屏"), leave_fullscreen=gettext("退出全屏"), locate=gettext("我的位置")
    )
    static = url_for("static", filename="vendor/")
    return draw_canvas(CENTRE, 10, words=words, static=static, nonce=csp_nonce())


def texts(layer: Layer, values: dict[str, Any]) -> list[dict[str, str]]:
    """Return name, label and text of each shown column."""
    return [
        {"name": name, "label": gettext(label), "text": text(layer, name, values[name])}
        for name, label in layer.shows.items()
    ]


def text(layer: Layer, name: str, value: object) -> str:
    """Return one value as text: codes by their label, instants in the bureau's time."""
    if value is None:
        return ""
    if name in layer.codes:
        return str(gettext(CODE_LISTS[layer.codes[name]](str(value)).label))
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
    return str(value)


def configuration(
    layers: dict[str, Layer], *, map_name: str, extent: Bounds | None, week: date
) -> dict[str, Any]:
    """Return what the page's modules need, with all words translated."""
    return {
        "map": map_name,
        "extent": None
        if extent is None
        else [[extent.south, extent.west], [extent.north, extent.east]],
        "week": week_text(week),
        "days": DAYS_DEFAULT,
        "features": _pattern("map.features"),
        "feature": url_for("map.feature", key="KEY", feature_id=0).removesuffix("0"),
        "labels": _pattern("map.names"),
        "list": _pattern("map.rows"),
        "tiles": url_for("map.vector_tile", key="KEY", z=0, x=0, y=0).replace(
            "0/0/0", "{level}/{x}/{y}"
        ),
        "identify": url_for("map.identify"),
        "base_map": {"url": settings().base_map_url, "credit": settings().base_map_attribution},
        "words": {name: gettext(word) for name, word in WORDS.items()},
        "groups": [
            {
                "title": gettext(group.value),
                "keys": [k for k, v in layers.items() if v.group == group],
            }
            for group in Group
            if any(layer.group == group for layer in layers.values())
        ],
        "layers": {key: _layer(layer) for key, layer in layers.items()},
    }


def _pattern(endpoint: str) -> str:
    return url_for(endpoint, key="KEY")


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "key": layer.key,
        "title": gettext(layer.title),
        "shape": layer.shape.value,
        "delivery": layer.delivery.value,
        "on": layer.on,
        "order": layer.order,
        "minZoom": layer.min_zoom,
        "maxZoom": layer.max_zoom,
        "clusterBelow": layer.cluster_below,
        "labelFrom": layer.label_from,
        "fill": layer.fill,
        "everyone": layer.everyone,
        "time": bool(layer.time),
        "week": "week" in layer.parameters,
        "unit": gettext(layer.unit) if layer.unit else "",
        "columns": [[name, gettext(label)] for name, label in layer.shows.items()],
        "legend": [
            {
                "value": swatch.value,
                "label": gettext(swatch.label),
                "colour": swatch.colour,
                "width": swatch.width_px,
                "fromZoom": swatch.from_zoom,
                "dash": swatch.dash,
                "casing": swatch.casing,
                "labelFrom": swatch.label_from,
                "labelTo": swatch.label_to,
            }
            for swatch in layer.legend
        ],
    }
