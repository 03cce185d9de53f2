"""Policy rows: the value that holds on a day, and the frequency policies of a week."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from inspect_app.models import FrequencyPolicy, Policy


class PolicyMissing(LookupError):
    """No policy row with this key holds on the day."""

    def __init__(self, key: str, day: date) -> None:
        self.key = key
        self.day = day
        super().__init__(f"no policy row '{key}' is valid on {day}")


VALUE = (
    select(Policy.value)
    .where(
        Policy.key == bindparam("key"),
        Policy.valid_from <= bindparam("day"),
        or_(Policy.valid_to.is_(None), Policy.valid_to > bindparam("day")),
    )
    .order_by(Policy.valid_from.desc())
    .limit(1)
)
"""The row's value; parameters key and day."""


def policy_value(session: Session, key: str, *, day: date) -> float:
    """Return the number that holds on `day`; raises PolicyMissing where the county set none."""
    held = session.scalar(VALUE, {"key": key, "day": day})
    if held is None:
        raise PolicyMissing(key, day)
    return float(held["value"])


VALUES = (
    select(Policy.key, Policy.value)
    .where(
        Policy.key.in_(bindparam("keys", expanding=True)),
        Policy.valid_from <= bindparam("day"),
        or_(Policy.valid_to.is_(None), Policy.valid_to > bindparam("day")),
    )
    .order_by(Policy.valid_from)
)


def policy_values(session: Session, keys: Sequence[str], *, day: date) -> dict[str, float]:
    """Return the numbers of several keys in one query; raises PolicyMissing as `policy_value`."""
    rows = session.execute(VALUES, {"keys": list(keys), "day": day})
    held = {key: float(value["value"]) for key, value in rows}
    for key in keys:
        if key not in held:
            raise PolicyMissing(key, day)
    return held


def frequency_policies(session: Session, *, day: date) -> list[FrequencyPolicy]:
    """Return the frequency policies valid on `day`, most urgent first."""
    return list(
        session.scalars(
            select(FrequencyPolicy)
            .where(
                FrequencyPolicy.valid_from <= day,
                or_(FrequencyPolicy.valid_to.is_(None), FrequencyPolicy.valid_to > day),
            )
            .order_by(FrequencyPolicy.priority.desc(), FrequencyPolicy.id)
        )
    )
