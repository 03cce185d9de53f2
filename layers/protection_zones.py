"""Drinking-water protection zones."""

from layers.base import Group, Layer, Shape, Swatch


class ProtectionZones(Layer):
    """Approved zones by level; a zone in several grids belongs to the one with most of it."""

    key = "protection_zones"
    title = "饮用水水源保护区"
    group = Group.WATER
    shape = Shape.POLYGON
    sql = """
        SELECT z.id, z.geom, z.name, z.zone_level, z.approval_doc, z.approved_on,
               w.name AS water_source,
               (SELECT s.grid_id FROM zone_grid s WHERE s.zone_id = z.id
                ORDER BY s.share DESC, s.grid_id LIMIT 1) AS grid_id
        FROM protection_zone z LEFT JOIN water_source w ON w.id = z.water_source_id
    """
    colour_by = "zone_level"
    legend = (
        Swatch("level_1", "一级保护区", "#c2185b", 1.6),
        Swatch("level_2", "二级保护区", "#e07ba2", 1.4),
        Swatch("quasi", "准保护区", "#e9b3c8", 1.2, dash="5 4"),
    )
    shows = {
        "name": "名称",
        "zone_level": "级别",
        "water_source": "水源地",
        "approval_doc": "批准文号",
        "approved_on": "批准日期",
    }
    codes = {"zone_level": "ZoneLevel"}
    fill = 0.14
    order = 15
