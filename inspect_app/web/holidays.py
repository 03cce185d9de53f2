"""Holidays: the year as announced and as the bureau changed it, for administrators."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.queries.holidays import FIRST_YEAR_KNOWN, LAST_YEAR_KNOWN, special_days
from inspect_app.web.http import actor, database, now, parsed_day, requires, today
from inspect_app.workflows.set_holiday import HolidayDraft, drop_holiday, set_holiday

pages = Blueprint("holidays", __name__, url_prefix="/administration/holidays")

YEARS = range(2000, 2101)


@pages.get("")
@requires(Permission.ADMINISTER)
def page() -> str:
    """Show the special days of a year."""
    asked = request.args.get("year", today().year, type=int)
    year = asked if asked in YEARS else today().year
    return render_template(
        "holidays.html",
        year=year,
        days=special_days(database(), year),
        announced=FIRST_YEAR_KNOWN <= year <= LAST_YEAR_KNOWN,
        last_year=LAST_YEAR_KNOWN,
    )


@pages.post("")
@requires(Permission.ADMINISTER)
def add() -> Response:
    """Keep a day of the bureau's own."""
    form = request.form
    day = parsed_day("日期", form.get("day", ""))
    draft = HolidayDraft(
        day, form.get("working") == "1", form.get("name", ""), form.get("source", "")
    )
    set_holiday(database(), draft, actor=actor(), now=now())
    flash(gettext("已保存 %(day)s", day=day.isoformat()))
    return redirect(url_for("holidays.page", year=day.year))


@pages.post("/<day>/drop")
@requires(Permission.ADMINISTER)
def drop(day: str) -> Response:
    """Take a day of the bureau's own back."""
    which = parsed_day("日期", day)
    drop_holiday(database(), which, actor=actor(), now=now())
    flash(gettext("已删除 %(day)s,恢复国家安排", day=which.isoformat()))
    return redirect(url_for("holidays.page", year=which.year))
