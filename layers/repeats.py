"""Repeat complaints: each complaint of a matter that has more than one, at the matter's place."""

from layers.base import Delivery, Group, Layer, Shape
from layers.matters import Matters


class Repeats(Layer):
    """Complaints of repeated matters; circles always sum complaints, at every scale.

    A complaint stands at its matter's place, never at its own: that could be a reporter's home.
    """

    key = "repeats"
    title = "重复投诉"
    group = Group.MATTERS
    shape = Shape.POINT
    sql = """
        SELECT c.id, c.matter_id, m.grid_id, m.geom, m.title AS name, m.matter_no, c.complaint_no,
               c.received_at, 1 AS complaints,
               CASE WHEN m.pollution_types[1] IN ('air', 'water', 'noise', 'solid_waste')
                    THEN m.pollution_types[1] ELSE 'other' END AS pollution
        FROM complaint_matter m JOIN complaint c ON c.matter_id = m.id
        WHERE m.geom IS NOT NULL
          AND EXISTS (SELECT FROM complaint o WHERE o.matter_id = m.id AND o.id <> c.id)
    """
    colour_by = "pollution"
    legend = Matters.legend
    shows = {
        "matter_no": "编号",
        "name": "事项",
        "complaint_no": "受理编号",
        "received_at": "来件时间",
    }
    delivery = Delivery.FEATURES
    permission = "complaint.view"
    page = "complaints.matter"
    page_by = {"matter_id": "matter_id"}
    time = "received_at"
    weight = "complaints"
    unit = "件投诉"
    cluster_below = 20
    fill = 0.85
    on = False
    order = 91
