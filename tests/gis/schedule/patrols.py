"""Policies, objects and past patrols in few words."""

from datetime import date

import pandas as pd

from gis.periods import Unit
from gis.schedule import (
    FrequencyPolicy,
    due_visits,
)

MONDAY = date(2026, 3, 2)


def day(text: str) -> date:
    return date.fromisoformat(text)


def policy(unit: Unit, times: int = 1, **changes: object) -> FrequencyPolicy:
    values: dict[str, object] = {"key": "p", "object_kind": "reach", "times": times, "unit": unit}
    return FrequencyPolicy(**(values | changes))  # type: ignore[arg-type]


def objects_of(*names: str, **columns: object) -> pd.DataFrame:
    values: dict[str, object] = {
        "object": list(names),
        "object_kind": "reach",
        "object_class": None,
    }
    return pd.DataFrame(values | columns)


def history_of(**patrols: list[str]) -> pd.DataFrame:
    rows = [(name, day(one)) for name, dates in patrols.items() for one in dates]
    return pd.DataFrame(rows, columns=["object", "date"])


def due_row(one: FrequencyPolicy, patrols: list[str], *, week: str) -> dict[str, object] | None:
    due = due_visits(objects_of("a"), [one], history_of(a=patrols), week=day(week))
    return None if due.empty else due.iloc[0].to_dict()


def due_days(one: FrequencyPolicy, patrols: list[str], *, week: str) -> tuple[int, object]:
    row = due_row(one, patrols, week=week)
    return (0, None) if row is None else (int(str(row["visits"])), row["days"])
