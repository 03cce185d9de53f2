"""Proof of a patrol: GPS fixes × planned visits → cleaned track, coverage, stays, outcomes."""

from gis.coverage.cover import Coverage, CoverRules, cover
from gis.coverage.faults import Fault
from gis.coverage.judge import judge_visits
from gis.coverage.outcome import (
    Outcome,
    PlanVersusDone,
    Reason,
    Shortfall,
    VisitOutcome,
    VisitRules,
    shortfalls,
)
from gis.coverage.read_gpx import GpxFixes, GpxUnreadable, read_gpx
from gis.coverage.stays import OffRoute, dwell, off_route
from gis.coverage.track import CleanTrack, Source, TrackRules, clean_track

__all__ = [
    "CleanTrack",
    "CoverRules",
    "Coverage",
    "Fault",
    "GpxFixes",
    "GpxUnreadable",
    "OffRoute",
    "Outcome",
    "PlanVersusDone",
    "Reason",
    "Shortfall",
    "Source",
    "TrackRules",
    "VisitOutcome",
    "VisitRules",
    "clean_track",
    "cover",
    "dwell",
    "judge_visits",
    "off_route",
    "read_gpx",
    "shortfalls",
]
