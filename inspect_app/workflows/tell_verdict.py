"""Tell a verdict: as it is stored with a plan, and in the names people use."""

from collections.abc import Mapping

from gis.routing.verify import SENTENCES, Verdict, Violation
from inspect_app.domain.problems import Phrase
from inspect_app.models.base import Json
from inspect_app.workflows.build_week import WeekToPlan


def verdict_facts(verdict: Verdict, built: WeekToPlan, *, names: Mapping[int, str]) -> Json:
    """Return a verdict as it is stored: the figures, and each violation with its sentence."""
    return {
        "due_visits": verdict.due_visits,
        "served_visits": verdict.served_visits,
        "travel_s": verdict.travel_s,
        "service_s": verdict.service_s,
        "cost": verdict.cost,
        "violations": [
            {
                "rule": str(one.rule),
                "facts": dict(phrase.facts),
                "words": str(phrase),
            }
            for one in verdict.violations
            for phrase in [violation_phrase(one, built, names=names)]
        ],
    }


def violation_phrase(
    violation: Violation, built: WeekToPlan, *, names: Mapping[int, str]
) -> Phrase:
    """Return a violation as a sentence with the names people use for objects, grids and days."""
    facts = dict(violation.facts)
    for fact in ("task", "place"):
        key = str(facts.get(fact, ""))
        if key in built.objects:
            facts[fact] = built.objects[key].name
    for fact in ("day", "other_day"):
        if fact in facts:
            facts[fact] = int(facts[fact]) + 1
    if str(facts.get("grid", "")).isdecimal():
        facts["grid"] = names.get(int(facts["grid"]), "")
    return Phrase(SENTENCES[violation.rule], facts)
