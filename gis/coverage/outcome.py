"""What can become of a planned visit: outcomes, reasons with their numbers, sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from gis.coverage.cover import Coverage, CoverRules
from gis.coverage.track import CleanTrack

Fact = str | int | float

_SECONDS_IN_MINUTE = 60.0


class Outcome(StrEnum):
    """What became of a visit."""

    done = "done"
    partly = "partly"
    missed = "missed"


class Reason(StrEnum):
    """Why it is taken so."""

    covered = "covered"
    stayed = "stayed"
    by_drone = "by_drone"
    by_drawing = "by_drawing"
    by_hand = "by_hand"
    by_hand_unexplained = "by_hand_unexplained"
    given_up = "given_up"
    partly_covered = "partly_covered"
    short_stay = "short_stay"
    gap = "gap"
    passed_by = "passed_by"
    not_reached = "not_reached"
    no_track = "no_track"


class Shortfall(StrEnum):
    """What a whole patrol lacks; it warns and never blocks."""

    minutes = "minutes"
    metres = "metres"


# Sentences for people; the names in them are the facts.
REASONS: Mapping[Reason, str] = {
    Reason.covered: "轨迹覆盖 %(covered_m)s 米（%(share_pct)s%%），通过 %(passes)s 次",
    Reason.stayed: "%(from)s 到达，停留 %(stay_min)s 分钟",
    Reason.by_drone: "无人机覆盖 %(covered_m)s 米（%(share_pct)s%%），不计入轨迹覆盖率",
    Reason.by_drawing: "手工补绘 %(covered_m)s 米（%(share_pct)s%%），不计入轨迹覆盖率",
    Reason.by_hand: "人工登记完成：%(note)s",
    Reason.by_hand_unexplained: "人工登记完成，未说明原因",
    Reason.given_up: "现场登记未查：%(note)s",
    Reason.partly_covered: "只覆盖 %(covered_m)s 米（%(share_pct)s%%），要求 %(needed_pct)s%%",
    Reason.short_stay: "到达但停留不足：最长 %(stay_s)s 秒，要求 %(needed_s)s 秒",
    Reason.gap: "轨迹在 %(from)s 至 %(to)s 中断，两端相距 %(metres)s 米，无法证明",
    Reason.passed_by: "最近经过距离 %(nearest_m)s 米，要求 %(within_m)s 米以内",
    Reason.not_reached: "没有到达，最近 %(nearest_m)s 米",
    Reason.no_track: "没有可用轨迹",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.done: "完成",
    Outcome.partly: "部分完成",
    Outcome.missed: "未查到",
}
SHORTFALLS: Mapping[Shortfall, str] = {
    Shortfall.minutes: "有轨迹的时间 %(found)s 分钟，少于 %(needed)s 分钟",
    Shortfall.metres: "里程 %(found)s 米，少于 %(needed)s 米",
}


@dataclass(frozen=True, slots=True)
class VisitRules:
    """When a visit is done; every number is a policy of the place.

    Parameters
    ----------
    cover
        When a track covers a line.
    share_min
        From which covered share (0-1) a line is done.
    radius_m, stay_s
        How near and how long at least one must be at a place.
    near_m
        Up to this distance the track passed by; farther away it didn't reach the visit.
    detour
        How many times the straight way between the ends of a gap may have been gone in it.
    """

    cover: CoverRules
    share_min: float
    radius_m: float
    stay_s: float
    near_m: float
    detour: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A reason with its facts."""

    reason: Reason
    facts: Mapping[str, Fact]

    def words(self) -> str:
        """Return the reason as a sentence."""
        return REASONS[self.reason] % self.facts


@dataclass(frozen=True, slots=True)
class VisitOutcome:
    """One planned visit: what became of it, why, and what the track alone says.

    ``why`` and ``track`` differ where the crew's own word counts: a visit reported done that the
    track doesn't show, or one that was given up. ``order`` is 1 for the visit first come to.
    """

    visit: object
    outcome: Outcome
    why: Sentence
    track: Sentence
    order: int | None

    @property
    def proven(self) -> bool:
        """Whether the track itself shows what is said."""
        return self.why == self.track


@dataclass(frozen=True, slots=True)
class Lack:
    """What a whole patrol lacks, with the numbers."""

    shortfall: Shortfall
    facts: Mapping[str, Fact]

    def words(self) -> str:
        """Return the shortfall as a sentence."""
        return SHORTFALLS[self.shortfall] % self.facts


@dataclass(frozen=True, slots=True)
class PlanVersusDone:
    """The judged visits in the order of the plan, and the measures they rest on."""

    visits: tuple[VisitOutcome, ...]
    coverage: Coverage
    stays: pd.DataFrame

    @property
    def out_of_order(self) -> int:
        """How many visits were come to before one that is planned ahead of them."""
        orders = [visit.order for visit in self.visits if visit.order is not None]
        return sum(
            any(later < order for later in orders[place + 1 :])
            for place, order in enumerate(orders)
        )


def shortfalls(track: CleanTrack, *, minutes_min: float, metres_min: float) -> tuple[Lack, ...]:
    """Say what a patrol lacks in time under track and in way; a warning, never a refusal."""
    found = {
        Shortfall.minutes: (track.duration_s / _SECONDS_IN_MINUTE, minutes_min),
        Shortfall.metres: (track.length_m, metres_min),
    }
    return tuple(
        Lack(kind, {"found": int(value), "needed": round(needed)})
        for kind, (value, needed) in found.items()
        if value < needed
    )
