"""Drinking-water sources at their intakes."""

from layers.base import Delivery, Group, Layer, Shape, Swatch


class WaterSources(Layer):
    """Intakes by type."""

    key = "water_sources"
    title = "饮用水水源地"
    group = Group.WATER
    shape = Shape.POINT
    sql = """
        SELECT w.id, w.grid_id, w.geom, w.name, w.code, w.source_type, w.supply_population,
               g.name AS grid
        FROM water_source w LEFT JOIN grid g ON g.id = w.grid_id
    """
    colour_by = "source_type"
    legend = (
        Swatch("river", "河流型", "#1769aa"),
        Swatch("lake", "湖库型", "#0097a7"),
        Swatch("groundwater", "地下水型", "#5e35b1"),
    )
    shows = {
        "name": "名称",
        "code": "编码",
        "source_type": "类型",
        "supply_population": "供水人口",
        "grid": "网格",
    }
    codes = {"source_type": "WaterSourceType"}
    delivery = Delivery.FEATURES
    fill = 0.95
    order = 80
