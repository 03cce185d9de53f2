"""Which type of finding a complaint hints at, before anybody has looked."""

from collections.abc import Iterable, Mapping

from inspect_app.domain.codes import FindingType, PollutionType
from inspect_app.domain.intake import PollutionSubtype

SUBTYPE_HINTS: Mapping[str, FindingType] = {
    PollutionSubtype.INDUSTRIAL_WATER.value: FindingType.DIRECT_DISCHARGE,
    PollutionSubtype.DOMESTIC_SEWAGE.value: FindingType.DIRECT_DISCHARGE,
    PollutionSubtype.FARM_SEWAGE.value: FindingType.LIVESTOCK,
}
TYPE_HINTS: Mapping[str, FindingType] = {
    PollutionType.AIR.value: FindingType.ODOUR_DUST,
    PollutionType.WATER.value: FindingType.ABNORMAL_WATER,
    PollutionType.NOISE.value: FindingType.NOISE,
    PollutionType.SOLID_WASTE.value: FindingType.SOLID_WASTE,
}


def finding_hint(types: Iterable[str], subtypes: Iterable[str] = ()) -> FindingType:
    """Return the first hint the subtypes give, else the first the types give, else `other`."""
    hints = [SUBTYPE_HINTS.get(one) for one in subtypes] + [TYPE_HINTS.get(one) for one in types]
    return next((hint for hint in hints if hint is not None), FindingType.OTHER)
