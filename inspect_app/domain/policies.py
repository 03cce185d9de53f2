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
    PolicyProposal("cluster_history_days", "聚集扫描:回看时间", 365, "天", "建议值"),
    PolicyProposal("cluster_days_max", "聚集扫描:聚集最长时间", 28, "天", "建议值"),
    PolicyProposal("cluster_radius_max_m", "聚集扫描:聚集最大半径", 3000, "m", "建议值"),
    PolicyProposal("cluster_count_min", "聚集扫描:聚集最少件数", 3, "件", "建议值"),
    PolicyProposal("cluster_replications", "聚集扫描:随机重排次数", 999, "次", "建议值"),
    PolicyProposal("cluster_p_strong", "聚集判为“明显聚集”的 p 值上限", 0.01, "比例", "建议值"),
    PolicyProposal("cluster_p_max", "聚集判为“可能聚集”的 p 值上限", 0.05, "比例", "建议值"),
    PolicyProposal("cluster_scan_limit_s", "聚集扫描:时间上限", 300, "秒", "建议值"),
    PolicyProposal("shown_reporters_min", "地图显示事项原位的最少投诉人数", 2, "人", "建议值"),
    PolicyProposal("burst_window_h", "激增报警:观察时段", 48, "小时", "乌达区两天68件"),
    PolicyProposal("burst_history_days", "激增报警:与过去比较的时间", 364, "天", "建议值"),
    PolicyProposal("burst_count_min", "激增报警:最少件数", 5, "件", "建议值"),
    PolicyProposal("burst_false_share", "激增报警:误报比例上限", 0.01, "比例", "建议值"),
    PolicyProposal("burst_quiet_days", "激增报警:同一对象再次报警间隔", 7, "天", "建议值"),
    PolicyProposal("rebound_days", "反弹关注:办结后再投诉的时间", 90, "天", "建议值"),
    PolicyProposal("visit_days", "必访名单:回看时间", 90, "天", "“五个必访”"),
    PolicyProposal("new_project_near_m", "必访名单:新建项目周边距离", 1000, "m", "建议值"),
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
    PolicyProposal("mass_visitors_min", "集体访起算人数", 5, "人", "信访工作条例第二十条"),
    PolicyProposal("skip_level_visits", "上级转来的来访计越级访(1 计,0 不计)", 1, "开关", "建议值"),
    PolicyProposal("reveals_per_hour_max", "每人每小时查看举报人次数上限", 20, "次", "建议值"),
    PolicyProposal("suggest_share_min", "登记时提示:同一事项可能性下限", 0.1, "比例", "建议值"),
    PolicyProposal("river_rule_m", "涉水投诉归河段责任人的距离", 100, "m", "建议值"),
    PolicyProposal("trace_upstream_km", "溯源:上游范围", 10, "km", "建议值"),
    PolicyProposal(
        "trace_downstream_km", "溯源:下游预警范围", 20, "km", "县级水源地上溯 20 km 的做法"
    ),
    PolicyProposal("trace_snap_m", "溯源:到水体的距离上限", 1000, "m", "建议值"),
    PolicyProposal("trace_bank_m", "溯源:沿岸污染源距离上限", 500, "m", "建议值"),
    PolicyProposal("trace_join_m", "溯源:河口断头接合距离", 50, "m", "建议值"),
    PolicyProposal("trace_history_days", "溯源:既往情况回看时间", 365, "天", "建议值"),
    PolicyProposal("trace_points_distance", "溯源:距离分(最近处)", 40, "分", "建议值"),
    PolicyProposal("trace_points_kind", "溯源:废水类型相符加分", 30, "分", "建议值"),
    PolicyProposal("trace_points_named", "溯源:被投诉单位加分", 30, "分", "建议值"),
    PolicyProposal("trace_points_each", "溯源:每件既往问题或投诉加分", 5, "分", "建议值"),
    PolicyProposal("trace_counted_max", "溯源:既往件数计分上限", 6, "件", "建议值"),
    PolicyProposal("trace_points_overdue", "溯源:有逾期未整改加分", 10, "分", "建议值"),
    PolicyProposal("trace_possible_share", "溯源:流向不明时得分折算", 0.5, "比例", "建议值"),
    PolicyProposal("navigation_hand_off", "允许跳转导航应用(1 允许,0 不允许)", 1, "开关", "建议值"),
    PolicyProposal("accept_days", "受理告知期限", 15, "天", "信访工作条例第二十三条"),
    PolicyProposal(
        "accept_working_days_wechat", "微信举报受理期限", 2, "工作日", "福建 2018 年示例"
    ),
    PolicyProposal(
        "accept_working_days_phone_12369", "电话举报受理期限", 3, "工作日", "福建 2018 年示例"
    ),
    PolicyProposal("accept_needs_deputy", "受理须分管领导批准(1 须,0 不须)", 1, "开关", "建议值"),
    PolicyProposal("object_working_days", "异议退回期限", 5, "工作日", "信访工作条例第二十三条"),
    PolicyProposal("dispatch_working_days", "受理后交办期限", 1, "工作日", "四川 2023 年县局示例"),
    PolicyProposal("finish_days", "办结期限(其他途径)", 60, "天", "环保举报热线工作管理办法"),
    PolicyProposal(
        "finish_days_petition", "办结期限(信访程序)", 60, "天", "信访工作条例第三十四条"
    ),
    PolicyProposal(
        "finish_days_illegal_act", "办结期限(申请查处)", 60, "天", "环保举报热线工作管理办法"
    ),
    PolicyProposal("finish_days_wechat", "办结期限(微信)", 30, "天", "福建 2018 年示例"),
    PolicyProposal("finish_days_urgent", "办结期限(紧急)", 15, "天", "四川 2023 年县局示例"),
    PolicyProposal("finish_days_important", "办结期限(重要)", 30, "天", "四川 2023 年县局示例"),
    PolicyProposal("finish_days_repeated", "办结期限(多次重复)", 30, "天", "建议值"),
    PolicyProposal("repeat_level_min", "多次重复起算次数", 5, "件", "闽侯示例"),
    PolicyProposal("inspection_reply_days", "督察转办件办结期限", 7, "天", "铜陵 2019 年示例"),
    PolicyProposal("extension_days_max", "延期上限", 30, "天", "信访工作条例第三十四条"),
    PolicyProposal("progress_every_days", "回音间隔", 15, "天", "建议值"),
    PolicyProposal("revisit_days", "办结后回访期限", 15, "天", "建议值"),
    PolicyProposal("review_ask_days", "申请复查期限", 30, "天", "信访工作条例第三十五条"),
    PolicyProposal("review_days", "复查答复期限", 30, "天", "信访工作条例第三十五条"),
    PolicyProposal("recheck_days", "复核答复期限", 30, "天", "信访工作条例第三十六条"),
    PolicyProposal("arrival_distance_m", "到场定位允许距离", 300, "m", "建议值"),
    PolicyProposal("campaign_soon_days", "周调度:即将到期天数", 7, "天", "周调度"),
    PolicyProposal("campaign_filing_day_1", "旬销号:第一个报送日", 10, "日", "芜湖旬销号示例"),
    PolicyProposal("campaign_filing_day_2", "旬销号:第二个报送日", 25, "日", "芜湖旬销号示例"),
    PolicyProposal("overdue_chief_days", "超期报网格长", 1, "天", "建议值"),
    PolicyProposal("overdue_deputy_days", "超期报分管领导", 3, "天", "建议值"),
    PolicyProposal("overdue_director_days", "超期报局长", 7, "天", "建议值"),
    PolicyProposal("arrival_overdue_chief_h", "到场超时报网格长", 0.5, "小时", "建议值"),
    PolicyProposal("arrival_overdue_deputy_h", "到场超时报分管领导", 1, "小时", "建议值"),
    PolicyProposal("arrival_overdue_director_h", "到场超时报局长", 2, "小时", "建议值"),
)
