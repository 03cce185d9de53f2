"""Complaints counted: one question for map, list, totals and export."""

from inspect_app.queries.complaint_counts.answers import (
    PAGE_SIZE,
    ComplaintLine,
    CountedCell,
    MatterCount,
    Totals,
    cells,
    complaints_of,
    matter_counts,
    totals,
)
from inspect_app.queries.complaint_counts.question import Cell, ComplaintFilter, Question

__all__ = [
    "PAGE_SIZE",
    "Cell",
    "ComplaintFilter",
    "ComplaintLine",
    "CountedCell",
    "MatterCount",
    "Question",
    "Totals",
    "cells",
    "complaints_of",
    "matter_counts",
    "totals",
]
