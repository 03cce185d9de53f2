"""Rows of the tables: one transition, what guards it, and short ways to write many."""

from collections.abc import Iterable
from dataclasses import dataclass

from inspect_app.domain.access import Permission
from inspect_app.domain.codes import Code


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
    MATTER_HANDLER = "matter_handler", "须由承办人或协办人办理"
    DEPUTY_ACCEPTS = "deputy_accepts", "受理须分管领导批准,登记员可先提出拟办意见"
    REFUSAL = "refusal", "须选择不受理原因"
    OBJECTION_OPEN = "objection_open", "须在收到后的异议期限内提出"
    DIRECTOR_IF_MAJOR = "director_if_major", "重要及紧急事项须局长批示"
    FIRST_REJECTION = "first_rejection", "每轮只能退回派单一次"
    AT_PLACE = "at_place", "须有现场定位,且在允许距离内"
    SITE_PHOTO = "site_photo", "须附现场照片"
    RESULT = "result", "须选择核实结果"
    SITE_EVIDENCE = "site_evidence", "至少须有一项证据(照片或关联问题)"
    MEASURE = "measure", "须选择措施"
    TOLD = "told", "须填写告知方式和内容"
    EXTENSION_FIRST = "extension_first", "每轮只能延期一次"
    EXTENSION_DAYS = "extension_days", "延期天数须为正数且不超过规定上限"
    EXTENSION_ASKED = "extension_asked", "须先有待批的延期申请"
    TEXTS = "texts", "须填写办理结果和答复内容"
    NO_PERSONAL = "no_personal", "答复内容不得含有手机号码或身份证号码"
    OPINION = "opinion", "信访程序须选择处理意见类型"
    FINDINGS_SETTLED = "findings_settled", "关联问题须全部销号或移交"
    FINDINGS_OPEN = "findings_open", "没有未了结的关联问题,应直接办结"
    REVISITOR = "revisitor", "回访人不得是承办人"
    SATISFACTION = "satisfaction", "须选择满意度"
    REVIEW_OPEN = "review_open", "须在答复后的复查申请期限内提出"
    CHANGE = "change", "须填写要变更的内容"
    TARGET = "target", "须指定归并到的事项"
    RESPONSIBLE = "responsible", "须由责任人办理"
    PROOF = "proof", "须填写佐证材料或附照片"
    GRID = "grid", "须选择网格"
    ACCEPTOR = "acceptor", "验收和销号人不得是办理人"
    PUBLISHED_TEXT = "published_text", "须填写公开内容"
    PUBLISHED_CLEAN = "published_clean", "公开内容不得含有手机号码或身份证号码"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a state machine; `source` None is birth.

    A row that leads `back` goes to the state that was left by the last step into its source;
    `target` is then the usual one.
    """

    subject: str
    event: str
    label: str
    source: Code | None
    target: Code
    permission: Permission
    guards: frozenset[Guard] = frozenset()
    back: bool = False


def rows(
    subject: str,
    step: tuple[str, str],
    *,
    sources: Iterable[Code | None],
    target: Code,
    permission: Permission,
    guards: Iterable[Guard] = (),
) -> tuple[Transition, ...]:
    """Return the rows of one event from each of the sources to the target."""
    event, label = step
    return tuple(
        Transition(subject, event, label, source, target, permission, frozenset(guards))
        for source in sources
    )


def stays(
    step: tuple[str, str],
    *,
    states: Iterable[Code],
    permission: Permission,
    guards: Iterable[Guard],
) -> tuple[Transition, ...]:
    """Return the rows of a finding's step that changes who or when, and not the state."""
    return tuple(
        Transition("finding", *step, state, state, permission, frozenset(guards))
        for state in states
    )
