"""The life of a campaign's item: from the order to the list it is struck off, and back."""

from inspect_app.domain.access import Permission
from inspect_app.domain.campaign_codes import ITEM_OPEN, ItemState
from inspect_app.domain.codes import PhotoStage
from inspect_app.domain.transitions.rows import Guard, Transition, rows

G = Guard
S = ItemState
P = Permission
SUBJECT = "campaign_item"

_WORK = (
    *rows(
        SUBJECT,
        ("issue", "交办"),
        sources=[None],
        target=S.ISSUED,
        permission=P.MATTER_ASSIGN,
    ),
    *rows(
        SUBJECT,
        ("acknowledge", "签收"),
        sources=[S.ISSUED],
        target=S.ACKNOWLEDGED,
        permission=P.MATTER_HANDLE,
        guards=[G.RESPONSIBLE],
    ),
    *rows(
        SUBJECT,
        ("start", "开始办理"),
        sources=[S.ACKNOWLEDGED, S.REOPENED],
        target=S.IN_PROGRESS,
        permission=P.MATTER_HANDLE,
        guards=[G.RESPONSIBLE],
    ),
    *rows(
        SUBJECT,
        ("report_progress", "填报进展"),
        sources=[S.IN_PROGRESS],
        target=S.IN_PROGRESS,
        permission=P.MATTER_HANDLE,
        guards=[G.RESPONSIBLE, G.REASON],
    ),
    *rows(
        SUBJECT,
        ("report_progress", "填报进展"),
        sources=[S.PHASE_CLOSED],
        target=S.PHASE_CLOSED,
        permission=P.MATTER_HANDLE,
        guards=[G.RESPONSIBLE, G.REASON],
    ),
    *rows(
        SUBJECT,
        ("close_phase", "阶段性办结"),
        sources=[S.IN_PROGRESS],
        target=S.PHASE_CLOSED,
        permission=P.MATTER_HANDLE,
        guards=[G.RESPONSIBLE, G.REASON],
    ),
    # What is put right at once needs no phase before it.
    *rows(
        SUBJECT,
        ("rectify", "报送整改完成"),
        sources=[S.IN_PROGRESS, S.PHASE_CLOSED],
        target=S.RECTIFIED,
        permission=P.MATTER_HANDLE,
        guards=[G.RESPONSIBLE, G.REASON, G.PROOF],
    ),
)

_LIST = (
    *rows(
        SUBJECT,
        ("accept", "验收"),
        sources=[S.RECTIFIED],
        target=S.ACCEPTED_FOR_CANCEL,
        permission=P.MATTER_SUPERVISE,
        guards=[G.ACCEPTOR, G.REASON],
    ),
    *rows(
        SUBJECT,
        ("send_back", "退回整改"),
        sources=[S.RECTIFIED, S.ACCEPTED_FOR_CANCEL],
        target=S.IN_PROGRESS,
        permission=P.MATTER_SUPERVISE,
        guards=[G.REASON],
    ),
    *rows(
        SUBJECT,
        ("strike_off", "销号"),
        sources=[S.ACCEPTED_FOR_CANCEL],
        target=S.CANCELLED_OFF,
        permission=P.MATTER_DECIDE,
        guards=[G.ACCEPTOR, G.PROOF],
    ),
    *rows(
        SUBJECT,
        ("publish", "公开"),
        sources=[S.CANCELLED_OFF],
        target=S.PUBLISHED,
        permission=P.MATTER_DECIDE,
        guards=[G.PUBLISHED_TEXT, G.PUBLISHED_CLEAN],
    ),
    *rows(
        SUBJECT,
        ("reopen", "反弹重办"),
        sources=[
            S.PHASE_CLOSED,
            S.RECTIFIED,
            S.ACCEPTED_FOR_CANCEL,
            S.CANCELLED_OFF,
            S.PUBLISHED,
        ],
        target=S.REOPENED,
        permission=P.MATTER_SUPERVISE,
        guards=[G.REASON, G.DUE],
    ),
)


def _beside() -> tuple[Transition, ...]:
    """Return the steps that change who, when or where while an item is worked on."""
    return tuple(
        row
        for state in ITEM_OPEN
        for row in (
            *rows(
                SUBJECT,
                ("reassign", "改派"),
                sources=[state],
                target=state,
                permission=P.MATTER_ASSIGN,
                guards=[G.HANDLER, G.REASON],
            ),
            *rows(
                SUBJECT,
                ("change_due", "调整时限"),
                sources=[state],
                target=state,
                permission=P.MATTER_DECIDE,
                guards=[G.DUE, G.REASON],
            ),
            *rows(
                SUBJECT,
                ("change_grid", "调整网格"),
                sources=[state],
                target=state,
                permission=P.MATTER_ASSIGN,
                guards=[G.GRID, G.REASON],
            ),
        )
    )


ITEM_TRANSITIONS: tuple[Transition, ...] = (*_WORK, *_LIST, *_beside())

ITEM_STEP_PHOTOS: dict[str, PhotoStage] = {
    "start": PhotoStage.BEFORE,
    "report_progress": PhotoStage.AFTER,
    "close_phase": PhotoStage.AFTER,
    "rectify": PhotoStage.AFTER,
    "accept": PhotoStage.AFTER,
    "strike_off": PhotoStage.AFTER,
    "reopen": PhotoStage.BEFORE,
}
"""What the photos added by an item's step show; other steps take no photos."""

ITEM_WORK = ("acknowledge", "start", "report_progress", "close_phase", "rectify")
"""Steps of the work that an acceptance judges: who took one does not accept."""
