"""Routes of the published plan of a week."""

from layers.base import Delivery, Group, Layer, Shape, Swatch


class PlannedRoutes(Layer):
    """Each crew's way of each day, coloured by weekday.

    A route belongs to the grid of the crew's home station: a township sees its own crews. Its page
    is the crew-day where a stop lies in that grid, for others the week.
    """

    key = "planned_routes"
    title = "本周巡查路线"
    group = Group.PATROLS
    shape = Shape.LINE
    sql = """
        SELECT t.id, h.grid_id, t.route AS geom, c.name || ' ' || t.day AS name, c.name AS crew,
               t.day, t.state, t.length_m,
               CASE WHEN EXISTS (SELECT FROM patrol_stop s JOIN grid g ON g.id = s.grid_id
                                 WHERE s.task_id = t.id AND starts_with(g.path, home.path))
                    THEN t.id END AS task,
               to_char(p.week, 'IYYY-"W"IW') AS plan_week,
               (SELECT count(*) FROM patrol_stop s WHERE s.task_id = t.id) AS stops,
               extract(isodow FROM t.day)::int::text AS weekday
        FROM patrol_task t
        JOIN patrol_plan p ON p.id = t.plan_id
        JOIN crew c ON c.id = t.crew_id
        JOIN station h ON h.id = c.station_id
        LEFT JOIN grid home ON home.id = h.grid_id
        WHERE p.state = 'published' AND p.week = :week AND t.route IS NOT NULL
    """
    colour_by = "weekday"
    legend = (
        Swatch("1", "周一", "#1b9e77", 3.0),
        Swatch("2", "周二", "#d95f02", 3.0),
        Swatch("3", "周三", "#7570b3", 3.0),
        Swatch("4", "周四", "#e7298a", 3.0),
        Swatch("5", "周五", "#4d8f0f", 3.0),
        Swatch("6", "周六", "#b8860b", 3.0),
        Swatch("7", "周日", "#8c5a2b", 3.0),
    )
    shows = {
        "crew": "班组",
        "day": "日期",
        "state": "状态",
        "stops": "停靠点数",
        "length_m": "里程(米)",
    }
    codes = {"state": "TaskState"}
    delivery = Delivery.FEATURES
    permission = "plan.view"
    page = "plans.page"
    page_by = {"week": "plan_week", "task": "task"}
    on = False
    order = 50
