"""The rules in force when a week is scanned; all of them are policy rows."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from gis.clusters import RepeatRules, ScanRules, Verdict
from inspect_app.domain.alarm_codes import Confidence
from inspect_app.queries.policies import policy_values

CONFIDENCE = {
    Verdict.STRONG: Confidence.STRONG,
    Verdict.WEAK: Confidence.WEAK,
    Verdict.COULD_BE_CHANCE: Confidence.COULD_BE_CHANCE,
}
BANDS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class HotGridRules:
    """Which grids are judged, by how many days, by how many draws; borders this near touch."""

    depth: int
    days: int
    replications: int
    gap_m: float


@dataclass(frozen=True, slots=True)
class WeekRules:
    """All rules of one week's scan with its period."""

    scan: ScanRules
    repeats: RepeatRules
    hot_grids: HotGridRules
    first: date
    last: date
    limit_s: float
    reporters_min: int

    def confidence(self, p: float) -> Confidence:
        """Return what a p-value, or a share of false alarms, is called."""
        return CONFIDENCE[self.scan.verdict(p)]


def week_rules(session: Session, week: date, *, today: date) -> WeekRules:
    """Return the rules in force and the first and last day of the period."""
    value = policy_values(session, KEYS, day=today)
    last = min(week + timedelta(days=6), today)
    return WeekRules(
        scan=ScanRules(
            max_radius_m=value["cluster_radius_max_m"],
            max_days=int(value["cluster_days_max"]),
            replications=int(value["cluster_replications"]),
            prospective=True,
            least_cases=int(value["cluster_count_min"]),
            strong_p=value["cluster_p_strong"],
            weak_p=value["cluster_p_max"],
        ),
        repeats=RepeatRules(
            limits_m=tuple(sorted({value[f"near_repeat_m_{band}"] for band in BANDS})),
            limits_days=tuple(sorted({int(value[f"near_repeat_days_{band}"]) for band in BANDS})),
            replications=int(value["near_repeat_replications"]),
        ),
        hot_grids=HotGridRules(
            depth=int(value["hot_grid_depth"]),
            days=int(value["hot_grid_days"]),
            replications=int(value["hot_grid_replications"]),
            gap_m=value["assign_tolerance_m"],
        ),
        first=last - timedelta(days=int(value["cluster_history_days"]) - 1),
        last=last,
        limit_s=value["cluster_scan_limit_s"],
        reporters_min=int(value["shown_reporters_min"]),
    )


KEYS = (
    "cluster_radius_max_m",
    "cluster_days_max",
    "cluster_replications",
    "cluster_count_min",
    "cluster_p_strong",
    "cluster_p_max",
    "cluster_history_days",
    "cluster_scan_limit_s",
    *(f"near_repeat_m_{band}" for band in BANDS),
    *(f"near_repeat_days_{band}" for band in BANDS),
    "near_repeat_replications",
    "hot_grid_depth",
    "hot_grid_days",
    "hot_grid_replications",
    "assign_tolerance_m",
    "shown_reporters_min",
)
