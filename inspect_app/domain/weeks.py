"""Weeks as people write them: ISO 8601, `2026-W13`, Monday first."""

import re
from datetime import date, timedelta

from inspect_app.domain.problems import Problem

FORM = re.compile(r"\d{4}-W\d{2}")


def monday_of(day: date) -> date:
    """Return the Monday of the week a day lies in."""
    return day - timedelta(days=day.weekday())


def parse_week(text: str) -> date:
    """Return the Monday of `2026-W13`; raises Problem week_invalid."""
    if FORM.fullmatch(text):
        try:
            return date.fromisoformat(f"{text}-1")
        except ValueError as error:
            raise Problem("week_invalid", found=text) from error
    raise Problem("week_invalid", found=text)


def week_text(week: date) -> str:
    """Return a week as `2026-W13`."""
    year, number, _ = week.isocalendar()
    return f"{year}-W{number:02d}"
