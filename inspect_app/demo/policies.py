"""Policies the demo county starts with: numbers and patrol frequencies, each with its source."""

from datetime import date, time

import pandas as pd

from inspect_app.domain.assignment import PROPOSED_ROUTING, ROUTING_SOURCE
from inspect_app.domain.codes import ObjectKind, PeriodUnit
from inspect_app.domain.policies import PROPOSALS

SINCE = date(2022, 1, 1)
K, U = ObjectKind, PeriodUnit

FREQUENCIES: tuple[tuple[object, ...], ...] = (
    # kind, class, times, unit, season, minutes of service, two officers, priority, source
    (K.SEGMENT, "main", 1, U.WEEK, ("03-01", "04-30"), 20, False, 3, "县局春灌期总干渠每周巡查"),
    (K.SEGMENT, "main", 1, U.WEEK, None, 20, False, 2, "乡级河长每周巡河(参照省级河长制规定)"),
    (K.SEGMENT, "branch", 1, U.TEN_DAYS, None, 15, False, 2, "乡级每旬巡查(参照地方河长制条例)"),
    (K.SEGMENT, "lateral", 1, U.MONTH, None, 12, False, 1, "乡级每月巡查(参照省级河长制规定)"),
    (K.OUTLET, None, 1, U.MONTH, None, 10, False, 2, "建议值:排口每月一次晴雨天检查"),
    (K.SOURCE, "key", 1, U.MONTH, None, 40, True, 3, "建议值:重点管理单位每月一次"),
    (K.SOURCE, "simplified", 1, U.QUARTER, None, 30, True, 1, "建议值:一般污染源每季度一次"),
    (K.SOURCE, "registered", 1, U.HALF_YEAR, None, 20, False, 1, "建议值:登记管理单位每半年一次"),
    (K.WATER_SOURCE, "level_1", 1, U.WEEK, None, 30, False, 3, "建议值:一级保护区每周一次"),
    (K.WATER_SOURCE, None, 1, U.MONTH, None, 30, False, 3, "县级集中式水源地每月不少于一次"),
    (K.MATTER, None, 1, U.WEEK, None, 25, False, 3, "一级网格:有投诉对象每周一次"),
)

NIGHT_CHECK: tuple[object, ...] = (
    *(K.SOURCE, "key", 1, U.MONTH, None, 15, True, 2),
    "重点企业夜间每月不少于一次,18:00–06:00(参照县级网格化监管办法)",
)
NIGHT = (time(18, 0), time(6, 0))
"""Hours of the night check; the night crew that serves it is new, so the past knows none."""


def policy_frames() -> dict[str, pd.DataFrame]:
    """Return policy rows, frequency policies and which unit each kind belongs to."""
    policies = [
        {
            "id": number,
            "key": proposal.key,
            "value": {"value": proposal.value, "unit": proposal.unit},
            "valid_from": SINCE,
            "source": proposal.source,
        }
        for number, proposal in enumerate(PROPOSALS, start=1)
    ]
    rows: list[dict[str, object]] = []
    every = (*FREQUENCIES, NIGHT_CHECK)
    for kind, narrowed, times, unit, season, minutes, officers, priority, source in every:
        hours = NIGHT if len(rows) == len(FREQUENCIES) else (None, None)
        bounds = season if isinstance(season, tuple) else (None, None)
        rows.append(
            {
                "id": len(rows) + 1,
                "object_kind": str(kind),
                "object_class": narrowed,
                "times": times,
                "period_unit": str(unit),
                "season_from": bounds[0],
                "season_to": bounds[1],
                "window_from": hours[0],
                "window_to": hours[1],
                "min_gap_h": 48.0 if unit is PeriodUnit.WEEK else 96.0,
                "service_min": float(str(minutes)),
                "two_officers": officers,
                "priority": priority,
                "valid_from": SINCE,
                "source": source,
            }
        )
    routing = [
        {
            "id": number,
            "pollution_type": rule.pollution_type,
            "pollution_subtype": rule.pollution_subtype,
            "department": rule.department,
            "valid_from": SINCE,
            "source": ROUTING_SOURCE,
        }
        for number, rule in enumerate(PROPOSED_ROUTING, start=1)
    ]
    return {
        "policy": pd.DataFrame(policies),
        "frequency_policy": pd.DataFrame(rows),
        "routing_rule": pd.DataFrame(routing),
    }
