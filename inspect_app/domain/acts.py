"""What the audit trail calls the acts it holds: those of the transition tables, and all others."""

from collections.abc import Mapping

from inspect_app.domain.transitions import TRANSITIONS

ACTS: Mapping[str, str] = {
    "crew_absence.end": "结束班组停班",
    "crew_absence.record": "登记班组停班",
    "crew_assignment.end": "结束班组指定",
    "crew_assignment.record": "登记班组指定",
    "device.enrol": "登记平板",
    "device.enrol_failed": "登记平板失败",
    "device.invite": "生成平板登记码",
    "device.revoke": "停用平板",
    "frequency.add": "新增巡查频次",
    "frequency.change": "修改巡查频次",
    "frequency.end": "终止巡查频次",
    "grid.assign": "划入网格",
    "import.run": "导入数据",
    "log_in": "登录",
    "log_in_failed": "登录失败",
    "patrol_exemption.end": "结束免巡",
    "patrol_exemption.record": "登记免巡",
    "person_absence.end": "结束人员缺勤",
    "person_absence.record": "登记人员缺勤",
    "plan.cancel_run": "取消编排",
    "plan.copy": "复制计划",
    "plan.move_day": "调整班组日",
    "plan.move_stop": "调整点位",
    "plan.pin": "锁定点位",
    "plan.place_visit": "补排未安排的对象",
    "plan.undo": "撤销调整",
    "plan.unpin": "解锁点位",
    "policy.propose": "写入政策建议值",
    "policy.set": "修改政策取值",
    "rescue.import": "导入救援文件",
    "road_closure.end": "结束道路封闭",
    "road_closure.record": "登记道路封闭",
    "sync.conflict": "上传内容冲突",
    "sync.decide": "处置冲突的平板记录",
    "sync.retry": "重新处理平板记录",
    "sync.set_aside": "不予采用平板记录",
    "track.attach": "补充轨迹文件",
} | {f"{row.subject}.{row.event}": row.label for row in TRANSITIONS}
"""Label of every act by its code."""

SUBJECTS: Mapping[str, str] = {
    "account": "账号",
    "crew_absence": "班组停班",
    "crew_assignment": "班组指定",
    "device": "平板",
    "finding": "问题",
    "frequency": "巡查频次",
    "grid": "网格",
    "import_batch": "导入批次",
    "matter": "诉求事项",
    "patrol_exemption": "免巡",
    "person_absence": "人员缺勤",
    "plan": "巡查计划",
    "plan_run": "编排记录",
    "policy": "政策",
    "road_closure": "道路封闭",
    "sync_record": "平板记录",
    "task": "巡查任务",
}
"""Label of every kind of thing an act is about."""
