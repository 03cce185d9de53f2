"""Numbers that differ by place: their keys, units and proposed values; stored as policy rows.

The proposals are used to fill the `policy` table of a new county and carry their source; the code
reads the table, never these values.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PolicyProposal:
    """A policy a new county starts with."""

    key: str
    title: str
    value: float
    unit: str
    source: str


PROPOSALS: tuple[PolicyProposal, ...] = (
    PolicyProposal("assign_tolerance_m", "网格外允许误差", 30, "m", "建议值"),
    PolicyProposal("stop_radius_m", "到点判定半径", 50, "m", "建议值"),
    PolicyProposal("coverage_tolerance_m", "轨迹覆盖容差", 30, "m", "建议值"),
    PolicyProposal("coverage_share_min", "巡查覆盖率下限", 0.8, "比例", "建议值"),
    PolicyProposal("fix_accuracy_max_m", "定位精度上限", 50, "m", "建议值"),
    PolicyProposal("track_speed_max_kmh", "轨迹速度上限", 120, "km/h", "建议值"),
    PolicyProposal("track_gap_s", "轨迹中断判定", 120, "秒", "建议值"),
    PolicyProposal("track_gap_m", "轨迹中断距离", 1000, "m", "建议值"),
    PolicyProposal("still_radius_m", "停留判定半径", 15, "m", "建议值"),
    PolicyProposal("still_min_s", "停留判定时间", 60, "秒", "建议值"),
    PolicyProposal("coverage_along_share", "沿线前进比例下限", 0.5, "比例", "建议值"),
    PolicyProposal("coverage_apart_m", "并行河渠区分距离", 15, "m", "建议值"),
    PolicyProposal("stop_stay_min_s", "到点停留时间下限", 60, "秒", "建议值"),
    PolicyProposal("visit_near_m", "经过附近判定距离", 300, "m", "建议值"),
    PolicyProposal("off_route_m", "偏离路线判定距离", 100, "m", "建议值"),
    PolicyProposal("incoming_photos_max", "每人未传完照片上限", 50, "张", "建议值"),
    PolicyProposal("incoming_mb_max", "每人未传完照片总大小上限", 500, "MB", "建议值"),
    PolicyProposal("changes_kept_days", "平板变更记录保留时间", 30, "天", "建议值"),
    PolicyProposal("patrol_min_minutes", "单次巡查时间下限", 10, "分钟", "广州 2021 年巡河要求"),
    PolicyProposal("patrol_min_metres", "单次巡查里程下限", 1000, "m", "广州 2021 年巡河要求"),
    PolicyProposal("odd_leap_m", "提示:位置突变距离", 500, "m", "建议值"),
    PolicyProposal("odd_fixes_min", "提示:定位异常起算点数", 60, "个", "建议值"),
    PolicyProposal("odd_straight_m", "提示:轨迹平直偏差上限", 0.05, "m", "建议值"),
    PolicyProposal("odd_hop_m", "提示:原地不动后跳移距离", 100, "m", "建议值"),
    PolicyProposal("odd_outside_h", "提示:任务时段前后放宽", 4, "小时", "建议值"),
    PolicyProposal("odd_clock_s", "提示:平板时钟偏差上限", 300, "秒", "建议值"),
    PolicyProposal("odd_photo_min", "提示:照片时间偏差上限", 10, "分钟", "建议值"),
    PolicyProposal("odd_photo_m", "提示:照片位置偏差上限", 200, "m", "建议值"),
    PolicyProposal("odd_alike_bits", "提示:照片相似判定位数", 4, "位", "建议值"),
    PolicyProposal("odd_tick_m", "提示:登记时离点位距离上限", 200, "m", "建议值"),
    PolicyProposal("odd_tick_gap_s", "提示:相继登记间隔下限", 20, "秒", "建议值"),
    PolicyProposal("odd_apart_m", "提示:相继登记点位相距下限", 100, "m", "建议值"),
    PolicyProposal("verify_working_days", "问题核实期限", 1, "工作日", "数字城管常用时限"),
    PolicyProposal("rectify_days_normal", "一般问题整改期限", 15, "天", "建议值"),
    PolicyProposal("rectify_days_important", "重要问题整改期限", 7, "天", "建议值"),
    PolicyProposal("rectify_days_urgent", "紧急问题整改期限", 2, "天", "建议值"),
    PolicyProposal("rectification_rounds_max", "整改轮次上限", 2, "轮", "建议值"),
    PolicyProposal("repeat_count_min", "重复事项起算次数", 2, "件", "建议值"),
    PolicyProposal("patrol_speed_kmh", "沿河巡查速度", 12, "km/h", "建议值"),
    PolicyProposal("detour_factor", "无路时绕行系数", 1.4, "倍", "建议值"),
    PolicyProposal("snap_road_max_m", "最近道路距离上限", 3000, "m", "建议值"),
    PolicyProposal("off_road_speed_kmh", "离开道路(田间道)通行速度", 10, "km/h", "建议值"),
    PolicyProposal("urgent_service_min", "紧急事项现场用时", 30, "分钟", "建议值"),
    PolicyProposal("rain_check_h", "雨后雨洪排口检查时限", 24, "小时", "建议值"),
    PolicyProposal("lunch_from_h", "午休开始", 12, "小时", "建议值"),
    PolicyProposal("lunch_min", "午休时长", 60, "分钟", "建议值"),
    PolicyProposal("overtime_max_min", "每班允许加班", 0, "分钟", "建议值"),
    PolicyProposal("plan_visit_value_h", "编排:一次巡查折合行程", 10, "小时", "建议值"),
    PolicyProposal("plan_must_factor", "编排:不可再拖的巡查倍数", 20, "倍", "建议值"),
    PolicyProposal("plan_overdue_min_per_day", "编排:每逾期一天加值", 10, "分钟", "建议值"),
    PolicyProposal("plan_overdue_days_max", "编排:逾期计值上限", 60, "天", "建议值"),
    PolicyProposal("plan_priority_min", "编排:优先级每级加值", 60, "分钟", "建议值"),
    PolicyProposal("plan_overtime_factor", "编排:加班与行程之比", 10, "倍", "建议值"),
    PolicyProposal("plan_balance_weight", "编排:班组均衡权重", 0.05, "倍", "建议值"),
    PolicyProposal("plan_light_share", "排班表:偏闲标记上限(占班次)", 0.5, "比例", "建议值"),
    PolicyProposal("replan_change_min", "调整:每改一处任务折合行程", 5, "分钟", "建议值"),
    PolicyProposal("enrolment_code_min", "平板登记码有效时间", 10, "分钟", "建议值"),
    PolicyProposal("gap_alarm_h", "平板缺号报警时限", 24, "小时", "建议值"),
    PolicyProposal("urgent_arrival_h", "紧急投诉到场时限", 2, "小时", "县级承诺示例"),
    PolicyProposal("package_age_max_h", "平板任务包过旧提醒", 24, "小时", "建议值"),
    PolicyProposal("package_early_h", "下周任务包提前下载(周一零时前)", 36, "小时", "建议值"),
    PolicyProposal("tablet_lock_min", "平板锁屏等待时间", 10, "分钟", "建议值"),
    PolicyProposal("navigation_hand_off", "允许跳转导航应用(1 允许,0 不允许)", 1, "开关", "建议值"),
)
