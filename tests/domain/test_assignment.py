"""Proposals: units by kind, river banks before areas, borders asked about, nobody twice."""

from inspect_app.domain.assignment import (
    PROPOSED_ROUTING,
    Asked,
    Ground,
    Holder,
    Near,
    departments_of,
    proposals,
)
from inspect_app.domain.codes import OwnerDuty

PLACE = (120.5, 30.5)


def near(person: int, *, distance_m: float = 0.0, name: str = "") -> Near:
    holder = Holder(person, f"人{person}", OwnerDuty.RESPONSIBLE_PERSON, person, f"网格{person}")
    return Near(holder, distance_m, name)


def asked(*types: str, subtypes: tuple[str, ...] = ()) -> Asked:
    return Asked(PLACE, types, subtypes)


def grounds(found) -> list[tuple[str, object]]:
    return [(one.ground.value, one.department or one.holder.person_id) for one in found]


def propose(told: Asked, *, rivers=(), areas=()):
    return proposals(told, routing=PROPOSED_ROUTING, rivers=rivers, areas=areas)


def test_a_river_bank_comes_before_the_area_for_water_only():
    places = {"rivers": [near(2, distance_m=41.6, name="总干渠三段")], "areas": [near(1)]}
    found = propose(asked("water", "air"), **places)
    assert grounds(found) == [("river", 2), ("area", 1)]
    assert found[0].words() == "涉水投诉,距总干渠三段 42 米,河段责任人在先"
    assert grounds(propose(asked("air"), **places)) == [("area", 1)]


def test_one_person_over_bank_and_area_is_proposed_once():
    found = propose(asked("water"), rivers=[near(1, distance_m=5, name="河")], areas=[near(1)])
    assert grounds(found) == [("river", 1)]


def test_a_near_border_asks_between_both_owners():
    found = propose(asked("air"), areas=[near(1), near(3, distance_m=12)])
    assert grounds(found) == [("area", 1), ("border", 3)]
    assert [one.choose for one in found] == [True, True]
    same = propose(asked("air"), areas=[near(1), near(1, distance_m=12)])
    assert [one.choose for one in same] == [False]


def test_a_unit_is_first_when_all_kinds_are_its_and_last_when_some_are():
    site = asked("noise", subtypes=("site_noise",))
    assert grounds(propose(site, areas=[near(1)])) == [
        ("department", "住房和城乡建设局"),
        ("area", 1),
    ]
    mixed = asked("noise", "air", subtypes=("site_noise", "dust"))
    assert grounds(propose(mixed, areas=[near(1)]))[0] == ("area", 1)
    assert grounds(propose(mixed, areas=[near(1)]))[-1][0] == "department"


def test_a_rule_of_the_type_serves_where_no_subtype_has_one():
    assert departments_of(asked("ecology"), PROPOSED_ROUTING) == (["自然资源局"], True)
    assert departments_of(asked("noise"), PROPOSED_ROUTING) == ([], False)


def test_without_a_place_and_rule_nobody_is_proposed():
    assert propose(Asked(None, ("air",))) == []
    assert Ground("area") in Ground
