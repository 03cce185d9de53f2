"""What is known of a complaint when the call comes in, and how a match is told to people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Fact = str | int | float


@dataclass(frozen=True, slots=True)
class Complaint:
    """One call, as it is when it comes in; nothing that becomes known later belongs here.

    Parameters
    ----------
    key
        What the caller knows the complaint by; unique in an index.
    at
        When it came in; with a time zone.
    xy
        East and north in metres, all complaints in one metric CRS; None without a place.
    kind
        The category (pollution types), several joined by ``+``; empty when unknown.
    text
        What was said; empty when unknown.
    object_key
        The enterprise, outlet or address it names; empty when unknown.
    reporter
        Keyed hash of the reporter; never the name or the telephone number.
    fallback
        The place is a geocoder's stand-in for "not found", so it says nothing.
    """

    key: str
    at: datetime
    xy: tuple[float, float] | None = None
    kind: str = ""
    text: str = ""
    object_key: str = ""
    reporter: str = ""
    fallback: bool = False


class ReasonCode(StrEnum):
    """A fact that speaks for one matter or against it."""

    same_object = "same_object"
    near = "near"
    no_place = "no_place"
    minutes_before = "minutes_before"
    days_before = "days_before"
    same_kind = "same_kind"
    shared_kind = "shared_kind"
    other_kind = "other_kind"
    words = "words"
    same_reporter = "same_reporter"
    other_reporter = "other_reporter"
    crowded = "crowded"
    kind_repeats = "kind_repeats"


# Sentences for people; the names in them are the facts.
REASONS: Mapping[ReasonCode, str] = {
    ReasonCode.same_object: "同一对象",
    ReasonCode.near: "相距 %(distance_m)s 米",
    ReasonCode.no_place: "至少一件没有可用位置",
    ReasonCode.minutes_before: "早 %(minutes)s 分钟",
    ReasonCode.days_before: "早 %(days)s 天",
    ReasonCode.same_kind: "类别相同",
    ReasonCode.shared_kind: "类别有重合",
    ReasonCode.other_kind: "类别不同",
    ReasonCode.words: "用词相似度 %(similarity_pct)s%%",
    ReasonCode.same_reporter: "同一举报人",
    ReasonCode.other_reporter: "不同举报人",
    ReasonCode.crowded: "周边 %(within_m)s 米内近 %(days)s 天有 %(complaints)s 件同类投诉",
    ReasonCode.kind_repeats: "该类别的重复情况",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason with its numbers and its weight: bits for (above 0) or against one matter."""

    code: ReasonCode
    bits: float
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def words(self) -> str:
        """Return the sentence, in Chinese."""
        return REASONS[self.code] % dict(self.facts)


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier complaint that may be the same matter."""

    key: str
    probability: float
    bits: float
    """Log2 of the odds: the prior and all reasons added up."""
    reasons: tuple[Reason, ...]
    """Strongest first, whichever way they point."""
