"""Reasons, broken rules and times of a plan in the reader's words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from gis.routing.explain import REASONS, REMEDIES, Reason
from gis.routing.verify import SENTENCES, Rule
from inspect_app.domain.acts import ACTS
from inspect_app.domain.problems import Phrase
from inspect_app.queries.plans import Remark
from inspect_app.web.http import time_zone, words
from inspect_app.web.plans.blueprint import pages
from inspect_app.workflows.copy_plan import CREW_GONE, DAY_OVER, NOT_DUE, OFTEN_ENOUGH


@pages.app_template_filter("remark")
def remark_text(remark: Remark) -> str:
    """Return a reason or a remedy as a sentence in the reader's language."""
    if isinstance(remark.code, Reason):
        return str(gettext(REASONS[remark.code])) % remark.facts
    return str(gettext(REMEDIES[remark.code])) % remark.facts


@pages.app_template_filter("violation")
def violation_text(violation: Mapping[str, Any]) -> str:
    """Return a broken rule of a stored verdict as a sentence in the reader's language."""
    return words(Phrase(SENTENCES[Rule(violation["rule"])], violation["facts"]))


@pages.app_template_filter("clock")
def clock_text(moment: datetime) -> str:
    """Return an instant as the bureau's wall clock, 08:05."""
    return f"{moment.astimezone(time_zone()):%H:%M}"


@pages.app_template_filter("act")
def act_text(action: str) -> str:
    """Return what the audit trail calls an act, in the reader's language."""
    return str(gettext(ACTS[action]))


@pages.app_template_filter("gap")
def gap_text(gap: float) -> str:
    """Return a difference with its sign, nothing but 0 where there is none to see."""
    if abs(gap) < SMALLEST_GAP:
        return "0"
    return f"{gap:+d}" if isinstance(gap, int) else f"{gap:+.1f}"


SMALLEST_GAP = 0.05
"""Less is 0.0 on the page."""
LEFT_OUT = {
    NOT_DUE: "本周不到期",
    OFTEN_ENOUGH: "本周次数已够",
    CREW_GONE: "班组本周不出勤",
    DAY_OVER: "日期已过",
}
"""Why a copy left a visit out."""


@pages.app_template_filter("left_out")
def left_out_text(reason: str) -> str:
    """Return why a copy left a visit out, in the reader's language."""
    return str(gettext(LEFT_OUT[reason]))
