"""The registry finds every layer file and refuses incomplete ones with all their faults."""

from types import ModuleType

import pytest

from inspect_app.domain import codes
from inspect_app.domain.access import Permission
from inspect_app.web.map.shown import CODE_LISTS
from layers.base import Delivery, Group, IncompleteLayer, Layer, Shape, Swatch
from layers.canvas import ASSETS, UnknownAsset, Words, draw_canvas, own_asset
from layers.registry import all_layers, collected, declared


class Complete(Layer):
    key = "complete"
    title = "完整图层"
    group = Group.BASE
    shape = Shape.POINT
    sql = "SELECT 1 AS id, 1 AS grid_id, NULL AS geom, '' AS name, 'a' AS kind"
    colour_by = "kind"
    legend = (Swatch("a", "甲", "#000000"),)
    shows = {"name": "名称"}


def test_the_registry_finds_the_known_layers_in_drawing_order():
    keys = list(all_layers())
    assert {"grids", "waterways", "outlets", "matters", "findings", "tracks"} <= set(keys)
    assert keys.index("grids") < keys.index("waterways") < keys.index("matters")


def test_an_empty_layer_is_refused_with_every_fault_at_once():
    class Empty(Layer):
        pass

    with pytest.raises(IncompleteLayer) as refusal:
        collected([Empty()])
    for name in ("key", "title", "group", "shape", "sql", "colour_by", "legend", "shows"):
        assert f"Empty has no {name}" in str(refusal.value)


def test_two_layers_with_one_key_are_refused():
    with pytest.raises(IncompleteLayer, match="the same key 'complete'"):
        collected([Complete(), Complete()])


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"key": "Bad Key"}, "not a lower-case name"),
        ({"sql": "SELECT :secret"}, "binds .*secret"),
        ({"codes": {"other": "Severity"}}, "does not show"),
        ({"legend": (Swatch("a", "甲", "#000"), Swatch("a", "乙", "#111"))}, "a value twice"),
        ({"min_zoom": 12, "max_zoom": 3}, "zooms 12–3"),
        ({"shape": Shape.LINE, "cluster_below": 9}, "not points"),
        ({"page": "findings.detail"}, "page without its arguments"),
    ],
)
def test_a_layer_that_cannot_work_is_refused(changed: dict, fault: str):
    with pytest.raises(IncompleteLayer, match=fault):
        collected([type("Changed", (Complete,), changed)()])


def test_a_layer_file_declares_exactly_one_layer():
    module = ModuleType("layers.two")
    with pytest.raises(IncompleteLayer, match="declares 0 layers"):
        declared(module)
    for name in ("One", "Two"):
        setattr(module, name, type(name, (Complete,), {"__module__": "layers.two"}))
    with pytest.raises(IncompleteLayer, match="declares 2 layers"):
        declared(module)


@pytest.mark.parametrize("layer", all_layers().values(), ids=all_layers())
def test_permission_codes_and_legend_of_a_layer_are_known(layer: Layer):
    assert layer.permission in set(Permission)
    assert set(layer.codes.values()) <= set(CODE_LISTS)
    if layer.colour_by in layer.codes:
        known = {code.value for code in CODE_LISTS[layer.codes[layer.colour_by]]}
        assert {swatch.value for swatch in layer.legend} == known
    if layer.delivery is Delivery.TILES:
        assert layer.shape is not Shape.POINT


def test_only_plain_geography_is_the_same_for_every_scope():
    free = {key for key, layer in all_layers().items() if layer.everyone}
    assert free == {"roads", "waterways", "boundaries"}


def test_every_main_class_of_outlets_is_in_the_legend():
    main = {code.value.split(".")[0] for code in codes.OutletClass}
    assert {swatch.value for swatch in all_layers()["outlets"].legend} == main


def test_an_address_that_is_not_in_the_table_stops_the_page():
    with pytest.raises(UnknownAsset, match=r"cdn\.example/new\.js"):
        own_asset("https://cdn.example/new.js")
    assert all(url.startswith("https://") for url in ASSETS)


def test_the_shell_carries_the_nonce_and_own_files_only():
    words = Words(fullscreen="全屏", leave_fullscreen="退出", locate="位置")
    canvas = draw_canvas((120.0, 30.0), 9, words=words, static="/static/vendor/", nonce="abc")
    whole = canvas.head + canvas.body + canvas.script
    assert "http" not in whole
    assert whole.count("<script") == whole.count('<script nonce="abc"') + whole.count(
        "<script src="
    )
    assert f"var {canvas.name} = L.map" in canvas.script
