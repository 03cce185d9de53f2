"""Intake: what a complaint may be told with, by which channel, and the flags that follow."""

from collections.abc import Mapping

from inspect_app.domain.codes import Code, PollutionType, SourceChannel

C = SourceChannel

CHANNEL_KEYS: Mapping[SourceChannel, str] = {
    C.PHONE_12369: "1",
    C.HOTLINE_12345: "2",
    C.WECHAT: "3",
    C.ONLINE: "4",
    C.LETTER: "5",
    C.VISIT: "6",
    C.PASSED_ON: "7",
    C.ASSIGNED: "8",
    C.PROPOSAL: "9",
    C.MEDIA: "0",
    C.INSPECTION: "d",
    C.LEADER_MAILBOX: "j",
    C.OTHER: "q",
}
"""The key that chooses a channel on the form."""

FORWARDED = frozenset({C.PASSED_ON, C.ASSIGNED, C.PROPOSAL, C.INSPECTION, C.LEADER_MAILBOX})
"""Channels in which another organ or a leader sends a paper: its sender and number are kept."""
IN_BATCHES = frozenset({C.INSPECTION})
"""Channels whose items come in batches."""
NUMBERED_ELSEWHERE = frozenset(
    {C.PHONE_12369, C.HOTLINE_12345, C.WECHAT, C.ONLINE, C.PASSED_ON, C.INSPECTION}
)
"""Channels whose items carry a number of another system."""
IN_PERSON = frozenset({C.VISIT, C.PASSED_ON})
"""Channels with visitors to count; those sent on by a higher organ visited there first."""


class PollutionSubtype(Code):
    """Second level of the pollution types, as the ministry's monthly reports name them."""

    ODOUR = "odour", "恶臭异味"
    DUST = "dust", "烟粉尘"
    INDUSTRIAL_GAS = "industrial_gas", "工业废气"
    COOKING_FUME = "cooking_fume", "油烟"
    INDUSTRIAL_WATER = "industrial_water", "工业废水"
    DOMESTIC_SEWAGE = "domestic_sewage", "生活污水"
    FARM_SEWAGE = "farm_sewage", "养殖废水"
    SITE_NOISE = "site_noise", "建设施工噪声"
    INDUSTRIAL_NOISE = "industrial_noise", "工业噪声"
    SOCIAL_NOISE = "social_noise", "社会生活噪声"
    TRAFFIC_NOISE = "traffic_noise", "交通噪声"


S = PollutionSubtype

SUBTYPES: Mapping[PollutionType, tuple[PollutionSubtype, ...]] = {
    PollutionType.AIR: (S.ODOUR, S.DUST, S.INDUSTRIAL_GAS, S.COOKING_FUME),
    PollutionType.WATER: (S.INDUSTRIAL_WATER, S.DOMESTIC_SEWAGE, S.FARM_SEWAGE),
    PollutionType.NOISE: (S.SITE_NOISE, S.INDUSTRIAL_NOISE, S.SOCIAL_NOISE, S.TRAFFIC_NOISE),
}
TYPE_OF = {subtype: kind for kind, subtypes in SUBTYPES.items() for subtype in subtypes}


def is_group_visit(visitors: int | None, *, least: float) -> bool:
    """Whether so many visitors make a group visit."""
    return visitors is not None and visitors >= least


def is_skip_level(channel: SourceChannel, visitors: int | None, *, counts: bool) -> bool:
    """Whether a higher organ sent on a visit that came to it first; where the policy counts it."""
    return counts and channel is SourceChannel.PASSED_ON and bool(visitors)
