"""Township stations, gauges, gates and other points of the bureau's own."""

from layers.base import Delivery, Group, Layer, Shape, Swatch


class Stations(Layer):
    """Stations and gates by kind."""

    key = "stations"
    title = "站点与闸门"
    group = Group.SOURCES
    shape = Shape.POINT
    sql = """
        SELECT s.id, s.grid_id, s.geom, s.name, s.code, s.kind, w.name AS waterway,
               g.name AS grid
        FROM station s
        LEFT JOIN waterway w ON w.id = s.waterway_id
        LEFT JOIN grid g ON g.id = s.grid_id
    """
    colour_by = "kind"
    legend = (
        Swatch("township_station", "乡镇环境管理站", "#123f5c"),
        Swatch("water_auto", "水质自动站", "#00838f"),
        Swatch("gate", "闸门", "#5d4037"),
        Swatch("monitoring_section", "监测断面", "#3949ab"),
        Swatch("video", "视频监控点", "#455a64"),
        Swatch("other", "其他站点", "#9e9e9e"),
    )
    shows = {
        "name": "名称",
        "kind": "类别",
        "code": "编码",
        "waterway": "河流/渠道",
        "grid": "网格",
    }
    codes = {"kind": "StationKind"}
    delivery = Delivery.FEATURES
    min_zoom = 12
    fill = 0.95
    order = 70
