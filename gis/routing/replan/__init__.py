"""A published week planned again with least change: what is left of it, and two offers."""

from gis.routing.replan.events import (
    CrewAbsent,
    Happened,
    Moment,
    Rain,
    Standing,
    Urgent,
)
from gis.routing.replan.offers import (
    Earliest,
    Move,
    Offer,
    best,
    earliest_arrivals,
    insert_only,
    whole_week,
)
from gis.routing.replan.remaining import Remaining, remaining

__all__ = [
    "CrewAbsent",
    "Earliest",
    "Happened",
    "Moment",
    "Move",
    "Offer",
    "Rain",
    "Remaining",
    "Standing",
    "Urgent",
    "best",
    "earliest_arrivals",
    "insert_only",
    "remaining",
    "whole_week",
]
