"""Whose hand changes a plan, when, and with what at hand."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from inspect_app.domain.access import Actor
from inspect_app.workflows.travel_cache import MatrixStore


@dataclass(frozen=True, slots=True)
class Hand:
    """Who changes a plan when; `zone` is the bureau's, `store` keeps travel times."""

    actor: Actor
    now: datetime
    zone: ZoneInfo
    store: MatrixStore | None = None
