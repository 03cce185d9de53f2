"""Code lists of clusters and alarms: how sure a cluster is, what an alarm is about."""

from inspect_app.domain.codes import Code


class Confidence(Code):
    """What a p-value is called; the limits are policies."""

    STRONG = "strong", "明显聚集"
    WEAK = "weak", "可能聚集"
    COULD_BE_CHANCE = "could_be_chance", "可能是偶然"


class RepeatConfidence(Code):
    """The same of near repeats."""

    STRONG = "strong", "明显多于随机"
    WEAK = "weak", "可能多于随机"
    COULD_BE_CHANCE = "could_be_chance", "可能是偶然"


class HotConfidence(Code):
    """The same of a grid with much in and around it."""

    STRONG = "strong", "明显偏多"
    WEAK = "weak", "可能偏多"
    COULD_BE_CHANCE = "could_be_chance", "可能是偶然"


class AlarmUnit(Code):
    """What a surge of complaints is about, the most particular first."""

    MATTER = "matter", "事项"
    RESPONDENT = "respondent", "被投诉单位"
    GRID = "grid", "网格"
