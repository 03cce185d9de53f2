"""Code lists of campaigns: their kinds and levels, and the states of their items."""

from inspect_app.domain.codes import Code


class CampaignKind(Code):
    """What brings items: an action of one's own, or a team that inspects authorities."""

    SPECIAL_CAMPAIGN = "special_campaign", "专项行动"
    INSPECTION_TEAM = "inspection_team", "督察交办"


class CampaignLevel(Code):
    """Who ordered a campaign."""

    CENTRAL = "central", "中央"
    PROVINCIAL = "provincial", "省级"
    MUNICIPAL = "municipal", "市级"
    COUNTY = "county", "县级"


class ItemState(Code):
    """States of a campaign's item."""

    ISSUED = "issued", "已交办"
    ACKNOWLEDGED = "acknowledged", "已签收"
    IN_PROGRESS = "in_progress", "办理中"
    PHASE_CLOSED = "phase_closed", "阶段性办结"
    RECTIFIED = "rectified", "已整改"
    ACCEPTED_FOR_CANCEL = "accepted_for_cancel", "已验收"
    CANCELLED_OFF = "cancelled_off", "已销号"
    PUBLISHED = "published", "已公开"
    REOPENED = "reopened", "反弹重办"


ITEM_OPEN = (
    ItemState.ISSUED,
    ItemState.ACKNOWLEDGED,
    ItemState.IN_PROGRESS,
    ItemState.PHASE_CLOSED,
    ItemState.REOPENED,
)
"""States in which the responsible unit still has work to do: only here a due day presses."""

ITEM_DONE = (ItemState.CANCELLED_OFF, ItemState.PUBLISHED)
"""States of an item that is off the list."""
