"""Whom a matter is proposed to: place × kind, river banks before areas, borders asked about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from inspect_app.domain.codes import OwnerDuty, PollutionType


class Ground(StrEnum):
    """Why somebody is proposed."""

    DEPARTMENT = "department"
    RIVER = "river"
    AREA = "area"
    BORDER = "border"


GROUNDS: Mapping[Ground, str] = {
    Ground.DEPARTMENT: "按职责分工由%(department)s办理",
    Ground.RIVER: "涉水投诉,距%(name)s %(distance_m)s 米,河段责任人在先",
    Ground.AREA: "事发地所在网格的责任人",
    Ground.BORDER: "距该网格边界 %(distance_m)s 米,请核对",
}
"""Sentences of the grounds; the names in them are the facts."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Which unit a kind belongs to; without a subtype the whole type."""

    pollution_type: str
    pollution_subtype: str | None
    department: str


PROPOSED_ROUTING = (
    Routing("noise", "site_noise", "住房和城乡建设局"),
    Routing("noise", "social_noise", "公安局"),
    Routing("noise", "traffic_noise", "公安局交警大队"),
    Routing("air", "cooking_fume", "综合行政执法局"),
    Routing("water", "farm_sewage", "农业农村局"),
    Routing("ecology", None, "自然资源局"),
)
"""What a new county starts with, after the division of work in article 8 of the Noise Act and its
like; local governments divide otherwise."""


ROUTING_SOURCE = "建议值"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a matter: degrees in EPSG:4490 or no place, and its kinds."""

    place: tuple[float, float] | None
    types: tuple[str, ...]
    subtypes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who owns a grid by a duty."""

    person_id: int
    person_name: str
    duty: OwnerDuty
    grid_id: int
    grid_name: str


@dataclass(frozen=True, slots=True)
class Near:
    """An owner found near the place: over what, how far, under which name."""

    holder: Holder
    distance_m: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed handler: a person by a duty, or another unit; with the ground in words.

    `choose` marks those between whom somebody has to choose because a border is near.
    """

    ground: Ground
    holder: Holder | None = None
    department: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    choose: bool = False

    def words(self) -> str:
        """Return the ground in Chinese."""
        return GROUNDS[self.ground] % dict(self.facts)


def departments_of(asked: Asked, routing: Iterable[Routing]) -> tuple[list[str], bool]:
    """Return the units the kinds belong to, and whether every kind belongs to one of them.

    A rule of a subtype beats that of its type; a type told without subtype needs a rule of its own.
    """
    rules = {(rule.pollution_type, rule.pollution_subtype): rule.department for rule in routing}
    parents = {subtype: kind for kind, subtype in rules if subtype is not None}
    found: list[str] = []
    unrouted = False
    for kind in asked.types:
        mine = [one for one in asked.subtypes if parents.get(one) == kind]
        departments = [rules[kind, one] for one in mine]
        whole = rules.get((kind, None))
        if whole is not None and not departments:
            departments = [whole]
        unrouted = unrouted or not departments
        found += [one for one in departments if one not in found]
    return found, not unrouted


def proposals(
    asked: Asked,
    *,
    routing: Iterable[Routing],
    rivers: Sequence[Near],
    areas: Sequence[Near],
) -> list[Proposal]:
    """Return the proposed handlers, first one first.

    A unit to which every kind belongs comes first; else, for water, the owner of the nearest river
    bank; then the owner of the place's grid; then owners across a near border, marked with it for
    a choice; last a unit to which only some kinds belong. Nobody is proposed twice.

    Parameters
    ----------
    asked
        The matter.
    routing
        Which kinds belong to which unit.
    rivers, areas
        Owners near the place, nearest first; the first area is the one the place lies in.
    """
    departments, is_all = departments_of(asked, routing)
    others = [
        Proposal(Ground.DEPARTMENT, department=one, facts={"department": one})
        for one in departments
    ]
    found = list(others) if is_all else []
    if PollutionType.WATER.value in asked.types:
        found += [
            Proposal(Ground.RIVER, near.holder, facts=_told(near), choose=False)
            for near in rivers[:1]
        ]
    is_near_border = len({near.holder.person_id for near in areas}) > 1
    for place, near in enumerate(areas):
        ground = Ground.BORDER if place else Ground.AREA
        facts = _told(near) if place else {}
        found.append(Proposal(ground, near.holder, facts=facts, choose=is_near_border))
    if not is_all:
        found += others
    return _each_once(found)


def _told(near: Near) -> dict[str, str | int]:
    return {"name": near.name, "distance_m": round(near.distance_m)}


def _each_once(found: Iterable[Proposal]) -> list[Proposal]:
    seen: set[object] = set()
    kept = []
    for one in found:
        key = one.department if one.holder is None else one.holder.person_id
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept
