"""Compiled: which pairs of places have a way that leads over no other place."""

from gis.routing.cuts.values import NO_WAY, Costs, Ints
from gis.routing.engine.compiled import compiled, inlined


@inlined
def _leads_over(least: Costs, one: int, other: int, via: int) -> bool:
    """Tell whether the way between two places over a third one is no dearer."""
    if via in (one, other):
        return False
    return bool(int(least[one, via]) + int(least[other, via]) <= int(least[one, other]))


@inlined
def _is_direct(least: Costs, nearest: Ints, one: int, other: int) -> bool:
    direct = True
    for index in range(nearest.shape[1]):
        direct &= not _leads_over(least, one, other, nearest[one, index])
        direct &= not _leads_over(least, one, other, nearest[other, index])
        if not direct:
            break
    for via in range(len(least)):
        if not direct:
            break
        direct = not _leads_over(least, one, other, via)
    return direct


@compiled
def direct_pairs(least: Costs, nearest: Ints, found: Ints) -> int:
    """Write the pairs whose way does not lead over a third place; return how many there are.

    The places ``nearest`` to either end are looked at first.
    """
    number = 0
    for one in range(len(least)):
        for other in range(one + 1, len(least)):
            if least[one, other] < NO_WAY and _is_direct(least, nearest, one, other):
                if number < len(found):
                    found[number, 0] = one
                    found[number, 1] = other
                number += 1
    return number
