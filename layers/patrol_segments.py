"""Patrol segments: reaches of waterways patrolled as one piece."""

from layers.base import Group, Layer, Shape, Swatch


class PatrolSegments(Layer):
    """Segments, coloured by whether they were patrolled in the last thirty days."""

    key = "patrol_segments"
    title = "巡查河段/渠段"
    group = Group.WATER
    shape = Shape.LINE
    sql = """
        SELECT s.id, s.grid_id, s.geom, s.name, s.code, s.length_m, w.name AS waterway,
               g.name AS grid, v.last_at,
               CASE WHEN v.last_at IS NULL THEN 'never'
                    WHEN v.last_at < CAST(:now AS timestamptz) - interval '30 days' THEN 'older'
                    ELSE 'month' END AS visited
        FROM patrol_segment s
        JOIN waterway w ON w.id = s.waterway_id
        LEFT JOIN grid g ON g.id = s.grid_id
        LEFT JOIN LATERAL (
            SELECT max(p.done_at) AS last_at FROM patrol_stop p
            WHERE p.object_kind = 'segment' AND p.object_id = s.id AND p.result = 'done'
        ) v ON true
    """
    colour_by = "visited"
    legend = (
        Swatch("month", "30天内已巡", "#0b6e4f", 3.0),
        Swatch("older", "超过30天未巡", "#e08a00", 3.0),
        Swatch("never", "无巡查记录", "#8d6e97", 3.0, dash="6 4"),
    )
    shows = {
        "name": "名称",
        "waterway": "河流/渠道",
        "grid": "网格",
        "length_m": "长度(米)",
        "last_at": "最近巡查",
    }
    min_zoom = 9
    on = False
    order = 40
