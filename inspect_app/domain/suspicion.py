"""How near an outlet or source lies to what is complained of, in points with their reasons."""

from collections.abc import Mapping
from dataclasses import dataclass

from inspect_app.domain.problems import Phrase
from inspect_app.domain.waste import Waste

M_PER_KM = 1_000


@dataclass(frozen=True, slots=True)
class PointRules:
    """What counts how much; every number is a policy of the county."""

    distance: float
    kind: float
    named: float
    each: float
    counted_max: float
    overdue: float
    possible_share: float
    history_days: int


RULE_POLICIES = (
    "trace_points_distance",
    "trace_points_kind",
    "trace_points_named",
    "trace_points_each",
    "trace_counted_max",
    "trace_points_overdue",
    "trace_possible_share",
    "trace_history_days",
)
"""The policies of `PointRules`, in the order of its fields."""


def point_rules(values: Mapping[str, float]) -> PointRules:
    """Return the rules of policy values."""
    distance, kind, named, each, most, overdue, share, days = (values[key] for key in RULE_POLICIES)
    return PointRules(distance, kind, named, each, most, overdue, share, int(days))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an outlet or source that lies upstream.

    Parameters
    ----------
    distance_m, of_m
        Along the water, and the greatest distance that is looked at.
    certain, gates
        Whether all directions on the way are known, and how many gates stand in it.
    matching
        Kinds of waste water that it lets out and the complaint tells of.
    named
        The complaint is about this very unit.
    findings, complaints, overdue
        Of the past: problems found there, complaints about it, cures that are late.
    """

    distance_m: float
    of_m: float
    certain: bool = True
    gates: int = 0
    matching: frozenset[Waste] = frozenset()
    named: bool = False
    findings: int = 0
    complaints: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Points and the reasons that add up to them."""

    points: float
    reasons: tuple[Phrase, ...]


def suspicion(evidence: Evidence, rules: PointRules) -> Suspicion:
    """Add up the points of an outlet or source; what has none is not told, but for gates."""
    parts = [
        _distance(evidence, rules),
        _kind(evidence, rules),
        _named(evidence, rules),
        _history(evidence, rules),
        _overdue(evidence, rules),
    ]
    told = [(points, phrase) for points, phrase in parts if phrase is not None]
    points = sum(points for points, _ in told)
    reasons = [phrase for _, phrase in told]
    if not evidence.certain:
        points *= rules.possible_share
        share = f"{rules.possible_share:g}"
        reasons.append(Phrase("途中有流向不明的水道,只是可能,得分乘以 %(share)s", {"share": share}))
    if evidence.gates:
        facts = {"gates": evidence.gates}
        reasons.append(Phrase("途经 %(gates)s 座闸,关闸时水不通", facts))
    return Suspicion(round(points, 1), tuple(reasons))


Part = tuple[float, Phrase | None]


def _distance(evidence: Evidence, rules: PointRules) -> Part:
    points = rules.distance * max(0.0, 1 - evidence.distance_m / evidence.of_m)
    facts = {"km": f"{evidence.distance_m / M_PER_KM:.1f}", "points": f"{points:.0f}"}
    return points, Phrase("沿水路 %(km)s 公里,%(points)s 分", facts)


def _kind(evidence: Evidence, rules: PointRules) -> Part:
    if not evidence.matching:
        return 0.0, None
    kind = min(evidence.matching, key=list(Waste).index)
    facts = {"waste": kind.label, "points": f"{rules.kind:.0f}"}
    return rules.kind, Phrase("所排%(waste)s与反映的相符,加 %(points)s 分", facts)


def _named(evidence: Evidence, rules: PointRules) -> Part:
    if not evidence.named:
        return 0.0, None
    return rules.named, Phrase(
        "正是被反映的单位,加 %(points)s 分", {"points": f"{rules.named:.0f}"}
    )


def _history(evidence: Evidence, rules: PointRules) -> Part:
    count = min(evidence.findings + evidence.complaints, rules.counted_max)
    if not count:
        return 0.0, None
    points = rules.each * count
    facts = {
        "days": rules.history_days,
        "findings": evidence.findings,
        "complaints": evidence.complaints,
        "points": f"{points:.0f}",
    }
    told = "近 %(days)s 天有问题 %(findings)s 件、投诉 %(complaints)s 件,加 %(points)s 分"
    return points, Phrase(told, facts)


def _overdue(evidence: Evidence, rules: PointRules) -> Part:
    if not evidence.overdue:
        return 0.0, None
    facts = {"count": evidence.overdue, "points": f"{rules.overdue:.0f}"}
    return rules.overdue, Phrase("%(count)s 件整改逾期未完成,加 %(points)s 分", facts)
