"""Complaint matters: what complaints are about, with the true number of complaints."""

from layers.base import Delivery, Group, Layer, Shape, Swatch


class Matters(Layer):
    """Matters with a place, by main pollution type; the number counts complaints, not pins."""

    key = "matters"
    title = "投诉事项"
    group = Group.MATTERS
    shape = Shape.POINT
    sql = """
        SELECT m.id, m.grid_id, m.geom, m.title AS name, m.matter_no, m.state, m.severity,
               m.opened_at, g.name AS grid,
               (SELECT count(*) FROM complaint c WHERE c.matter_id = m.id) AS complaints,
               CASE WHEN m.pollution_types[1] IN ('air', 'water', 'noise', 'solid_waste')
                    THEN m.pollution_types[1] ELSE 'other' END AS pollution
        FROM complaint_matter m LEFT JOIN grid g ON g.id = m.grid_id
        WHERE m.geom IS NOT NULL
    """
    colour_by = "pollution"
    legend = (
        Swatch("air", "大气", "#d95f02"),
        Swatch("water", "水", "#1f78b4"),
        Swatch("noise", "噪声", "#7570b3"),
        Swatch("solid_waste", "固废", "#8c6d31"),
        Swatch("other", "其他", "#757575"),
    )
    shows = {
        "matter_no": "编号",
        "name": "事项",
        "complaints": "投诉件数",
        "state": "状态",
        "severity": "重要程度",
        "opened_at": "立项时间",
        "grid": "网格",
    }
    codes = {"state": "MatterState", "severity": "Severity"}
    delivery = Delivery.FEATURES
    permission = "complaint.view"
    page = "complaints.matter"
    page_by = {"matter_id": "id"}
    time = "opened_at"
    weight = "complaints"
    unit = "件投诉"
    cluster_below = 13
    fill = 0.85
    order = 90
