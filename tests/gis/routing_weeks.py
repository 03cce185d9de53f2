"""Small and random weeks for the tests of the weekly plan."""

from dataclasses import replace
from datetime import date

import numpy as np

from gis.routing.problem import (
    Crew,
    Lunch,
    PatrolTask,
    SecondsMatrix,
    TimeWindow,
    WeekProblem,
    Weights,
)

MONDAY = date(2026, 3, 2)
WORKDAYS = frozenset(range(5))


def line_travel(positions_s: list[int]) -> SecondsMatrix:
    """Return the times between nodes on a line, by their distance from its end in seconds."""
    at = np.array(positions_s, dtype=np.int64)
    return np.abs(at[:, None] - at[None, :])


def crew(key: str = "A", **changes: object) -> Crew:
    """Return a crew at node 0, Monday to Friday, 8:00 to 16:00."""
    values: dict[str, object] = {
        "home_node": 0,
        "working_days": WORKDAYS,
        "shift_start_min": 480,
        "shift_min": 480,
    }
    return Crew(key, **(values | changes))  # type: ignore[arg-type]


def random_week(
    seed: int, *, reaches: int = 30, crews: int = 3, shift_min: int = 420
) -> WeekProblem:
    """Return a random week with every kind of rule: grids, officers, days, repeats, one-way."""
    rng = np.random.default_rng(seed)
    nodes = rng.random((crews + 2 * reaches, 2)) * 9000
    travel = np.rint(np.hypot(*np.moveaxis(nodes[:, None] - nodes[None], -1, 0)) / 6)
    tasks = []
    for index in range(reaches):
        start = crews + 2 * index
        times = int(rng.choice([1, 1, 1, 2, 3]))
        days = WORKDAYS if times > 1 else frozenset(rng.choice(5, size=3, replace=False).tolist())
        tasks.append(
            PatrolTask(
                f"reach {index}",
                start,
                start if rng.random() < 0.2 else start + 1,
                int(rng.integers(600, 3000)),
                times=times,
                days=days,
                one_way=bool(rng.random() < 0.2),
                must=bool(rng.random() < 0.1),
                overdue_days=int(rng.integers(0, 20)),
                officers=int(rng.choice([0, 0, 2])),
                grid=f"grid {index % 4}",
            )
        )
    teams = tuple(
        crew(
            f"crew {index}",
            home_node=index,
            officers=2 if index == 0 else 1,
            shift_min=shift_min,
            working_days=WORKDAYS if index else frozenset({0, 2, 4}),
            grids=None if index == 0 else frozenset({f"grid {index % 4}", "grid 0"}),
        )
        for index in range(crews)
    )
    return WeekProblem(MONDAY, tuple(tasks), teams, {"car": travel.astype(np.int64)})


def eventful_week(
    seed: int, *, reaches: int = 24, crews: int = 4, shift_min: int = 300
) -> WeekProblem:
    """Return a random week that also has hours, breaks, pins, bars, overtime, shared vehicles."""
    rng = np.random.default_rng(seed)
    plain = random_week(seed, reaches=reaches, crews=crews, shift_min=shift_min)
    names = [one.key for one in plain.crews]

    def crew_day() -> tuple[str, int]:
        return str(rng.choice(names)), int(rng.integers(5))

    def hours() -> TimeWindow:
        opening = int(rng.choice([0, 480, 540, 660, 720, 840, 1080]))
        return TimeWindow(opening, opening + int(rng.choice([60, 120, 240, 720])))

    tasks = tuple(
        replace(
            task,
            window=hours() if rng.random() < 0.3 else None,
            crews=frozenset(rng.choice(names, 2).tolist()) if rng.random() < 0.1 else None,
            pinned=frozenset({crew_day()}) if rng.random() < 0.15 else frozenset(),
            barred=frozenset({crew_day(), crew_day()}) if rng.random() < 0.2 else frozenset(),
        )
        for task in plain.tasks
    )
    teams = tuple(
        replace(
            one,
            officers_by_day={int(rng.integers(5)): int(rng.integers(3))},
            lunch=Lunch(600 + 30 * int(rng.integers(5)), 60) if rng.random() < 0.6 else None,
            overtime_min=int(rng.choice([0, 30, 90])),
            vehicle=str(rng.choice(["truck", "boat"])) if rng.random() < 0.5 else None,
            shift_start_min=int(rng.choice([480, 480, 1020])),
        )
        for one in plain.crews
    )
    weights = Weights(overtime_factor=int(rng.integers(1, 5)))
    return replace(plain, tasks=tasks, crews=teams, weights=weights)
