"""The demo county of seed 1, drawn once for all tests that look at it."""

from datetime import date
from functools import cache

from inspect_app.demo.county import County, make_county

TODAY = date(2026, 3, 24)


@cache
def drawn() -> County:
    """Return the county of Tuesday 2026-03-24; do not change its frames."""
    return make_county(1, scale=1, today=TODAY)
