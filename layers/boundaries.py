"""Borders of the county and its townships with their names, as geography of the base map."""

from layers.base import Group, Layer, Shape, Swatch


class Boundaries(Layer):
    """Public borders: seen by everybody, whatever the scope; what lies inside is not."""

    key = "boundaries"
    title = "行政区界"
    group = Group.BASE
    shape = Shape.POLYGON
    sql = """
        SELECT g.id, NULL::bigint AS grid_id, g.geom, g.name, g.level_name, g.area_km2,
               CASE g.depth WHEN 1 THEN 'county' ELSE 'township' END AS rank
        FROM grid g
        WHERE g.depth <= 2 AND g.valid_from <= :today
          AND (g.valid_to IS NULL OR g.valid_to > :today)
    """
    colour_by = "rank"
    legend = (
        Swatch("county", "县界", "#8a6fa8", 2.6, dash="9 3 2 3", label_to=8),
        Swatch("township", "乡镇界", "#a893bd", 1.6, dash="7 3", label_to=14),
    )
    shows = {"name": "名称", "level_name": "层级", "area_km2": "面积(平方公里)"}
    everyone = True
    label_from = 7
    order = 35
