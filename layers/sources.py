"""Pollution sources in operation."""

from layers.base import Delivery, Group, Layer, Shape, Swatch


class Sources(Layer):
    """Sources by management class of the discharge permit."""

    key = "sources"
    title = "污染源"
    group = Group.SOURCES
    shape = Shape.POINT
    sql = """
        SELECT s.id, s.grid_id, s.geom, s.name, s.kind, s.uscc, s.permit_class, s.permit_no,
               s.address, g.name AS grid
        FROM pollution_source s LEFT JOIN grid g ON g.id = s.grid_id
        WHERE NOT s.closed
    """
    colour_by = "permit_class"
    legend = (
        Swatch("key", "重点管理", "#8e24aa"),
        Swatch("simplified", "简化管理", "#b865cf"),
        Swatch("registered", "登记管理", "#d4a6e0"),
        Swatch("none", "无许可证", "#9e9e9e"),
    )
    shows = {
        "name": "名称",
        "kind": "类别",
        "permit_class": "管理类别",
        "permit_no": "许可证编号",
        "uscc": "统一社会信用代码",
        "address": "地址",
        "grid": "网格",
    }
    codes = {"kind": "SourceKind", "permit_class": "PermitClass"}
    delivery = Delivery.FEATURES
    cluster_below = 12
    fill = 0.9
    on = False
    order = 60
