"""Due visits and the places of their objects joined into the tasks of a week."""

import pandas as pd

from gis.routing.problem import PatrolTask, TimeWindow, patrol_service_s

OFFICERS_OF_A_PAIR = 2


class ObjectWithoutPlace(ValueError):
    """A due object has no row in the table of places."""


def patrol_tasks(
    due: pd.DataFrame, places: pd.DataFrame, *, patrol_kmh: float
) -> tuple[PatrolTask, ...]:
    """Return one task per due object, in the order of ``due``.

    Parameters
    ----------
    due
        The frame of ``gis.schedule.due_visits``.
    places
        Columns ``object`` (unique), ``kind``, ``start_node``, ``end_node`` (equal for a stop),
        ``length_m`` (0 for a stop), ``one_way``, ``grid`` (may be null), ``off_road_m``;
        if known also ``road_fault`` and ``road_limit_m``.
        The index is ignored; objects that are not due are allowed.
    patrol_kmh
        Speed of a patrol along a reach. A visit takes length / speed, at least the policy's
        ``service_min``.

    Raises
    ------
    ObjectWithoutPlace
        When an object of ``due`` is missing in ``places``.
    """
    joined = due.merge(places, on="object", how="left", validate="one_to_one", indicator=True)
    lost = joined.loc[joined["_merge"] != "both", "object"].tolist()
    if lost:
        raise ObjectWithoutPlace(", ".join(map(str, lost)))
    return tuple(
        PatrolTask(
            str(row["object"]),
            int(row["start_node"]),
            int(row["end_node"]),
            patrol_service_s(
                float(row["length_m"]),
                speed_kmh=patrol_kmh,
                at_least_min=int(row["service_min"]),
            ),
            times=int(row["visits"]),
            days=frozenset(row["days"]),
            min_gap_days=int(row["min_gap_days"]),
            one_way=bool(row["one_way"]),
            must=bool(row["must"]),
            overdue_days=int(row["overdue_days"]),
            priority=int(row["priority"]),
            officers=OFFICERS_OF_A_PAIR if row["two_officers"] else 0,
            grid=None if pd.isna(row["grid"]) else str(row["grid"]),
            kind=str(row["kind"]),
            length_m=float(row["length_m"]),
            off_road_m=float(row["off_road_m"]),
            road_fault=str(row.get("road_fault", "")),
            road_limit_m=row.get("road_limit_m"),
            window=TimeWindow(*row["window"]) if isinstance(row["window"], tuple) else None,
        )
        for row in joined.to_dict("records")
    )
