"""What the product says when it says no: one sentence a code, with the names of its facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence with facts (`%(name)s`), translated at the edge; as text it is Chinese."""

    text: str
    facts: Mapping[str, object]

    def __str__(self) -> str:
        """Return the sentence in Chinese."""
        return self.text % self.facts


class Problem(Exception):
    """A refusal a person understands; `code` is stable, the sentence is translated at the edge."""

    def __init__(self, code: str, **facts: object) -> None:
        sentence = PROBLEMS[code]
        names = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        if names != set(facts):
            message = f"problem {code} has the facts {sorted(names)}, got {sorted(facts)}"
            raise ValueError(message)
        self.code = code
        self.facts = facts
        super().__init__(sentence.format(**facts))


PROBLEMS: dict[str, str] = {
    "not_found": "没有找到{what},或者不在您的管辖范围内",
    "not_permitted": "您的岗位没有“{permission}”权限",
    "login_required": "请先登录",
    "login_failed": "用户名或密码不正确",
    "account_locked": "连续输错密码,账号已锁定到{until}",
    "form_expired": "页面已过期,请刷新后再试",
    "wrong_step": "“{subject}”当前状态为“{state}”,不能进行“{event}”",
    "guard_failed": "不能进行“{event}”:{guard}",
    "page_stale": "“{subject}”已由{person}办理“{event}”,当前为“{state}”,请查看最新情况后再办",
    "photo_reused": "照片{sha256}已作为该问题的其他照片,整改前后须用不同照片",
    "person_unsuitable": "{person}不能作为该问题的{duty}",
    "nothing_chosen": "请先勾选要办理的问题",
    "merge_self": "“{subject}”不能归并到自身",
    "merge_target": "不能归并到“{subject}”:该事项{state}",
    "merge_undone": "“{subject}”的归并已经撤销",
    "merge_built_on": "不能撤销“{subject}”的归并:“{other}”后来又归并到“{further}”,请先撤销那次",
    "document_early": "现在还不能出具{document}:须先办理“{step}”",
    "document_incomplete": "不能出具{document}:缺少{fields},在“{step}”中填写",
    "document_changed": "“{document}”的内容与出具时不一致,不能再次出具,请联系管理员",
    "unknown_event": "没有“{event}”这一步",
    "field_invalid": "“{field}”填写有误:应为{expected},实际为{found}",
    "body_invalid": "提交的数据无法识别:{reason}",
    "too_large": "文件过大:上限{limit}MB",
    "outside_every_grid": "该位置在{day}不属于任何网格",
    "grid_without_owner": "网格“{grid}”在{day}没有责任人或网格长",
    "unreadable_file": "无法读取文件“{name}”:{reason}",
    "crs_undeclared": "文件没有坐标系信息,请声明坐标系(如 EPSG:4490、WGS84、GCJ02、BD09)",
    "crs_unknown": "不认识坐标系“{found}”:应为 EPSG 代码或 WGS84、CGCS2000、GCJ02、BD09",
    "import_kind_unknown": "不认识导入类型“{found}”:应为{expected}",
    "import_needs_county": "导入会写入全县数据,需要全县范围的岗位",
    "policy_missing": "{day}没有设置“{policy}”",
    "target_unknown": "没有目标列“{found}”:对应关系写作 目标列=文件中的列,目标列有{expected}",
    "column_missing": "缺少列“{column}”:文件中的列有{found}",
    "already_imported": "同一文件已在{at}导入过",
    "scan_early": "{week}还没有开始,不能扫描",
    "scan_busy": "另一次聚集扫描正在进行,请稍后再试",
    "scan_stopped": "聚集扫描已停止,没有保存结果",
    "scan_over": "聚集扫描已经结束",
    "scan_too_long": "聚集扫描超过{limit}秒,已停止,没有保存结果",
    "alarm_acknowledged": "该报警已由{person}确认",
    "week_invalid": "周次“{found}”无效:应如 2026-W13",
    "nothing_due": "{week}没有到期的巡查对象",
    "no_crews": "没有可用的巡查班组",
    "plan_published": "{week}已有下达的计划(第{version}版),请先撤回",
    "plan_invalid": "计划有{count}处违反规则,不能下达",
    "plan_not_draft": "只有草案可以调整,已下达的计划请先撤回",
    "plan_outdated": "计划生成后到期对象或班组有变化,请重新生成",
    "plan_not_published": "{week}没有已下达的计划,不能调整",
    "change_week_over": "{week}已经结束,不能再调整",
    "change_nothing": "没有需要调整的事项",
    "change_outdated": "方案给出后计划或巡查进度有变化,请重新计算方案",
    "change_adopted": "该方案已经采用",
    "change_breaks_rule": "不能这样调整:{rule}",
    "move_breaks_rule": "不能这样调整:{rule}",
    "stop_pinned": "“{name}”已锁定,请先解锁",
    "nothing_to_undo": "没有可以撤销的调整",
    "undo_stale": "相关班组日在这次调整之后又有变化,不能撤销",
    "plan_cancelled": "编排已取消,没有生成计划",
    "run_ended": "编排已经结束",
    "nothing_to_copy": "第{version}版中没有本周到期的对象,没有可复制的内容",
    "nothing_picked": "请先查找并勾选对象",
    "reason_missing": "请填写理由",
    "days_reversed": "截止日{last}早于起始日{first}",
    "condition_over": "该条件已结束,无须再结束",
    "frequency_over": "该频次自{day}起终止,自该日起不能再改",
    "frequency_clash": "与已有的频次冲突:{other}({period},依据:{source}),请先修改或终止它",
    "routing_over": "该分工自{day}起终止,无须再终止",
    "routing_clash": "“{kind}”在{period}已归“{department}”(依据:{source}),请先终止它",
    "plan_waiting": "{week}的计划正在排队或编排中",
    "county_wide_only": "全县计划由管辖全县的岗位编制和下达,您的岗位只管部分网格",
    "record_conflict": "编号{uid}的记录已存在且内容不同",
    "digest_mismatch": "内容与摘要不符:应为{expected},实际为{found}",
    "photo_missing": "照片{sha256}尚未收到",
    "offset_differs": "照片已收到前{offset}字节,请从该处续传",
    "media_wrong": "内容类型应为{expected},实际为{found}",
    "incoming_full": "您有{count}张照片尚未传完,请先传完再传新的",
    "disk_full": "服务器存储空间不足,请稍后重试",
    "photo_invalid": "照片无法识别:{reason}",
    "rescue_invalid": "这不是救援文件,或文件开头已损坏,请重新拷贝",
    "rescue_key_unknown": "该救援文件用另一把密钥(编号{key})加密,本机没有这把密钥",
    "rescue_unproven": "无法证明文件来自平板“{device}”(未登记或已注销),核实来源后请勾选“已核实”",
    "upload_unsealed": "上传的文件没有用现行密钥加密保存,已删除,请重新上传",
    "upload_gap": "上传中断,请重新选择文件",
    "not_empty": "数据库已有数据,演示县只能写入空数据库",
    "not_your_task": "该任务不是您所在班组的任务",
    "record_early": "记录{uid}先于“开始巡查”到达,前件到达后自动生效",
    "form_unknown": "不认识第{version}版检查表“{form}”,平板的程序可能比服务器新",
    "patrol_started": "该任务已由{name}在另一台设备上开始巡查",
    "log_elsewhere": "巡查日志{log}属于另一任务",
    "kind_unknown": "系统还不认识记录类型“{found}”,已原样留存,系统升级后自动处理",
    "version_unknown": "记录“{kind}”的版本{found}比系统新(系统支持到{newest}),已原样留存",
    "author_unknown": "记录的作者(人员编号{author})不存在或已停用",
    "author_unproven": "记录的作者不是登录人,且平板未登记,无法确认作者",
    "effect_failed": "记录已留存,处理时系统出错:{fault}",
    "seq_taken": "设备{device}的第{seq}号已有另一条记录,本条已留存待人工核对",
    "digest_missing": "缺少内容摘要(Content-Digest: sha-256)",
    "device_revoked": "该平板已停用或登记已失效,请联系管理员重新登记;平板上的记录不会丢失",
    "enrolment_code_wrong": "登记码不正确、已使用或已过期,请管理员重新生成",
    "enrolment_locked": "登记码连续输错,请在{until}后再试",
    "already_settled": "该记录已处理",
    "server_busy": "系统繁忙,请稍后重试",
    "track_no_log": "该任务还没有开始巡查,没有可以补充的日志",
    "track_closed": "任务状态为“{state}”,不能再补充轨迹",
    "track_untimed": "文件中的轨迹点都没有时间,无法与巡查对照",
    "track_other_day": "文件记录的是{found},不是该任务的{day}",
    "track_elsewhere": "文件中的轨迹大部分不在本县范围内",
    "track_too_long": "文件有{count}个轨迹点,上限{limit}个",
    "track_attached": "该文件已经补充过",
    "reporter_key_missing": "缺少举报人密钥(编号{key}):请设置 INSPECT_REPORTER_KEY 或恢复密钥文件",
    "reporter_key_wrong": "举报人信息的密钥不符:需要编号{key},现有{found}",
    "reporter_key_same": "请把新密钥放在 INSPECT_REPORTER_KEY 最前面,旧密钥在后,用逗号分隔",
    "external_no_taken": "外部编号{number}已登记为{complaint}(事项{matter})",
    "place_unsaid": "请选择地点,或勾选“暂无位置”",
    "place_missing": "请先确定地点:您的岗位只管部分网格,登记时必须有位置",
    "only_complaint": "该事项只有这一件投诉,请用“归并”",
    "same_matter": "该件投诉已在这个事项中",
    "move_stale": "移出后的事项已有办理记录或其他投诉,不能撤销",
    "move_undone": "这次调整已经撤销",
    "reporter_shut": "投诉{complaint}的举报人信息打不开,请联系管理员检查举报人密钥",
    "reporter_none": "该件投诉没有留下举报人信息",
    "campaign_county_only": "专项行动和督察由管辖全县的岗位登记,您的岗位只管部分网格",
    "campaign_name_taken": "“{name}”已经登记",
    "item_no_taken": "编号“{number}”在“{campaign}”中已有(一件一号)",
    "matter_listed": "事项“{matter}”已列为{campaign}第{number}号",
    "unit_unsaid": "请选择责任单位或网格",
    "reveal_too_often": "一小时内查看举报人信息已达{limit}次,请稍后再看",
}
