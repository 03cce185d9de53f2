"""Which type of finding a complaint hints at."""

import pytest

from inspect_app.domain.codes import FindingType, PollutionType
from inspect_app.domain.finding_hints import finding_hint


@pytest.mark.parametrize(
    ("types", "subtypes", "hint"),
    [
        (["water"], [], "abnormal_water"),
        (["water"], ["farm_sewage"], "livestock"),
        (["water"], ["industrial_water"], "direct_discharge"),
        (["air"], ["odour"], "odour_dust"),
        (["soil", "noise"], [], "noise"),
        (["radiation"], ["unknown"], "other"),
        ([], [], "other"),
    ],
)
def test_a_subtype_hints_before_its_type(types, subtypes, hint):
    assert finding_hint(types, subtypes) == hint


@pytest.mark.parametrize("kind", PollutionType)
def test_every_pollution_type_hints_at_some_type(kind):
    assert finding_hint([kind.value]) in list(FindingType)
