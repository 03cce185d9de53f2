"""The life of a complaint matter, from the registration to the archive."""

from collections.abc import Iterable

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import Code, PhotoStage
from inspect_app.domain.matter_codes import MATTER_OPEN, MatterState
from inspect_app.domain.transitions.rows import Guard, Transition

G = Guard
M = MatterState
P = Permission

MATTER_WORKING = tuple(state for state in MATTER_OPEN if state is not M.SUSPENDED)
"""Open states whose clock runs."""
MATTER_PRESSING = (*MATTER_OPEN, M.TRANSFERRED, M.IN_REVIEW, M.IN_RECHECK)
"""States in which somebody is waited for."""
MATTER_MERGEABLE = (M.REGISTERED, M.ACCEPTED, M.ASSIGNED, M.INVESTIGATING, M.VERIFIED, M.HANDLING)
"""States before the answer; most repeats are seen at registration, some on the spot."""
IN_HAND = (M.ASSIGNED, M.INVESTIGATING, M.VERIFIED, M.HANDLING)
MATTER_FINISHED = (M.MERGED, M.NOT_ACCEPTED, M.RETURNED, M.TRANSFERRED, M.TERMINATED, M.ARCHIVED)
"""States in which a matter no longer waits for the bureau's own people."""


def _steps(
    step: tuple[str, str],
    *,
    sources: Iterable[Code | None],
    target: Code,
    permission: Permission,
    guards: Iterable[Guard] = (),
    back: bool = False,
) -> tuple[Transition, ...]:
    event, label = step
    kept = frozenset(guards)
    return tuple(
        Transition("matter", event, label, source, target, permission, kept, back)
        for source in sources
    )


def _stays(
    step: tuple[str, str],
    *,
    states: Iterable[Code],
    permission: Permission,
    guards: Iterable[Guard] = (G.REASON,),
) -> tuple[Transition, ...]:
    """Return the rows of a step that is noted and leaves the state as it is."""
    return tuple(
        Transition("matter", *step, state, state, permission, frozenset(guards)) for state in states
    )


_INTAKE = (
    *_steps(
        ("register", "登记"), sources=[None], target=M.REGISTERED, permission=P.COMPLAINT_REGISTER
    ),
    *_stays(
        ("propose_acceptance", "提出受理意见"), states=[M.REGISTERED], permission=P.MATTER_ACCEPT
    ),
    *_steps(
        ("accept", "受理"),
        sources=[M.REGISTERED],
        target=M.ACCEPTED,
        permission=P.MATTER_ACCEPT,
        guards=[G.DEPUTY_ACCEPTS],
    ),
    *_steps(
        ("refuse", "不予受理"),
        sources=[M.REGISTERED],
        target=M.NOT_ACCEPTED,
        permission=P.MATTER_DECIDE,
        guards=[G.REFUSAL, G.REASON],
    ),
    *_steps(
        ("object", "异议退回"),
        sources=[M.REGISTERED],
        target=M.RETURNED,
        permission=P.MATTER_DECIDE,
        guards=[G.REASON, G.OBJECTION_OPEN],
    ),
    *_steps(
        ("transfer", "转送"),
        sources=[M.REGISTERED, M.ACCEPTED],
        target=M.TRANSFERRED,
        permission=P.MATTER_DECIDE,
        guards=[G.DEPARTMENT, G.DUE],
    ),
    *_stays(("take_feedback", "登记转送反馈"), states=[M.TRANSFERRED], permission=P.MATTER_DECIDE),
    *_steps(
        ("merge", "归并"),
        sources=MATTER_MERGEABLE,
        target=M.MERGED,
        permission=P.MATTER_MERGE,
        guards=[G.REASON, G.TARGET],
    ),
    *_steps(
        ("unmerge", "撤销归并"),
        sources=[M.MERGED],
        target=M.REGISTERED,
        permission=P.MATTER_MERGE,
        back=True,
    ),
)

_HANDLING = (
    *_stays(
        ("instruct", "领导批示"),
        states=[M.ACCEPTED],
        permission=P.MATTER_INSTRUCT,
        guards=[G.REASON, G.DIRECTOR_IF_MAJOR],
    ),
    *_steps(
        ("assign", "交办"),
        sources=[M.ACCEPTED],
        target=M.ASSIGNED,
        permission=P.MATTER_ASSIGN,
        guards=[G.HANDLER],
    ),
    *_stays(
        ("reassign", "改派"),
        states=IN_HAND,
        permission=P.MATTER_ASSIGN,
        guards=[G.HANDLER, G.REASON],
    ),
    *_steps(
        ("reject_assignment", "退回派单"),
        sources=[M.ASSIGNED],
        target=M.ACCEPTED,
        permission=P.MATTER_HANDLE,
        guards=[G.REASON, G.MATTER_HANDLER, G.FIRST_REJECTION],
    ),
    *_steps(
        ("arrive", "到场"),
        sources=[M.ASSIGNED],
        target=M.INVESTIGATING,
        permission=P.MATTER_HANDLE,
        guards=[G.MATTER_HANDLER, G.AT_PLACE, G.SITE_PHOTO],
    ),
    *_steps(
        ("verify", "记录核实情况"),
        sources=[M.INVESTIGATING],
        target=M.VERIFIED,
        permission=P.MATTER_HANDLE,
        guards=[G.MATTER_HANDLER, G.RESULT, G.SITE_EVIDENCE, G.REASON],
    ),
    *_steps(
        ("take_measure", "采取措施"),
        sources=[M.VERIFIED, M.HANDLING],
        target=M.HANDLING,
        permission=P.MATTER_HANDLE,
        guards=[G.MATTER_HANDLER, G.MEASURE],
    ),
    *_stays(
        ("progress", "回音"),
        states=[M.HANDLING],
        permission=P.MATTER_HANDLE,
        guards=[G.MATTER_HANDLER, G.TOLD],
    ),
    *_stays(
        ("request_extension", "申请延期"),
        states=MATTER_WORKING,
        permission=P.MATTER_DECIDE,
        guards=[G.REASON, G.EXTENSION_FIRST, G.EXTENSION_DAYS],
    ),
    *_stays(
        ("extend", "批准延期"),
        states=MATTER_WORKING,
        permission=P.MATTER_DIRECT,
        guards=[G.EXTENSION_ASKED, G.EXTENSION_FIRST, G.EXTENSION_DAYS, G.TOLD],
    ),
    *_stays(
        ("refuse_extension", "不同意延期"),
        states=MATTER_WORKING,
        permission=P.MATTER_DIRECT,
        guards=[G.EXTENSION_ASKED, G.REASON],
    ),
    *_steps(
        ("suspend", "听证中止"),
        sources=MATTER_WORKING,
        target=M.SUSPENDED,
        permission=P.MATTER_DIRECT,
        guards=[G.REASON],
    ),
    *_steps(
        ("resume", "恢复办理"),
        sources=[M.SUSPENDED],
        target=M.HANDLING,
        permission=P.MATTER_DIRECT,
        back=True,
    ),
)

_ANSWER = (
    *_steps(
        ("submit", "提交办理结果"),
        sources=[M.VERIFIED, M.HANDLING],
        target=M.REPLY_REVIEW,
        permission=P.MATTER_HANDLE,
        guards=[G.MATTER_HANDLER, G.TEXTS, G.NO_PERSONAL],
    ),
    *_steps(
        ("approve", "审核并答复"),
        sources=[M.REPLY_REVIEW],
        target=M.REPLIED,
        permission=P.MATTER_DECIDE,
        guards=[G.TOLD, G.OPINION],
    ),
    *_steps(
        ("send_back", "退回重办"),
        sources=[M.REPLY_REVIEW],
        target=M.HANDLING,
        permission=P.MATTER_DECIDE,
        guards=[G.REASON],
    ),
    *_steps(
        ("close", "办结"),
        sources=[M.REPLIED],
        target=M.CLOSED,
        permission=P.MATTER_DECIDE,
        guards=[G.FINDINGS_SETTLED],
    ),
    *_steps(
        ("close_phase", "阶段性办结"),
        sources=[M.REPLIED],
        target=M.PHASE_CLOSED,
        permission=P.MATTER_DECIDE,
        guards=[G.FINDINGS_OPEN, G.REASON],
    ),
    *_steps(
        ("finish", "剩余工作完成"),
        sources=[M.PHASE_CLOSED],
        target=M.CLOSED,
        permission=P.MATTER_DECIDE,
        guards=[G.FINDINGS_SETTLED],
    ),
    *_steps(
        ("revisit", "回访"),
        sources=[M.CLOSED],
        target=M.REVISITED,
        permission=P.MATTER_REVISIT,
        guards=[G.REVISITOR, G.SATISFACTION, G.TOLD],
    ),
    *_steps(
        ("reopen", "重新办理"),
        sources=[M.CLOSED, M.REVISITED],
        target=M.HANDLING,
        permission=P.MATTER_DECIDE,
        guards=[G.REASON],
    ),
    *_steps(
        ("ask_review", "申请复查"),
        sources=[M.REPLIED, M.CLOSED],
        target=M.IN_REVIEW,
        permission=P.MATTER_DECIDE,
        guards=[G.REASON, G.REVIEW_OPEN],
    ),
    # Whom the review satisfies, or who lets the thirty days pass, goes no further.
    *_steps(
        ("answer_review", "复查答复"),
        sources=[M.IN_REVIEW],
        target=M.REPLIED,
        permission=P.MATTER_DECIDE,
        guards=[G.REASON],
        back=True,
    ),
    *_steps(
        ("ask_recheck", "申请复核"),
        sources=[M.IN_REVIEW],
        target=M.IN_RECHECK,
        permission=P.MATTER_DECIDE,
        guards=[G.REASON],
    ),
    *_steps(
        ("terminate", "终结"),
        sources=[M.IN_RECHECK],
        target=M.TERMINATED,
        permission=P.MATTER_DECIDE,
        guards=[G.REASON],
    ),
    *_steps(
        ("archive", "归档"),
        sources=[M.REVISITED],
        target=M.ARCHIVED,
        permission=P.MATTER_ARCHIVE,
    ),
)

_BESIDE = (
    *_stays(("ask_after", "首问过问"), states=MATTER_OPEN, permission=P.COMPLAINT_REGISTER),
    *_stays(("urge", "催办"), states=MATTER_OPEN, permission=P.MATTER_SUPERVISE),
    *_stays(("supervise", "督办"), states=MATTER_OPEN, permission=P.MATTER_SUPERVISE),
    *_stays(("lift_supervision", "解除督办"), states=MATTER_OPEN, permission=P.MATTER_SUPERVISE),
    *_stays(("demand_more", "退回补充"), states=IN_HAND, permission=P.MATTER_SUPERVISE),
    # Taken by the clock alone: the pages offer it to nobody.
    *_stays(
        ("go_up", "超期上报"),
        states=MATTER_PRESSING,
        permission=P.MATTER_SUPERVISE,
        guards=(),
    ),
    *_stays(
        ("reclassify", "变更途径或程度"),
        states=MATTER_OPEN,
        permission=P.MATTER_DECIDE,
        guards=[G.CHANGE, G.REASON],
    ),
)

MATTER_TRANSITIONS: tuple[Transition, ...] = (*_INTAKE, *_HANDLING, *_ANSWER, *_BESIDE)

MATTER_STEP_PHOTOS: dict[str, PhotoStage] = {
    "arrive": PhotoStage.BEFORE,
    "verify": PhotoStage.BEFORE,
    "take_measure": PhotoStage.AFTER,
}
"""What the photos added by a matter's step show; other steps take no photos."""
