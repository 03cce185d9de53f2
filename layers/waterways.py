"""Rivers and canals by their centre-lines."""

from layers.base import Group, Layer, Shape, Swatch


class Waterways(Layer):
    """Rivers in blue, canals in green-blue; width by rank, small ones only on large scales."""

    key = "waterways"
    title = "河流与渠道"
    group = Group.BASE
    shape = Shape.LINE
    sql = """
        SELECT w.id, NULL::bigint AS grid_id, w.geom, w.name, w.kind, w.level, w.length_m,
               into_w.name AS flows_into, w.kind || '_' || w.level AS class
        FROM waterway w LEFT JOIN waterway into_w ON into_w.id = w.flows_into_id
    """
    colour_by = "class"
    legend = (
        Swatch("river_main", "干流", "#3a7fc0", 4.0, label_from=9),
        Swatch("river_branch", "支流", "#5b9bd5", 2.2, label_from=11),
        Swatch("river_lateral", "小支流", "#8fbbe3", 1.2, from_zoom=11, label_from=13),
        Swatch("canal_main", "总干渠", "#12807c", 3.0, label_from=10),
        Swatch("canal_branch", "干渠", "#33a09b", 1.8, label_from=11),
        Swatch("canal_lateral", "支渠", "#7cc4c0", 1.0, from_zoom=11, label_from=14),
    )
    shows = {
        "name": "名称",
        "kind": "类别",
        "level": "级别",
        "flows_into": "汇入",
        "length_m": "长度(米)",
    }
    codes = {"kind": "WaterwayKind", "level": "WaterwayLevel"}
    everyone = True
    label_from = 9
    order = 30
