"""Discharge outlets: where waste water enters a river or canal."""

from layers.base import Delivery, Group, Layer, Shape, Swatch


class Outlets(Layer):
    """Outlets in use by the four main classes of HJ 1312-2023."""

    key = "outlets"
    title = "入河排污口"
    group = Group.WATER
    shape = Shape.POINT
    sql = """
        SELECT o.id, o.grid_id, o.geom, o.name, o.outlet_class, o.outlet_code_national,
               o.responsible_body, o.receiving_water, g.name AS grid,
               split_part(o.outlet_class, '.', 1) AS main_class
        FROM outlet o LEFT JOIN grid g ON g.id = o.grid_id
        WHERE NOT o.closed
    """
    colour_by = "main_class"
    legend = (
        Swatch("1", "工业排污口", "#6d4c41"),
        Swatch("2", "城镇污水处理厂排污口", "#00695c"),
        Swatch("3", "农业排口", "#7cb342"),
        Swatch("4", "其他排口", "#90a4ae"),
    )
    shows = {
        "name": "名称",
        "outlet_class": "类别",
        "outlet_code_national": "国家编码",
        "receiving_water": "受纳水体",
        "responsible_body": "责任主体",
        "grid": "网格",
    }
    codes = {"outlet_class": "OutletClass"}
    delivery = Delivery.FEATURES
    cluster_below = 12
    fill = 0.9
    on = False
    order = 65
