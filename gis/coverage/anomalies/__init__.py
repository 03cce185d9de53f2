"""What in a recording asks for a second look: leaps, mock-like fixes, odd clocks, hasty ticks.

An anomaly is a question to the person who was there, never a verdict: each says what, where, the
number found and the number it was held against.
"""

from gis.coverage.anomalies.evidence import (
    Shot,
    clock_anomalies,
    photo_anomalies,
    tick_anomalies,
)
from gis.coverage.anomalies.fixes import track_anomalies
from gis.coverage.anomalies.kinds import (
    SENTENCES,
    TITLES,
    Anomaly,
    AnomalyKind,
    AnomalyRules,
)

__all__ = [
    "SENTENCES",
    "TITLES",
    "Anomaly",
    "AnomalyKind",
    "AnomalyRules",
    "Shot",
    "clock_anomalies",
    "photo_anomalies",
    "tick_anomalies",
    "track_anomalies",
]
