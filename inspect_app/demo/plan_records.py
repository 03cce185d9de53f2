"""What the plans of the demo's past say of themselves, in the words of the planner."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
import pandas as pd

from gis.periods import Unit
from gis.routing.explain import Reason, Remedy
from gis.routing.problem import Weights
from gis.schedule import FrequencyPolicy, policy_for
from inspect_app.demo.crews import SERVICE_MIN, SHIFT, CrewPlan, PatrolObject
from inspect_app.demo.policies import FREQUENCIES
from inspect_app.domain.policies import PROPOSALS

SEARCH_S = 15.0
LUNCH_S = 3_600
SHIFT_S = (SHIFT[1].hour - SHIFT[0].hour) * 3_600 - LUNCH_S
RULES = (
    "patrol_speed_kmh",
    "detour_factor",
    "snap_road_max_m",
    "off_road_speed_kmh",
    "lunch_from_h",
    "lunch_min",
    "overtime_max_min",
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A due visit nobody could make: the road to it was cut."""

    thing: PatrolObject
    off_road_m: int

    def row(self, plan: int) -> dict[str, object]:
        """Return the row of the table, without its id."""
        facts = {"off_road_m": self.off_road_m}
        fix = {"remedy": str(Remedy.mend_road_data), "facts": facts}
        return {
            "plan_id": plan,
            "grid_id": self.thing.grid,
            "object_kind": self.thing.kind.value,
            "object_id": self.thing.id,
            "name": self.thing.name,
            "visits_missing": 1,
            "reason": str(Reason.cut_off),
            "facts": {"facts": facts, "fixes": [fix]},
        }


@dataclass(frozen=True, slots=True, eq=False)
class PastWeek:
    """A week as it was planned: its tasks and stops, and what was left out."""

    week: date
    crews: Sequence[CrewPlan]
    tasks: pd.DataFrame
    stops: pd.DataFrame
    left: Sequence[LeftOut]

    def record(self, rng: np.random.Generator) -> dict[str, object]:
        """Return parameters, figures and verdict of the plan."""
        travel_s = _seconds(self.tasks.travel_min)
        service_s = _seconds(self.tasks.service_min)
        return {
            "parameters": _parameters(),
            "figures": self._figures(rng, travel_s=travel_s, service_s=service_s),
            "verdict": {
                "due_visits": len(self.stops) + len(self.left),
                "served_visits": len(self.stops),
                "travel_s": travel_s,
                "service_s": service_s,
                "cost": travel_s + len(self.left) * Weights().visit_s,
                "violations": [],
            },
        }

    def _figures(
        self, rng: np.random.Generator, *, travel_s: int, service_s: int
    ) -> dict[str, object]:
        missing_min = sum(SERVICE_MIN[one.thing.kind.value] for one in self.left)
        needed_s = travel_s + service_s + round(missing_min * 60)
        available_s = sum(SHIFT_S * len(crew.weekdays) for crew in self.crews)
        return {
            "iterations": int(rng.integers(380, 620)),
            "overhead_share": travel_s / service_s,
            "needed_s": needed_s,
            "available_s": available_s,
            "short_s": max(0, needed_s - available_s),
            "crews": {crew.name: self._hours(crew) for crew in self.crews},
            "policies": self._by_policy(),
            "unruled": {},
            "exempted": [],
            "closed_roads": [],
            "pins_lost": [],
            "seconds": {
                "load": round(float(rng.uniform(0.7, 1.1)), 2),
                "search": round(SEARCH_S + float(rng.uniform(0.02, 0.4)), 2),
                "draw": round(float(rng.uniform(0.2, 0.5)), 2),
            },
        }

    def _hours(self, crew: CrewPlan) -> dict[str, object]:
        tasks = self.tasks[self.tasks.crew_id == crew.id]
        stops = self.stops[self.stops.task_id.isin(tasks.id)]
        stay_s = (stops.leave_at - stops.arrive_at).dt.total_seconds()
        by_kind = stay_s.groupby(stops.object_kind).sum()
        return {
            "available_s": SHIFT_S * len(crew.weekdays),
            "travel_s": _seconds(tasks.travel_min),
            "service_by_kind_s": {str(kind): round(value) for kind, value in by_kind.items()},
        }

    def _by_policy(self) -> list[dict[str, object]]:
        """Return due and served visits of each frequency policy that held in the week."""
        objects = {(one.kind.value, one.id): one for crew in self.crews for one in crew.objects}
        visits = zip(self.stops.object_kind, self.stops.object_id, strict=True)
        served = [self._policy(objects[str(kind), int(number)]) for kind, number in visits]
        missing = [self._policy(one.thing) for one in self.left]
        return [
            {
                "object_kind": policy.object_kind,
                "object_class": policy.object_class,
                "times": policy.times,
                "unit": str(policy.unit),
                "hours": None,
                "source": policy.source,
                "due": served.count(policy) + missing.count(policy),
                "served": served.count(policy),
            }
            for policy in POLICIES
            if policy in served or policy in missing
        ]

    def _policy(self, thing: PatrolObject) -> FrequencyPolicy | None:
        kind, narrowed = thing.kind.value, thing.object_class
        return policy_for(POLICIES, kind=kind, object_class=narrowed, week=self.week)


def _seconds(minutes: pd.Series) -> int:
    return round(float(minutes.sum()) * 60)


def _parameters() -> dict[str, object]:
    """Return how all the plans were asked for: by time, under the policies of the start."""
    known = {row.key: row.value for row in PROPOSALS}
    asked: dict[str, object] = {"iterations": None, "seconds": SEARCH_S, "first_day": None}
    return asked | {name: known[name] for name in RULES} | {"weights": asdict(Weights())}


def _policies() -> tuple[FrequencyPolicy, ...]:
    rows = []
    for number, row in enumerate(FREQUENCIES, start=1):
        kind, narrowed, times, unit, season, _, _, priority, source = row
        bounds = None
        if isinstance(season, tuple):
            (first, last) = (tuple(int(part) for part in text.split("-")) for text in season)
            bounds = ((first[0], first[1]), (last[0], last[1]))
        rows.append(
            FrequencyPolicy(
                key=str(number),
                object_kind=str(kind),
                object_class=None if narrowed is None else str(narrowed),
                times=int(str(times)),
                unit=Unit(str(unit)),
                season=bounds,
                priority=int(str(priority)),
                source=str(source),
            )
        )
    return tuple(rows)


POLICIES = _policies()
