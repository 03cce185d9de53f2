"""Promised arrivals: until when the urgent visits of a published plan are to be reached."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.models import PlanChange


def arrival_promises(
    session: Session, plan_ids: Collection[int]
) -> dict[tuple[int, str], datetime]:
    """Return the promise of each urgent visit by plan and visit key; the last change counts.

    Promises are those of adopted changes; an offer that nobody adopted promises nothing.
    """
    rows = session.execute(
        select(PlanChange.plan_id, PlanChange.figures["arrivals"])
        .where(PlanChange.plan_id.in_(plan_ids), PlanChange.revision.is_not(None))
        .order_by(PlanChange.plan_id, PlanChange.revision)
    )
    return {
        (plan_id, arrival["key"]): datetime.fromisoformat(arrival["promise"])
        for plan_id, arrivals in rows
        for arrival in arrivals or ()
    }
