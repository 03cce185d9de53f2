"""Turns: whose turn the next step of a matter is, and who is told when it is late."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from inspect_app.domain.access import Role
from inspect_app.domain.deadlines.facts import OverdueLevel
from inspect_app.domain.matter_codes import MATTER_OPEN, MatterState

M = MatterState


@dataclass(frozen=True, slots=True)
class Wait:
    """For whom matters of some states wait: holders of the roles, or who handles them."""

    states: tuple[MatterState, ...]
    roles: frozenset[Role] = frozenset()
    handler: bool = False
    extension: bool = False


WAITS: tuple[Wait, ...] = (
    Wait((M.REGISTERED,), frozenset({Role.CLERK, Role.DEPUTY})),
    Wait((M.ACCEPTED,), frozenset({Role.CLERK, Role.CHIEF, Role.DEPUTY})),
    Wait((M.ASSIGNED, M.INVESTIGATING, M.VERIFIED, M.HANDLING), handler=True),
    Wait((M.REPLY_REVIEW, M.REPLIED, M.PHASE_CLOSED), frozenset({Role.DEPUTY})),
    Wait((M.TRANSFERRED, M.IN_REVIEW, M.IN_RECHECK), frozenset({Role.DEPUTY})),
    Wait((M.CLOSED,), frozenset({Role.CLERK, Role.STATION})),
    Wait((M.REVISITED,), frozenset({Role.CLERK})),
    Wait((M.SUSPENDED,), frozenset({Role.DIRECTOR})),
    Wait(MATTER_OPEN, frozenset({Role.DIRECTOR}), extension=True),
)
"""Who is expected to take the next step. A permission says who may, this says whose turn it is."""

LEVEL_OF_ROLE = {
    Role.CHIEF: OverdueLevel.CHIEF,
    Role.DEPUTY: OverdueLevel.DEPUTY,
    Role.DIRECTOR: OverdueLevel.DIRECTOR,
}
LEVELS = list(OverdueLevel)
UPPER_LEVELS = tuple(level for level in OverdueLevel if level is not OverdueLevel.OWNER)
"""Levels a matter goes up to; its owner knows of it anyway."""


def waits_for_handler(state: str) -> bool:
    """Whether a matter of this state waits for those who handle it."""
    return any(wait.handler for wait in WAITS if state in wait.states)


def roles_waited_for(state: str) -> tuple[Role, ...]:
    """Return the roles whose turn it is in a state, in the order of the roles."""
    waits = [wait for wait in WAITS if state in wait.states and not wait.extension]
    return tuple(role for role in Role if any(role in wait.roles for wait in waits))


def levels_up_to(level: OverdueLevel | None) -> tuple[OverdueLevel, ...]:
    """Return the upper levels a matter has gone up to, the lowest first."""
    if level is None:
        return ()
    return tuple(one for one in UPPER_LEVELS if LEVELS.index(one) <= LEVELS.index(level))


def told_of_levels(
    owners: Sequence[int], posts: Collection[tuple[int, Role]], *, late: Collection[int] = ()
) -> dict[OverdueLevel, tuple[int, ...]]:
    """Return the persons told at each upper level.

    `owners` are the owners of the grids above the matter's, nearest first; the first is told with
    the first level, the next with the second. `posts` are the holders of leading roles over the
    matter's grid: they are told at the level of their role, also where they own an upper grid. Who
    is late is not told of it; a level without anybody tells those of the next.
    """
    led = [(person, LEVEL_OF_ROLE[role]) for person, role in posts if person not in late]
    leaders = {person for person, _ in led}
    told = {level: [person for person, one in led if one is level] for level in UPPER_LEVELS}
    upper = [person for person in dict.fromkeys(owners) if person not in late]
    for step, person in enumerate(upper):
        if person not in leaders:
            told[UPPER_LEVELS[min(step, len(UPPER_LEVELS) - 1)]].append(person)
    for above, below in pairwise(reversed(UPPER_LEVELS)):
        told[below] = told[below] or told[above]
    return {level: tuple(dict.fromkeys(persons)) for level, persons in told.items()}
