"""Clusters: where the newest scans found more complaints than place and day explain."""

from layers.base import Delivery, Group, Layer, Shape, Swatch


class Clusters(Layer):
    """Clusters of the last scan up to a week, as a week is scanned when it is over.

    How sure they are is said in words, width and dash. Their place is the middle of the places
    their matters may be shown at.
    """

    key = "clusters"
    title = "投诉聚集"
    group = Group.MATTERS
    shape = Shape.POINT
    sql = """
        SELECT k.id, k.grid_id, k.geom, g.name, k.confidence, k.observed, k.expected,
               round(k.p::numeric, 4)::text AS p,
               k.recurrence_days, k.radius_m, k.first_day, k.last_day
        FROM cluster k
        JOIN cluster_scan s ON s.id = k.scan_id AND s.superseded_at IS NULL AND s.week = (
            SELECT max(week) FROM cluster_scan WHERE superseded_at IS NULL AND week <= :week)
        LEFT JOIN grid g ON g.id = k.grid_id
        WHERE k.geom IS NOT NULL
    """
    colour_by = "confidence"
    legend = (
        Swatch("strong", "明显聚集", "#b3261e", width_px=5),
        Swatch("weak", "可能聚集", "#9a5b00", width_px=3, dash="10 5"),
        Swatch("could_be_chance", "可能是偶然", "#4a5866", width_px=1.5, dash="2 5"),
    )
    shows = {
        "name": "网格",
        "confidence": "判断",
        "observed": "件数",
        "expected": "预期件数",
        "p": "p 值",
        "recurrence_days": "偶然重现天数",
        "radius_m": "半径(米)",
        "first_day": "起始日",
        "last_day": "截止日",
    }
    codes = {"confidence": "Confidence"}
    delivery = Delivery.FEATURES
    permission = "complaint.view"
    fill = 0.2
    on = False
    order = 92
