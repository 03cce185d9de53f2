"""Which kinds of waste water a text speaks of."""

# translations: data; what callers say is looked for, not shown.
from collections.abc import Mapping

from inspect_app.domain.waste import Waste

WORDS: Mapping[Waste, tuple[str, ...]] = {
    Waste.INDUSTRIAL: (
        "工业",
        "造纸",
        "化工",
        "印染",
        "电镀",
        "酸洗",
        "废酸",
        "染料",
        "变色",
        "发红",
    ),
    Waste.DOMESTIC: ("生活污水", "污水管", "下水道", "化粪池", "餐饮", "洗涤"),
    Waste.FARMING: ("养殖", "粪", "畜禽", "猪场", "牛场", "鸡场", "鱼塘"),
    Waste.FIELD: ("农药", "化肥", "退水", "除草剂"),
    Waste.LEACHATE: ("渗滤液", "垃圾"),
    Waste.STORM: ("雨天", "雨后", "下雨", "暴雨", "雨水口"),
}
"""What people say of each; the second-level pollution types are found by the same words."""


def told_of(text: str) -> frozenset[Waste]:
    """Return the kinds of waste water that a text speaks of."""
    return frozenset(kind for kind, words in WORDS.items() if any(one in text for one in words))
