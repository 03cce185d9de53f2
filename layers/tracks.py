"""Tracks as the tablets recorded them."""

from layers.base import Group, Layer, Shape, Swatch


class Tracks(Layer):
    """Pieces of tracks by patrol kind; the number of a piece makes its id unique in the task."""

    key = "tracks"
    title = "巡查轨迹"
    group = Group.PATROLS
    shape = Shape.LINE
    sql = """
        SELECT l.task_id * 100000 + s.number AS id, s.grid_id, s.line AS geom,
               c.name || ' ' || t.day AS name, c.name AS crew, r.name AS recorder,
               t.day, t.patrol_kind, l.started_at, l.distance_m,
               CASE WHEN EXISTS (SELECT FROM patrol_stop p
                                 WHERE p.task_id = t.id AND p.grid_id = s.grid_id)
                    THEN t.id END AS reviewed_task
        FROM track_segment s
        JOIN patrol_log l ON l.uid = s.log_uid
        JOIN patrol_task t ON t.id = l.task_id
        JOIN crew c ON c.id = t.crew_id
        JOIN person r ON r.id = l.recorder_id
        WHERE s.line IS NOT NULL
    """
    colour_by = "patrol_kind"
    legend = (
        Swatch("routine", "日常巡查", "#00897b", 2.0),
        Swatch("campaign", "专项巡查", "#c62828", 2.0),
        Swatch("night", "夜查", "#283593", 2.0),
        Swatch("covert", "暗访", "#6d4c41", 2.0, dash="5 4"),
    )
    shows = {
        "crew": "班组",
        "recorder": "记录人",
        "day": "日期",
        "patrol_kind": "巡查类别",
        "started_at": "开始时间",
        "distance_m": "里程(米)",
    }
    codes = {"patrol_kind": "PatrolKind"}
    permission = "patrol.review"
    page = "patrols.one"
    page_by = {"task_id": "reviewed_task"}
    time = "started_at"
    min_zoom = 9
    on = False
    order = 55
