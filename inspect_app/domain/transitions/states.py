"""States of findings, patrol tasks and weekly plans."""

from inspect_app.domain.codes import Code


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
