"""Reasons, broken rules and times of a plan in the reader's words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from gis.routing.explain import REASONS, REMEDIES, Reason
from gis.routing.verify import SENTENCES, Rule
from inspect_app.domain.problems import Phrase
from inspect_app.queries.plans import Remark
from inspect_app.web.http import time_zone, words
from inspect_app.web.plans.blueprint import pages


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
