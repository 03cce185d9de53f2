"""What a document cannot do without: the step it tells of, and what is written down there."""

from inspect_app.domain.matter_codes import DocumentKind
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import MATTER_TRANSITIONS

NEEDED = {
    "refusal_reason": "不受理原因",
    "department": "转送部门",
    "due_at": "反馈期限",
    "days": "延期天数",
    "verification_result": "核实结果",
    "reply_text": "答复内容",
    "opinion_kind": "处理意见",
    "contact": "回访记录",
}
"""Facts in the words of the forms."""
STEPS = {row.event: row.label for row in MATTER_TRANSITIONS}


def early(kind: DocumentKind, event: str) -> Problem:
    """Return the refusal of a document before the step it tells of."""
    return Problem("document_early", document=kind.label, step=STEPS[event])


def incomplete(kind: DocumentKind, event: str, name: str) -> Problem:
    """Return the refusal of a document without a fact that is filled in at a step."""
    return Problem(
        "document_incomplete", document=kind.label, fields=NEEDED[name], step=STEPS[event]
    )


def require(kind: DocumentKind, event: str, **told: object) -> None:
    """Refuse a document for the first fact that was never written down."""
    for name, value in told.items():
        if not value:
            raise incomplete(kind, event, name)


def step_of(problem: Problem) -> str | None:
    """Return the step a refused document asks for; None where no step helps."""
    asked = problem.facts.get("step")
    return next((event for event, label in STEPS.items() if label == asked), None)
