"""Up and down the water: what may have caused a pollution, and whom it will reach."""

from inspect_app.queries.trace.results import Lengths, NearWater, Suspect, Trace, Warned
from inspect_app.queries.trace.start import Start, start_of_finding, start_of_matter
from inspect_app.queries.trace.tracing import Reader, trace

__all__ = [
    "Lengths",
    "NearWater",
    "Reader",
    "Start",
    "Suspect",
    "Trace",
    "Warned",
    "start_of_finding",
    "start_of_matter",
    "trace",
]
