"""The life of a finding, from the report to the striking off."""

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import PhotoStage
from inspect_app.domain.transitions.rows import Guard, Transition, rows, stays
from inspect_app.domain.transitions.states import FindingState

F = FindingState
G = Guard

FINDING_TRANSITIONS: tuple[Transition, ...] = (
    *rows(
        "finding",
        ("report", "上报"),
        sources=[None],
        target=F.REPORTED,
        permission=Permission.FINDING_REPORT,
    ),
    *rows(
        "finding",
        ("resolve_on_site", "当场整改"),
        sources=[F.REPORTED],
        target=F.RESOLVED_ON_SITE,
        permission=Permission.FINDING_REPORT,
        guards=[G.PLACE_PHOTO, G.CURE_PHOTO],
    ),
    *rows(
        "finding",
        ("verify", "核实"),
        sources=[F.REPORTED, F.RESOLVED_ON_SITE, F.REOPENED],
        target=F.VERIFIED,
        permission=Permission.FINDING_VERIFY,
        guards=[G.PLACE_PHOTO],
    ),
    *rows(
        "finding",
        ("dismiss", "不成立"),
        sources=[F.REPORTED, F.VERIFIED],
        target=F.DISMISSED,
        permission=Permission.FINDING_VERIFY,
        guards=[G.REASON],
    ),
    *rows(
        "finding",
        ("mark_duplicate", "标为重复"),
        sources=[F.REPORTED, F.VERIFIED],
        target=F.DUPLICATE,
        permission=Permission.FINDING_VERIFY,
        guards=[G.REASON],
    ),
    *rows(
        "finding",
        ("assign", "派发"),
        sources=[F.VERIFIED, F.ESCALATED],
        target=F.ASSIGNED,
        permission=Permission.FINDING_ASSIGN,
        guards=[G.HANDLER, G.DUE],
    ),
    *stays(
        ("reassign", "改派"),
        states=[F.ASSIGNED, F.RECTIFICATION_ORDERED],
        permission=Permission.FINDING_ASSIGN,
        guards=[G.HANDLER, G.DUE, G.REASON],
    ),
    *stays(
        ("extend", "延期"),
        states=[F.ASSIGNED, F.FORWARDED, F.RECTIFICATION_ORDERED],
        permission=Permission.FINDING_ASSIGN,
        guards=[G.DUE, G.REASON],
    ),
    *rows(
        "finding",
        ("escalate", "上报上级网格"),
        sources=[F.VERIFIED, F.ESCALATED],
        target=F.ESCALATED,
        permission=Permission.FINDING_ASSIGN,
        guards=[G.REASON, G.UPPER_GRID, G.DUE],
    ),
    *rows(
        "finding",
        ("forward", "移送部门"),
        sources=[F.VERIFIED, F.ESCALATED],
        target=F.FORWARDED,
        permission=Permission.FINDING_FORWARD,
        guards=[G.DEPARTMENT, G.DUE],
    ),
    *rows(
        "finding",
        ("feedback", "部门反馈"),
        sources=[F.FORWARDED],
        target=F.RECTIFICATION_SUBMITTED,
        permission=Permission.FINDING_FORWARD,
        guards=[G.REASON],
    ),
    *rows(
        "finding",
        ("order_rectification", "责令限期整改"),
        sources=[F.ASSIGNED],
        target=F.RECTIFICATION_ORDERED,
        permission=Permission.FINDING_ORDER,
        guards=[G.DUE],
    ),
    *rows(
        "finding",
        ("order_again", "再次责令整改"),
        sources=[F.RECHECK_FAILED],
        target=F.RECTIFICATION_ORDERED,
        permission=Permission.FINDING_DECIDE,
        guards=[G.DUE, G.ROUND_LEFT],
    ),
    *rows(
        "finding",
        ("submit_rectification", "提交整改结果"),
        sources=[F.ASSIGNED, F.RECTIFICATION_ORDERED],
        target=F.RECTIFICATION_SUBMITTED,
        permission=Permission.FINDING_SUBMIT,
        guards=[G.CURE_PHOTO],
    ),
    *rows(
        "finding",
        ("recheck_pass", "复查合格"),
        sources=[F.RECTIFICATION_SUBMITTED, F.RECTIFICATION_ORDERED],
        target=F.RECHECKED_OK,
        permission=Permission.FINDING_RECHECK,
        guards=[G.NOT_HANDLER],
    ),
    *rows(
        "finding",
        ("recheck_fail", "复查不合格"),
        sources=[F.RECTIFICATION_SUBMITTED, F.RECTIFICATION_ORDERED],
        target=F.RECHECK_FAILED,
        permission=Permission.FINDING_RECHECK,
        guards=[G.NOT_HANDLER, G.REASON],
    ),
    *rows(
        "finding",
        ("close", "销号"),
        sources=[F.RECHECKED_OK, F.RESOLVED_ON_SITE],
        target=F.CLOSED,
        permission=Permission.FINDING_CLOSE,
        guards=[G.DEPUTY_IF_MAJOR, G.EVIDENCE],
    ),
    *rows(
        "finding",
        ("hand_to_enforcement", "移交执法"),
        sources=[F.VERIFIED, F.RECHECK_FAILED],
        target=F.TRANSFERRED_ENFORCEMENT,
        permission=Permission.FINDING_DECIDE,
        guards=[G.REASON, G.PLACE_PHOTO],
    ),
    *rows(
        "finding",
        ("file_case", "立案"),
        sources=[F.TRANSFERRED_ENFORCEMENT],
        target=F.CASE_FILED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.CASE_NO, G.TWO_OFFICERS],
    ),
    *rows(
        "finding",
        ("decline_case", "不予立案"),
        sources=[F.TRANSFERRED_ENFORCEMENT],
        target=F.ASSIGNED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.REASON, G.HANDLER, G.DUE],
    ),
    *rows(
        "finding",
        ("decline_and_close", "不予立案并销号"),
        sources=[F.TRANSFERRED_ENFORCEMENT],
        target=F.CLOSED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.REASON],
    ),
    *rows(
        "finding",
        ("penalise", "处罚决定"),
        sources=[F.CASE_FILED],
        target=F.PENALISED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.REASON],
    ),
    *rows(
        "finding",
        ("perform", "处罚执行完毕"),
        sources=[F.PENALISED],
        target=F.CLOSED,
        permission=Permission.FINDING_ENFORCE,
        guards=[G.REASON],
    ),
    *rows(
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

FINDING_FINISHED = (F.CLOSED, F.DISMISSED, F.DUPLICATE)
"""States in which a finding no longer waits for anybody."""
