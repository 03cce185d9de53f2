"""The lives of a patrol task and of a weekly plan."""

from inspect_app.domain.access import Permission
from inspect_app.domain.transitions.rows import Guard, Transition, rows
from inspect_app.domain.transitions.states import PlanState, TaskState

G = Guard
T = TaskState

TASK_TRANSITIONS: tuple[Transition, ...] = (
    *rows(
        "task", ("plan", "生成"), sources=[None], target=T.PLANNED, permission=Permission.PLAN_MAKE
    ),
    *rows(
        "task",
        ("publish", "下达"),
        sources=[T.PLANNED],
        target=T.PUBLISHED,
        permission=Permission.PLAN_PUBLISH,
    ),
    *rows(
        "task",
        ("hand_over", "转交班组"),
        sources=[T.PUBLISHED],
        target=T.PUBLISHED,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
    # A published plan is changed in place: a task begun stays the same task, so that its log, its
    # track and the tablets that know its number stay right.
    *(
        row
        for state in (T.PUBLISHED, T.IN_PROGRESS, T.PAUSED)
        for row in rows(
            "task",
            ("change", "调整"),
            sources=[state],
            target=state,
            permission=Permission.PLAN_PUBLISH,
            guards=[G.REASON],
        )
    ),
    *rows(
        "task",
        ("restore", "恢复下达"),
        sources=[T.CANCELLED],
        target=T.PUBLISHED,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
    *rows(
        "task",
        ("start", "开始巡查"),
        sources=[T.PUBLISHED, T.RETURNED, T.MISSED],
        target=T.IN_PROGRESS,
        permission=Permission.PATROL_DO,
    ),
    *rows(
        "task",
        ("pause", "暂停"),
        sources=[T.IN_PROGRESS],
        target=T.PAUSED,
        permission=Permission.PATROL_DO,
    ),
    *rows(
        "task",
        ("resume", "继续"),
        sources=[T.PAUSED],
        target=T.IN_PROGRESS,
        permission=Permission.PATROL_DO,
    ),
    *rows(
        "task",
        ("finish", "结束并提交"),
        sources=[T.IN_PROGRESS, T.PAUSED],
        target=T.SUBMITTED,
        permission=Permission.PATROL_DO,
    ),
    *rows(
        "task",
        ("accept", "审核通过"),
        sources=[T.SUBMITTED],
        target=T.COMPLETED,
        permission=Permission.PATROL_REVIEW,
    ),
    *rows(
        "task",
        ("return", "退回补充"),
        sources=[T.SUBMITTED],
        target=T.RETURNED,
        permission=Permission.PATROL_REVIEW,
        guards=[G.REASON],
    ),
    *rows(
        "task",
        ("miss", "逾期未巡"),
        sources=[T.PUBLISHED],
        target=T.MISSED,
        permission=Permission.PATROL_REVIEW,
    ),
    *rows(
        "task",
        ("exempt", "免巡"),
        sources=[T.PLANNED, T.PUBLISHED],
        target=T.EXEMPTED,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
    *rows(
        "task",
        ("cancel", "取消"),
        sources=[T.PLANNED, T.PUBLISHED],
        target=T.CANCELLED,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
)

L = PlanState

PLAN_TRANSITIONS: tuple[Transition, ...] = (
    *rows(
        "plan",
        ("draft", "生成草案"),
        sources=[None],
        target=L.DRAFT,
        permission=Permission.PLAN_MAKE,
    ),
    *rows(
        "plan",
        ("publish", "下达"),
        sources=[L.DRAFT],
        target=L.PUBLISHED,
        permission=Permission.PLAN_PUBLISH,
    ),
    *rows(
        "plan",
        ("change", "调整"),
        sources=[L.PUBLISHED],
        target=L.PUBLISHED,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
    *rows(
        "plan",
        ("withdraw", "撤回"),
        sources=[L.PUBLISHED, L.DRAFT],
        target=L.WITHDRAWN,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
)
