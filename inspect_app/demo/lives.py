"""The lives of findings: which steps lead to which state, who takes them, how long they take."""

from inspect_app.domain.transitions import FindingState

F = FindingState
_ORDERED = ("report", "verify", "assign", "order_rectification")
_SUBMITTED = (*_ORDERED, "submit_rectification")
_PASSED = (*_SUBMITTED, "recheck_pass")
_FAILED = (*_SUBMITTED, "recheck_fail")
_ENFORCED = ("report", "verify", "hand_to_enforcement")

LIVES: tuple[tuple[int, tuple[str, ...]], ...] = (
    (10, ("report",)),
    (4, ("report", "resolve_on_site")),
    (7, ("report", "verify")),
    (4, ("report", "dismiss")),
    (4, ("report", "verify", "mark_duplicate")),
    (10, ("report", "verify", "assign")),
    (3, ("report", "verify", "escalate")),
    (3, ("report", "verify", "forward")),
    (12, _ORDERED),
    (7, _SUBMITTED),
    (2, ("report", "verify", "forward", "feedback")),
    (4, _PASSED),
    (4, _FAILED),
    (2, (*_FAILED, "order_again")),
    (3, _ENFORCED),
    (2, (*_ENFORCED, "decline_case")),
    (3, (*_ENFORCED, "file_case")),
    (2, (*_ENFORCED, "file_case", "penalise")),
    (2, (*_ENFORCED, "file_case", "penalise", "perform")),
    (26, (*_PASSED, "close")),
    (10, ("report", "resolve_on_site", "close")),
    (3, (*_FAILED, "order_again", "submit_rectification", "recheck_pass", "close")),
    (3, (*_PASSED, "close", "reopen")),
)
"""Number of findings and the steps each of them went through."""

HOURS: dict[str, tuple[float, float]] = {
    "report": (0, 0),
    "resolve_on_site": (0.2, 0.8),
    "verify": (2, 22),
    "dismiss": (3, 26),
    "mark_duplicate": (3, 26),
    "assign": (1, 8),
    "escalate": (2, 20),
    "forward": (2, 20),
    "feedback": (72, 160),
    "order_rectification": (3, 24),
    "order_again": (3, 24),
    "submit_rectification": (48, 168),
    "recheck_pass": (12, 60),
    "recheck_fail": (12, 60),
    "close": (3, 40),
    "hand_to_enforcement": (4, 24),
    "decline_case": (24, 72),
    "file_case": (24, 120),
    "penalise": (160, 320),
    "perform": (60, 200),
    "reopen": (72, 200),
}
"""Least and most hours from the step before."""

REASONS: dict[str, str] = {
    "dismiss": "现场核查未发现反映的问题",
    "mark_duplicate": "与此前上报的问题为同一处",
    "escalate": "涉及多个村组,村级网格无法处置",
    "feedback": "责任部门已组织清理,附反馈函",
    "recheck_fail": "现场仍有残留,整改不到位",
    "hand_to_enforcement": "涉嫌违法排污,移交执法大队",
    "decline_case": "情节轻微,不予立案,转限期整改",
    "penalise": "依法作出罚款决定",
    "perform": "罚款已缴清,整改完成",
    "reopen": "回访发现问题反弹",
}
WORDS: dict[str, tuple[str, ...]] = {
    "direct_discharge": ("{name}附近管口向水体直排灰黑色污水", "{name}处发现生活污水直排,有异味"),
    "dry_weather_overflow": ("{name}晴天有污水溢流", "{name}雨水口晴天出水,疑似混接"),
    "new_outlet": ("{name}岸边新增一处暗管,未登记", "{name}发现新开挖排水沟接入"),
    "abnormal_water": ("{name}水面有油花和泡沫", "{name}水体发黑,有臭味"),
    "floating_debris": ("{name}水面漂浮塑料瓶和水草", "{name}闸前垃圾聚集"),
    "bank_waste": ("{name}岸坡堆放生活垃圾约3立方米", "{name}岸边倾倒建筑垃圾"),
    "encroachment": ("{name}岸线内搭建简易棚房", "{name}岸坡被开垦种植"),
    "livestock": ("{name}岸边散养牛羊,粪便入水", "{name}附近养殖粪污外溢"),
    "signboard": ("{name}标识牌倾倒", "{name}公示牌电话字迹不清"),
    "odour_dust": ("{name}废气异味明显,治理设施未运行", "{name}物料露天堆放,扬尘明显"),
    "noise": ("{name}夜间生产噪声大",),
    "solid_waste": ("{name}厂区固废露天堆放,无防渗措施", "{name}危废暂存间标识不全"),
    "zone_violation": ("{name}位于饮用水水源保护区内,须拆除",),
}
BY_KIND: dict[str, tuple[str, ...]] = {
    "segment": (
        "bank_waste",
        "floating_debris",
        "direct_discharge",
        "encroachment",
        "livestock",
        "new_outlet",
        "signboard",
        "abnormal_water",
    ),
    "outlet": ("direct_discharge", "dry_weather_overflow", "signboard", "abnormal_water"),
    "source": ("odour_dust", "solid_waste", "noise", "direct_discharge"),
}
