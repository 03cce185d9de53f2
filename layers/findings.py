"""Findings by where they stand."""

from layers.base import Delivery, Group, Layer, Shape, Swatch


class Findings(Layer):
    """Findings, coloured by the group of their state; overdue ones first."""

    key = "findings"
    title = "巡查问题"
    group = Group.MATTERS
    shape = Shape.POINT
    sql = """
        SELECT f.id, f.uid, f.grid_id, f.geom, f.finding_no AS name, f.finding_no,
               f.finding_type, f.severity, f.state, f.found_at, f.due_at, g.name AS grid,
               p.name AS owner,
               CASE
                 WHEN f.state IN ('closed', 'dismissed', 'duplicate') THEN 'done'
                 WHEN f.due_at < :now THEN 'overdue'
                 WHEN f.state IN ('reported', 'reopened') THEN 'new'
                 WHEN f.state IN ('resolved_on_site', 'rectification_submitted', 'rechecked_ok')
                 THEN 'recheck'
                 WHEN f.state IN ('transferred_enforcement', 'case_filed', 'penalised')
                 THEN 'enforcement'
                 ELSE 'handling' END AS state_group
        FROM finding f
        LEFT JOIN grid g ON g.id = f.grid_id
        LEFT JOIN person p ON p.id = f.owner_person_id
    """
    colour_by = "state_group"
    legend = (
        Swatch("overdue", "逾期未办", "#b3261e"),
        Swatch("new", "待核实", "#e08a00"),
        Swatch("handling", "办理整改中", "#2a6fb0"),
        Swatch("recheck", "待复查销号", "#00838f"),
        Swatch("enforcement", "执法中", "#6a1b9a"),
        Swatch("done", "已了结", "#7a9a8b"),
    )
    shows = {
        "finding_no": "编号",
        "finding_type": "类型",
        "severity": "重要程度",
        "state": "状态",
        "found_at": "发现时间",
        "due_at": "期限",
        "owner": "责任人",
        "grid": "网格",
    }
    codes = {"finding_type": "FindingType", "severity": "Severity", "state": "FindingState"}
    delivery = Delivery.FEATURES
    permission = "finding.view"
    page = "findings.detail"
    page_by = {"uid": "uid"}
    time = "found_at"
    cluster_below = 12
    fill = 0.95
    order = 95
