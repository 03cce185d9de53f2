"""State machines as tables: which event leads from where to where, who may, under which guards."""

from collections.abc import Iterable
from dataclasses import dataclass

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import Code, PhotoStage


class FindingState(Code):
    """States of a finding."""

    REPORTED = "reported", "已上报"
    RESOLVED_ON_SITE = "resolved_on_site", "当场整改"
    VERIFIED = "verified", "已核实"
    DISMISSED = "dismissed", "不成立"
    DUPLICATE = "duplicate", "重复"
    ASSIGNED = "assigned", "已派发"
    ESCALATED = "escalated", "已上报上级网格"
    FORWARDED = "forwarded", "已移送部门"
    RECTIFICATION_ORDERED = "rectification_ordered", "限期整改中"
    RECTIFICATION_SUBMITTED = "rectification_submitted", "待复查"
    RECHECKED_OK = "rechecked_ok", "复查合格"
    RECHECK_FAILED = "recheck_failed", "复查不合格"
    TRANSFERRED_ENFORCEMENT = "transferred_enforcement", "已移交执法"
    CASE_FILED = "case_filed", "已立案"
    PENALISED = "penalised", "已处罚"
    CLOSED = "closed", "已销号"
    REOPENED = "reopened", "重新办理"


class TaskState(Code):
    """States of a patrol task."""

    PLANNED = "planned", "计划中"
    PUBLISHED = "published", "已下达"
    IN_PROGRESS = "in_progress", "巡查中"
    PAUSED = "paused", "已暂停"
    SUBMITTED = "submitted", "已提交"
    COMPLETED = "completed", "已完成"
    RETURNED = "returned", "退回补充"
    MISSED = "missed", "未完成"
    EXEMPTED = "exempted", "免巡"
    CANCELLED = "cancelled", "已取消"


class PlanState(Code):
    """States of a weekly plan."""

    DRAFT = "draft", "草案"
    PUBLISHED = "published", "已下达"
    WITHDRAWN = "withdrawn", "已撤回"


class Guard(Code):
    """What must hold besides the state and the permission; the label says it to a person."""

    REASON = "reason", "须填写理由"
    HANDLER = "handler", "须指定承办人"
    DUE = "due", "须填写期限"
    CURE_PHOTO = "cure_photo", "须附整改后照片"
    EVIDENCE = "evidence", "须有整改前和整改后照片"
    PLACE_PHOTO = "place_photo", "须有现场照片"
    DEPARTMENT = "department", "须填写移送部门"
    UPPER_GRID = "upper_grid", "须有上级网格"
    NOT_HANDLER = "not_handler", "复查人不得是承办人"
    ROUND_LEFT = "round_left", "两次整改不合格须移交执法"
    DEPUTY_IF_MAJOR = "deputy_if_major", "重要及紧急问题须分管领导销号"
    CASE_NO = "case_no", "须填写立案号"
    TWO_OFFICERS = "two_officers", "须两名以上执法人员"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a state machine; `source` None is birth."""

    subject: str
    event: str
    label: str
    source: Code | None
    target: Code
    permission: Permission
    guards: frozenset[Guard] = frozenset()


def _rows(
    subject: str,
    step: tuple[str, str],
    *,
    sources: Iterable[Code | None],
    target: Code,
    permission: Permission,
    guards: Iterable[Guard] = (),
) -> tuple[Transition, ...]:
    event, label = step
    return tuple(
        Transition(subject, event, label, source, target, permission, frozenset(guards))
        for source in sources
    )


def _stays(
    step: tuple[str, str],
    *,
    states: Iterable[Code],
    permission: Permission,
    guards: Iterable[Guard],
) -> tuple[Transition, ...]:
    """Rows of a finding's step that changes who or when, and not the state."""
    return tuple(
        Transition("finding", *step, state, state, permission, frozenset(guards))
        for state in states
    )


F = FindingState
G = Guard

FINDING_TRANSITIONS: tuple[Transition, ...] = (
    *_rows(
        "finding",
        ("report", "上报"),
        sources=[None],
        target=F.REPORTED,
        permission=Permission.FINDING_REPORT,
    ),
    *_rows(
        "finding",
        ("resolve_on_site", "当场整改"),
        sources=[F.REPORTED],
        target=F.RESOLVED_ON_SITE,
        permission=Permission.FINDING_REPORT,
        guards=[G.PLACE_PHOTO, G.CURE_PHOTO],
    ),
    *_rows(
        "finding",
        ("verify", "核实"),
        sources=[F.REPORTED, F.RESOLVED_ON_SITE, F.REOPENED],
        target=F.VERIFIED,
        permission=Permission.FINDING_VERIFY,
        guards=[G.PLACE_PHOTO],
    ),
    *_rows(
        "finding",
        ("dismiss", "不成立"),
        sources=[F.REPORTED, F.VERIFIED],
        target=F.DISMISSED,
        permission=Permission.FINDING_VERIFY,
        guards=[G.REASON],
    ),
    *_rows(
        "finding",
        ("mark_duplicate", "标为重复"),
        sources=[F.REPORTED, F.VERIFIED],
        target=F.DUPLICATE,
        permission=Permission.FINDING_VERIFY,
        guards=[G.REASON],
    ),
    *_rows(
        "finding",
        ("assign", "派发"),
        sources=[F.VERIFIED, F.ESCALATED],
        target=F.ASSIGNED,
        permission=Permission.FINDING_ASSIGN,
        guards=[G.HANDLER, G.DUE],
    ),
    *_stays(
        ("reassign", "改派"),
        states=[F.ASSIGNED, F.RECTIFICATION_ORDERED],
        permission=Permission.FINDING_ASSIGN,
        guards=[G.HANDLER, G.DUE, G.REASON],
    ),
    *_stays(
        ("extend", "延期"),
        states=[F.ASSIGNED, F.FORWARDED, F.RECTIFICATION_ORDERED],
        permission=Permission.FINDING_ASSIGN,
        guards=[G.DUE, G.REASON],
    ),
    *_rows(
        "finding",
        ("escalate", "上报上级网格"),
        sources=[F.VERIFIED, F.ESCALATED],
        target=F.ESCALATED,
        permission=Permission.FINDING_ASSIGN,
        guards=[G.REASON, G.UPPER_GRID, G.DUE],
    ),
    *_rows(
        "finding",
        ("forward", "移送部门"),
        sources=[F.VERIFIED, F.ESCALATED],
        target=F.FORWARDED,
        permission=Permission.FINDING_FORWARD,
        guards=[G.DEPARTMENT, G.DUE],
    ),
    *_rows(
        "finding",
        ("feedback", "部门反馈"),
        sources=[F.FORWARDED],
        target=F.RECTIFICATION_SUBMITTED,
        permission=Permission.FINDING_FORWARD,
        guards=[G.REASON],
    ),
    *_rows(
        "finding",
        ("order_rectification", "责令限期整改"),
        sources=[F.ASSIGNED],
        target=F.RECTIFICATION_ORDERED,
        permission=Permission.FINDING_ORDER,
        guards=[G.DUE],
    ),
    *_rows(
        "finding",
        ("order_again", "再次责令整改"),
        sources=[F.RECHECK_FAILED],
        target=F.RECTIFICATION_ORDERED,
        permission=Permission.FINDING_DECIDE,
        guards=[G.DUE, G.ROUND_LEFT],
    ),
    *_rows(
        "finding",
        ("submit_rectification", "提交整改结果"),
        sources=[F.ASSIGNED, F.RECTIFICATION_ORDERED],
        target=F.RECTIFICATION_SUBMITTED,
        permission=Permission.FINDING_SUBMIT,
        guards=[G.CURE_PHOTO],
    ),
    *_rows(
        "finding",
        ("recheck_pass", "复查合格"),
        sources=[F.RECTIFICATION_SUBMITTED, F.RECTIFICATION_ORDERED],
        target=F.RECHECKED_OK,
        permission=Permission.FINDING_RECHECK,
        guards=[G.NOT_HANDLER],
    ),
    *_rows(
        "finding",
        ("recheck_fail", "复查不合格"),
        sources=[F.RECTIFICATION_SUBMITTED, F.RECTIFICATION_ORDERED],
        target=F.RECHECK_FAILED,
        permission=Permission.FINDING_RECHECK,
        guards=[G.NOT_HANDLER, G.REASON],
    ),
    *_rows(
        "finding",
        ("close", "销号"),
        sources=[F.RECHECKED_OK, F.RESOLVED_ON_SITE],
        target=F.CLOSED,
        permission=Permission.FINDING_CLOSE,
        guards=[G.DEPUTY_IF_MAJOR, G.EVIDENCE],
    ),
    *_rows(
        "finding",
        ("hand_to_enforcement", "移交执法"),
        sources=[F.VERIFIED, F.RECHECK_FAILED],
        target=F.TRANSFERRED_ENFORCEMENT,
        permission=Permission.FINDING_DECIDE,
        guards=[G.REASON, G.PLACE_PHOTO],
    ),
    *_rows(
        "finding",
        ("file_case", "立案"),
        sources=[F.TRANSFERRED_ENFORCEMENT],
        target=F.CASE_FILED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.CASE_NO, G.TWO_OFFICERS],
    ),
    *_rows(
        "finding",
        ("decline_case", "不予立案"),
        sources=[F.TRANSFERRED_ENFORCEMENT],
        target=F.ASSIGNED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.REASON, G.HANDLER, G.DUE],
    ),
    *_rows(
        "finding",
        ("decline_and_close", "不予立案并销号"),
        sources=[F.TRANSFERRED_ENFORCEMENT],
        target=F.CLOSED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.REASON],
    ),
    *_rows(
        "finding",
        ("penalise", "处罚决定"),
        sources=[F.CASE_FILED],
        target=F.PENALISED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.REASON],
    ),
    *_rows(
        "finding",
        ("perform", "处罚执行完毕"),
        sources=[F.PENALISED],
        target=F.CLOSED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.REASON],
    ),
    *_rows(
        "finding",
        ("reopen", "反弹重办"),
        sources=[F.CLOSED, F.DISMISSED, F.DUPLICATE],
        target=F.REOPENED,
        permission=Permission.FINDING_VERIFY,
        guards=[G.REASON],
    ),
)

STEP_PHOTOS: dict[str, PhotoStage] = {
    "resolve_on_site": PhotoStage.AFTER,
    "verify": PhotoStage.BEFORE,
    "feedback": PhotoStage.AFTER,
    "submit_rectification": PhotoStage.AFTER,
    "recheck_pass": PhotoStage.AFTER,
    "recheck_fail": PhotoStage.BEFORE,
    "close": PhotoStage.AFTER,
    "hand_to_enforcement": PhotoStage.BEFORE,
    "reopen": PhotoStage.BEFORE,
}
"""What the photos added by a finding's step show; other steps take no photos."""

PHOTO_PERMISSIONS: tuple[Permission, ...] = tuple(
    dict.fromkeys(row.permission for row in FINDING_TRANSITIONS if row.event in STEP_PHOTOS)
)
"""Permissions whose holders take steps with photos, and so must be able to send them."""

T = TaskState

TASK_TRANSITIONS: tuple[Transition, ...] = (
    *_rows(
        "task", ("plan", "生成"), sources=[None], target=T.PLANNED, permission=Permission.PLAN_MAKE
    ),
    *_rows(
        "task",
        ("publish", "下达"),
        sources=[T.PLANNED],
        target=T.PUBLISHED,
        permission=Permission.PLAN_PUBLISH,
    ),
    *_rows(
        "task",
        ("hand_over", "转交班组"),
        sources=[T.PUBLISHED],
        target=T.PUBLISHED,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
    *_rows(
        "task",
        ("start", "开始巡查"),
        sources=[T.PUBLISHED, T.RETURNED, T.MISSED],
        target=T.IN_PROGRESS,
        permission=Permission.PATROL_DO,
    ),
    *_rows(
        "task",
        ("pause", "暂停"),
        sources=[T.IN_PROGRESS],
        target=T.PAUSED,
        permission=Permission.PATROL_DO,
    ),
    *_rows(
        "task",
        ("resume", "继续"),
        sources=[T.PAUSED],
        target=T.IN_PROGRESS,
        permission=Permission.PATROL_DO,
    ),
    *_rows(
        "task",
        ("finish", "结束并提交"),
        sources=[T.IN_PROGRESS, T.PAUSED],
        target=T.SUBMITTED,
        permission=Permission.PATROL_DO,
    ),
    *_rows(
        "task",
        ("accept", "审核通过"),
        sources=[T.SUBMITTED],
        target=T.COMPLETED,
        permission=Permission.PATROL_REVIEW,
    ),
    *_rows(
        "task",
        ("return", "退回补充"),
        sources=[T.SUBMITTED],
        target=T.RETURNED,
        permission=Permission.PATROL_REVIEW,
        guards=[G.REASON],
    ),
    *_rows(
        "task",
        ("miss", "逾期未巡"),
        sources=[T.PUBLISHED],
        target=T.MISSED,
        permission=Permission.PATROL_REVIEW,
    ),
    *_rows(
        "task",
        ("exempt", "免巡"),
        sources=[T.PLANNED, T.PUBLISHED],
        target=T.EXEMPTED,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
    *_rows(
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
    *_rows(
        "plan",
        ("draft", "生成草案"),
        sources=[None],
        target=L.DRAFT,
        permission=Permission.PLAN_MAKE,
    ),
    *_rows(
        "plan",
        ("publish", "下达"),
        sources=[L.DRAFT],
        target=L.PUBLISHED,
        permission=Permission.PLAN_PUBLISH,
    ),
    *_rows(
        "plan",
        ("withdraw", "撤回"),
        sources=[L.PUBLISHED, L.DRAFT],
        target=L.WITHDRAWN,
        permission=Permission.PLAN_PUBLISH,
        guards=[G.REASON],
    ),
)

TRANSITIONS: tuple[Transition, ...] = (
    *FINDING_TRANSITIONS,
    *TASK_TRANSITIONS,
    *PLAN_TRANSITIONS,
)

FINAL_STATES: frozenset[Code] = frozenset(
    {
        T.COMPLETED,
        T.EXEMPTED,
        T.CANCELLED,
        L.WITHDRAWN,
    }
)
"""States that are meant to be left by nothing."""

FINDING_FINISHED = (F.CLOSED, F.DISMISSED, F.DUPLICATE)
"""States in which a finding no longer waits for anybody."""


def transition(subject: str, event: str, source: str | None) -> Transition | None:
    """Return the row for an event from a state, or None where the table has none."""
    for row in TRANSITIONS:
        if row.subject == subject and row.event == event and row.source == source:
            return row
    return None


def open_events(subject: str, source: str) -> tuple[Transition, ...]:
    """Return the rows that lead out of a state, in the order of the table."""
    return tuple(row for row in TRANSITIONS if row.subject == subject and row.source == source)
