"""What the audit trail calls the acts it holds: those of the transition tables, and all others."""

from collections.abc import Mapping

from inspect_app.domain.transitions import TRANSITIONS

ACTS: Mapping[str, str] = {
    "grid.assign": "划入网格",
    "import.run": "导入数据",
    "log_in": "登录",
    "log_in_failed": "登录失败",
    "plan.move_stop": "调整点位",
    "policy.propose": "写入政策建议值",
    "policy.set": "修改政策取值",
    "sync.conflict": "上传内容冲突",
} | {f"{row.subject}.{row.event}": row.label for row in TRANSITIONS}
"""Label of every act by its code."""

SUBJECTS: Mapping[str, str] = {
    "account": "账号",
    "finding": "问题",
    "grid": "网格",
    "import_batch": "导入批次",
    "plan": "巡查计划",
    "policy": "政策",
    "sync_record": "平板记录",
    "task": "巡查任务",
}
"""Label of every kind of thing an act is about."""
