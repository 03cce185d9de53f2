"""Hot grids: where complaints of the last weeks heap up in and around a supervision grid."""

from layers.base import Group, Layer, Shape, Swatch


class HotGrids(Layer):
    """Grids the last scan up to a week judged hot, and its ten hottest whatever they are called."""

    key = "hot_grids"
    title = "热点网格"
    group = Group.MATTERS
    shape = Shape.POLYGON
    sql = """
        SELECT h.id, h.grid_id, g.geom, g.name, h.confidence, h.observed, h.around, h.neighbours,
               h.z, round(h.p::numeric, 4)::text AS p, round(h.q::numeric, 4)::text AS q
        FROM hot_grid h
        JOIN cluster_scan s ON s.id = h.scan_id AND s.superseded_at IS NULL AND s.week = (
            SELECT max(week) FROM cluster_scan WHERE superseded_at IS NULL AND week <= :week)
        JOIN grid g ON g.id = h.grid_id
        WHERE h.confidence <> 'could_be_chance' OR h.rank <= 10
    """
    colour_by = "confidence"
    legend = (
        Swatch("strong", "明显偏多", "#b3261e", width_px=3),
        Swatch("weak", "可能偏多", "#9a5b00", width_px=2.2, dash="10 5"),
        Swatch("could_be_chance", "可能是偶然", "#4a5866", width_px=1.2, dash="2 5"),
    )
    shows = {
        "name": "网格",
        "confidence": "判断",
        "observed": "件数",
        "around": "相邻网格件数",
        "neighbours": "相邻网格数",
        "z": "z 值",
        "p": "p 值",
        "q": "误报比例",
    }
    codes = {"confidence": "HotConfidence"}
    permission = "complaint.view"
    fill = 0.25
    on = False
    order = 14
