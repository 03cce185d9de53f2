"""Roads of the base map."""

from layers.base import Group, Layer, Shape, Swatch


class Roads(Layer):
    """Road centre-lines, grouped into three ranks; a closed road is drawn dashed."""

    key = "roads"
    title = "道路"
    group = Group.BASE
    shape = Shape.LINE
    sql = """
        SELECT r.id, NULL::bigint AS grid_id, r.geom, coalesce(r.name, '') AS name, r.road_class,
               r.length_m,
               CASE WHEN r.closed THEN 'closed'
                    WHEN r.road_class ~ '^(motorway|trunk|primary|national|provincial)' THEN 'main'
                    WHEN r.road_class ~ '^(secondary|tertiary|county)' THEN 'secondary'
                    ELSE 'minor' END AS rank
        FROM road r
    """
    colour_by = "rank"
    legend = (
        Swatch("main", "主干路", "#f3c981", 2.6, casing="#d9a24a"),
        Swatch("secondary", "次干路", "#fbe7b8", 1.8, from_zoom=10, casing="#d8c48f"),
        Swatch("minor", "乡村道路", "#d3cbbd", 1.0, from_zoom=12),
        Swatch("closed", "封闭道路", "#b0a79a", 1.0, from_zoom=12, dash="2 4"),
    )
    shows = {"name": "名称", "road_class": "等级", "length_m": "长度(米)"}
    everyone = True
    order = 20
