"""Conditions of the demo county's weeks: a flood that is over, works, leave, a closed road."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from inspect_app.demo.crews import CrewPlan
from inspect_app.domain.codes import AbsenceKind, AssignmentRule, ExemptionGround, ObjectKind

HOME = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Places:
    """What the conditions are about: places that the past patrols do not go to."""

    sources: pd.DataFrame
    water_sources: pd.DataFrame
    roads: pd.DataFrame


def condition_frames(
    crews: list[CrewPlan], places: Places, *, today: date
) -> dict[str, pd.DataFrame]:
    """Return the frames of exemptions, absences, closed roads and assignments.

    All were recorded by the deputy who reviews the brigade's patrols.
    """
    who = crews[0].reviewer
    monday = today - timedelta(days=today.weekday())

    def spell(first: int, last: int | None, *, reason: str) -> dict[str, object]:
        """Return the shared columns; days count from this week's Monday."""
        start = monday + timedelta(days=first)
        recorded = min(start, today) - timedelta(days=1)
        return {
            "from_day": start,
            "to_day": None if last is None else monday + timedelta(days=last),
            "reason": reason,
            "recorded_at": datetime.combine(recorded, time(16, 5), HOME),
            "recorded_by": who,
        }

    def ended(first: int, last: int, *, on: int, reason: str) -> dict[str, object]:
        day = monday + timedelta(days=on)
        return spell(first, last, reason=reason) | {
            "ended_on": day,
            "ended_at": datetime.combine(day, time(8, 20), HOME),
            "ended_by": who,
        }

    quiet = places.sources[~places.sources.closed & (places.sources.permit_class == "registered")]
    dams = places.water_sources
    lane = places.roads[places.roads.road_class == places.roads.road_class.iloc[-1]]

    def exempt(kind: ObjectKind, number: int, ground: ExemptionGround) -> dict[str, object]:
        return {"object_kind": kind.value, "object_id": number, "ground": ground.value}

    rows: dict[str, list[dict[str, object]]] = {
        "patrol_exemption": [
            exempt(ObjectKind.WATER_SOURCE, int(dams.id.iloc[-1]), ExemptionGround.FLOOD)
            | ended(-38, -22, on=-26, reason="上游来水,取水口道路被淹,水退后恢复"),
            exempt(ObjectKind.WATER_SOURCE, int(dams.id.iloc[0]), ExemptionGround.WORKS)
            | spell(-3, 13, reason="取水口改造施工,场地封闭"),
            exempt(ObjectKind.SOURCE, int(quiet.id.iloc[0]), ExemptionGround.OTHER)
            | spell(0, 6, reason="全厂停产检修"),
        ],
        "crew_absence": [
            {"crew_id": crews[-1].id} | spell(-14, -12, reason="车辆年检"),
        ],
        "person_absence": [
            {"person_id": crews[0].members[2], "kind": AbsenceKind.TRAINING.value}
            | spell(7, 8, reason="执法证换证培训"),
            {"person_id": crews[1].members[2], "kind": AbsenceKind.LEAVE.value}
            | spell(1, 3, reason="年休假"),
        ],
        "road_closure": [
            {"road_id": int(lane.id.iloc[0])} | ended(-24, -10, on=-12, reason="桥涵维修"),
            {"road_id": int(lane.id.iloc[-1])} | spell(1, 9, reason="路面翻修,全幅封闭"),
        ],
        "crew_assignment": [
            {
                "crew_id": crews[1].id,
                "rule": AssignmentRule.NEVER.value,
                "object_kind": ObjectKind.SOURCE.value,
                "object_id": int(quiet.id.iloc[1]),
            }
            | spell(-60, None, reason="组员与企业负责人有亲属关系,回避"),
        ],
    }
    return {table: _frame(listed) for table, listed in rows.items()}


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame([{"id": number} | row for number, row in enumerate(rows, start=1)])
    for column in ("object_id", "ended_by"):
        if column in frame:
            frame[column] = frame[column].astype("Int64")
    return frame
