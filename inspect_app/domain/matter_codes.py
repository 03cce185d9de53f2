"""Code lists of complaint matters: their states, how they are routed, contacted and answered."""

from inspect_app.domain.codes import Code


class MatterState(Code):
    """States of a complaint matter."""

    REGISTERED = "registered", "已登记"
    MERGED = "merged", "重复归并"
    ACCEPTED = "accepted", "已受理"
    NOT_ACCEPTED = "not_accepted", "不受理"
    RETURNED = "returned", "已退回"
    TRANSFERRED = "transferred", "已转送"
    ASSIGNED = "assigned", "已交办"
    INVESTIGATING = "investigating", "核查中"
    VERIFIED = "verified", "已核实"
    HANDLING = "handling", "处置中"
    SUSPENDED = "suspended", "已中止"
    REPLY_REVIEW = "reply_review", "待审核"
    REPLIED = "replied", "已答复"
    PHASE_CLOSED = "phase_closed", "阶段性办结"
    CLOSED = "closed", "已办结"
    REVISITED = "revisited", "已回访"
    IN_REVIEW = "in_review", "复查中"
    IN_RECHECK = "in_recheck", "复核中"
    TERMINATED = "terminated", "终结"
    ARCHIVED = "archived", "已归档"


MATTER_OPEN = (
    MatterState.REGISTERED,
    MatterState.ACCEPTED,
    MatterState.ASSIGNED,
    MatterState.INVESTIGATING,
    MatterState.VERIFIED,
    MatterState.HANDLING,
    MatterState.SUSPENDED,
    MatterState.REPLY_REVIEW,
    MatterState.PHASE_CLOSED,
)
"""States in which a matter still waits for work on the spot or for its answer."""


class LegalRoute(Code):
    """Legal routes of a petition (Regulation on Petition Work, art. 31)."""

    LAWSUIT = "lawsuit", "诉讼"
    ARBITRATION = "arbitration", "仲裁"
    PARTY_APPEAL = "party_appeal", "党内申诉"
    ADMINISTRATIVE = "administrative", "行政程序"
    ILLEGAL_ACT = "illegal_act", "申请查处违法行为"
    PETITION = "petition", "信访程序"


class RequestKind(Code):
    """What a reporter asks for."""

    REPORT = "report", "举报"
    HELP = "help", "求决"
    SUGGESTION = "suggestion", "建议"
    INQUIRY = "inquiry", "咨询"


class VerificationResult(Code):
    """What the check on the spot found of what was told."""

    TRUE = "true", "属实"
    PARTLY = "partly", "部分属实"
    UNTRUE = "untrue", "不属实"


class OpinionKind(Code):
    """Kinds of the opinion letter of a petition procedure (art. 32)."""

    SUPPORT = "support", "支持"
    EXPLAIN = "explain", "解释说明"
    DENY = "deny", "不支持"


class RefusalReason(Code):
    """Why a matter is not accepted."""

    VAGUE = "vague", "线索不详"
    NOT_OURS = "not_ours", "不属于本部门职责"
    ACCEPTED_BEFORE = "accepted_before", "已受理的重复事项"
    LEGAL_ROUTE = "legal_route", "应通过法定途径解决"
    OTHER = "other", "其他"


class ContactKind(Code):
    """The five contacts with a reporter."""

    RECEIPT = "receipt", "回执"
    ACCEPTANCE = "acceptance", "回告"
    PROGRESS = "progress", "回音"
    REPLY = "reply", "回复"
    REVISIT = "revisit", "回访"


class ContactMeans(Code):
    """How a reporter was reached."""

    PHONE = "phone", "电话"
    MESSAGE = "message", "短信或微信"
    LETTER = "letter", "书面"
    VISIT = "visit", "见面"
    PLATFORM = "platform", "平台答复"


class Satisfaction(Code):
    """What a reporter said at the revisit."""

    SATISFIED = "satisfied", "满意"
    FAIRLY = "fairly", "基本满意"
    DISSATISFIED = "dissatisfied", "不满意"
    DECLINED = "declined", "拒评"
    UNREACHABLE = "unreachable", "无法联系"


class DocumentKind(Code):
    """Documents that are issued about a matter."""

    RECEIPT = "receipt", "信访回执"
    ACCEPTANCE = "acceptance", "受理告知书"
    REFUSAL = "refusal", "不予受理告知书"
    TRANSFER = "transfer", "转送单"
    EXTENSION = "extension", "延期告知书"
    REPLY = "reply", "答复意见书"
    REVISIT = "revisit", "回访记录"
