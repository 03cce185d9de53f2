"""Supervision grids with who owns them: townships on small scales, the deepest grids from 11."""

from layers.base import Group, Layer, Shape, Swatch


class Grids(Layer):
    """Grids of the day with chief and responsible person of the day; without a zoom, all depths.

    Where the principal of a duty is missing, the first deputy is shown.
    """

    key = "grids"
    title = "监管网格"
    group = Group.GRIDS
    shape = Shape.POLYGON
    sql = """
        SELECT g.id, g.id AS grid_id, g.geom, g.name, g.code, g.level_name, g.area_km2,
               chief.name AS chief, chief.position AS chief_position,
               responsible.name AS responsible, responsible.position AS responsible_position,
               CASE WHEN COALESCE(responsible.name, chief.name) IS NULL THEN 'ownerless'
                    WHEN g.depth <= 2 THEN 'township' ELSE 'unit' END AS kind
        FROM grid g
        LEFT JOIN LATERAL (
            SELECT p.name, p.position
            FROM grid_owner d JOIN person p ON p.id = d.person_id
            WHERE d.grid_id = g.id AND d.duty = 'grid_chief'
              AND d.valid_from <= :today AND (d.valid_to IS NULL OR d.valid_to > :today)
            ORDER BY d.rank LIMIT 1
        ) chief ON true
        LEFT JOIN LATERAL (
            SELECT p.name, p.position
            FROM grid_owner d JOIN person p ON p.id = d.person_id
            WHERE d.grid_id = g.id AND d.duty = 'responsible_person'
              AND d.valid_from <= :today AND (d.valid_to IS NULL OR d.valid_to > :today)
            ORDER BY d.rank LIMIT 1
        ) responsible ON true
        WHERE g.valid_from <= :today AND (g.valid_to IS NULL OR g.valid_to > :today)
          AND CASE
            WHEN CAST(:zoom AS integer) IS NULL THEN true
            WHEN CAST(:zoom AS integer) < 11 AND g.depth >= 2 THEN g.depth = 2
            ELSE NOT EXISTS (
                SELECT FROM grid c WHERE c.parent_id = g.id
                  AND c.valid_from <= :today AND (c.valid_to IS NULL OR c.valid_to > :today))
            END
    """
    colour_by = "kind"
    legend = (
        Swatch("township", "乡镇(街道)", "#a893bd", 1.2, label_from=20),
        Swatch("unit", "单元网格", "#8494a3", 0.9, dash="4 3"),
        Swatch("ownerless", "无责任人", "#b3261e", 1.4, dash="2 3"),
    )
    shows = {
        "name": "名称",
        "code": "编码",
        "level_name": "层级",
        "responsible": "责任人",
        "responsible_position": "责任人职务",
        "chief": "网格长",
        "chief_position": "网格长职务",
        "area_km2": "面积(平方公里)",
    }
    fill = 0.04
    label_from = 12
    order = 10
