"""Which complaints are the same matter: earlier ones ranked, with reasons and their weights."""

from gis.repeats.complaints import REASONS, Complaint, Match, Reason, ReasonCode
from gis.repeats.index import RepeatIndex
from gis.repeats.places import SharedPlaces, fallback_coordinates
from gis.repeats.weights import PROPOSED, Weights, learn

__all__ = [
    "PROPOSED",
    "REASONS",
    "Complaint",
    "Match",
    "Reason",
    "ReasonCode",
    "RepeatIndex",
    "SharedPlaces",
    "Weights",
    "fallback_coordinates",
    "learn",
]
