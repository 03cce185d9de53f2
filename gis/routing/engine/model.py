"""The general routing problem as arrays: what the compiled search reads and writes.

Tasks have two ends and up to two directions; a stop has equal ends. Vehicles are crew-days. A set
of days is a bit mask, bit 0 the first day. Times, costs and worths are whole seconds (or the cost
unit of a benchmark file).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# Larger than any sum of costs, and still addable to itself without overflow.
NEVER = 1 << 50
UNLIMITED = 1 << 40
DAY_S = 86_400
NEIGHBOURS = 120


class InconsistentModel(ValueError):
    """The parts of a routing model do not fit together."""


class Clocks(NamedTuple):
    """Hours of the day; see ``Tasks`` and ``Vehicles``."""

    opens: Integers
    slack: Integers
    leave: Integers
    break_at: Integers
    break_s: Integers


class Usual(NamedTuple):
    """The plan a search should stay close to.

    Parameters
    ----------
    vehicle
        Per task (row) and day the vehicle that usually serves it; -1 for none.
    change
        Price of each visit served by another.
    focus
        Tasks around which to search most of the time; empty for everywhere.
    """

    vehicle: Indices
    change: int
    focus: Indices


class Model(NamedTuple):
    """Everything constant during a search; see ``model_of`` for the meaning of the parts.

    ``windows`` and ``priced`` tell whether anything waits and whether routes have an ``extra``
    price. Most weeks have neither, and the search of these is a quarter faster for asking first.
    """

    travel: Indices
    ends: Indices
    service: Integers
    ways: Integers
    demand: Integers
    times: Integers
    worth: Integers
    remoteness: Integers
    neighbours: Indices
    pattern_set: Integers
    patterns: Integers
    pattern_count: Integers
    uneasiness: Integers
    load_factor: Integers
    least_factor: Integers
    start: Integers
    end: Integers
    mode: Integers
    day: Integers
    team: Integers
    twin: Integers
    capacity: Integers
    limit: Integers
    permitted: Flags
    regular: Integers
    overtime_factor: int
    shares: Integers
    clocks: Clocks
    usual: Usual
    windows: bool
    priced: bool


class Routes(NamedTuple):
    """The current solution, with both halves of the direction programme of every route.

    ``reach[v, i, w]`` is the least cost from the start to the end of service of the i-th task in
    direction w; ``finish[v, i, w]`` the least cost from the beginning of that service to the end.
    Both leave out waiting; ``cost`` does not. ``timed`` counts the tasks with a window, ``extra``
    is the price of overtime and of visits that are not where they usually are.
    """

    order: Indices
    length: Integers
    load: Integers
    cost: Integers
    reach: Integers
    finish: Integers
    route_of: Indices
    position_of: Indices
    visited: Integers
    hours: Floats
    timed: Integers
    extra: Integers


@dataclass(frozen=True, slots=True)
class PatternSet:
    """The combinations of days a task may be visited on.

    Parameters
    ----------
    masks
        Complete patterns as bit masks; parts of a pattern are allowed at the price of the
        missing visits.
    uneasiness
        For every mask of days an extra cost, for combinations that are allowed but unloved.
        Empty means none.
    """

    masks: tuple[int, ...]
    uneasiness: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tasks:
    """What is to be done; arrays with one row a task.

    Parameters
    ----------
    ends
        First and last node of the forward direction.
    service
        Cost of serving forward and backward.
    one_way
        Only the forward direction is allowed.
    demand
        Load taken by one visit (times the pattern's load factor).
    times
        Visits due.
    worth
        Price of each visit left out; the service is not part of it.
    patterns
        Allowed combinations of days.
    opens, slack
        When the window of a task opens, in seconds after midnight, and for how long a visit can
        begin from then on: ``DAY_S`` without a window. None means no windows at all.
    """

    ends: npt.NDArray[np.integer]
    service: npt.NDArray[np.integer]
    one_way: Flags
    demand: npt.NDArray[np.integer]
    times: npt.NDArray[np.integer]
    worth: npt.NDArray[np.integer]
    patterns: Sequence[PatternSet]
    opens: npt.NDArray[np.integer] | None = None
    slack: npt.NDArray[np.integer] | None = None


@dataclass(frozen=True, slots=True)
class Vehicles:
    """Crew-days; arrays with one row a vehicle.

    Parameters
    ----------
    limit
        Bounds travel, waiting and service.
    regular
        Beyond this ``overtime_factor`` is paid besides; None means never.
    leave, break_at, break_s
        When the shift begins, in seconds after midnight; after how many seconds of it a visit must
        end for the break to follow, and the length of the break. Needed with windows only.
    shares
        Vehicles of which only one may be used form rings: each names the next, one alone itself.
    """

    start: npt.NDArray[np.integer]
    end: npt.NDArray[np.integer]
    mode: npt.NDArray[np.integer]
    day: npt.NDArray[np.integer]
    team: npt.NDArray[np.integer]
    capacity: npt.NDArray[np.integer]
    limit: npt.NDArray[np.integer]
    regular: npt.NDArray[np.integer] | None = None
    overtime_factor: int = 0
    leave: npt.NDArray[np.integer] | None = None
    break_at: npt.NDArray[np.integer] | None = None
    break_s: npt.NDArray[np.integer] | None = None
    shares: npt.NDArray[np.integer] | None = None


def model_of(
    travel: npt.NDArray[np.integer],
    tasks: Tasks,
    vehicles: Vehicles,
    *,
    permitted: Flags | None = None,
    load_factor: npt.NDArray[np.integer] | None = None,
    usual: Usual | None = None,
) -> Model:
    """Return the arrays of a search.

    Parameters
    ----------
    travel
        Cost between nodes per mode of travel, shape (modes, nodes, nodes); need not be symmetric.
        Of 32 bits it is not copied.
    permitted
        Which task (row) may be served by which vehicle (column); None means all by all. Vehicles
        of the same team and day have the same permissions.
    load_factor
        For a mask of days (row) and a day (column) by how much ``demand`` counts; None means 1.

    Raises
    ------
    InconsistentModel
        When arrays disagree in length.
    """
    count = len(tasks.ends)
    if any(len(part) != count for part in (tasks.service, tasks.times, tasks.patterns)):
        raise InconsistentModel("tasks")
    if permitted is None:
        permitted = np.ones((count, len(vehicles.start)), np.bool_)
    if permitted.shape != (count, len(vehicles.start)):
        raise InconsistentModel("permitted")
    days = int(vehicles.day.max(initial=0)) + 1
    if load_factor is None:
        load_factor = np.ones((1 << days, days), np.int64)
    legs: Indices = np.ascontiguousarray(travel, np.int32)
    ends: Indices = np.ascontiguousarray(tasks.ends, np.int32)
    # A stop has two equal directions: one is enough.
    two_ways = ~tasks.one_way & (tasks.ends[:, 0] != tasks.ends[:, 1])
    sets = {chosen: row for row, chosen in enumerate(dict.fromkeys(tasks.patterns))}
    patterns, pattern_count, uneasiness = _pattern_arrays(list(sets), masks=1 << days)
    return Model(
        legs,
        ends,
        _integers(tasks.service),
        1 + two_ways.astype(np.int64),
        _integers(tasks.demand),
        _integers(tasks.times),
        _integers(tasks.worth) + _integers(tasks.service).min(axis=1, initial=NEVER),
        _remoteness(legs, tasks, vehicles, permitted=permitted),
        _neighbours(legs, ends),
        _integers([sets[chosen] for chosen in tasks.patterns]),
        patterns,
        pattern_count,
        uneasiness,
        _integers(load_factor),
        _least_factors(_integers(load_factor)),
        _integers(vehicles.start),
        _integers(vehicles.end),
        _integers(vehicles.mode),
        _integers(vehicles.day),
        _integers(vehicles.team),
        _twins(vehicles),
        _integers(vehicles.capacity),
        _integers(vehicles.limit),
        np.ascontiguousarray(permitted, np.bool_),
        _or(vehicles.regular, np.full(len(vehicles.start), UNLIMITED)),
        int(vehicles.overtime_factor),
        _or(vehicles.shares, np.arange(len(vehicles.start))),
        _clocks(tasks, vehicles),
        usual or Usual(np.zeros((0, 0), np.int32), 0, np.zeros(0, np.int32)),
        windows=tasks.slack is not None,
        priced=vehicles.overtime_factor > 0 or usual is not None,
    )


def empty_routes(model: Model) -> Routes:
    """Return a solution in which nothing is served yet."""
    tasks, vehicles, days = len(model.ends), len(model.start), model.load_factor.shape[1]
    longest = longest_route(model) + 1
    return Routes(
        np.zeros((vehicles, longest), np.int32),
        np.zeros(vehicles, np.int64),
        np.zeros(vehicles, np.int64),
        np.zeros(vehicles, np.int64),
        np.zeros((vehicles, longest, 2), np.int64),
        np.zeros((vehicles, longest, 2), np.int64),
        np.full((tasks, days), -1, np.int32),
        np.zeros((tasks, days), np.int32),
        np.zeros(tasks, np.int64),
        np.zeros(int(model.team.max(initial=-1)) + 1, np.float64),
        np.zeros(vehicles, np.int64),
        np.zeros(vehicles, np.int64),
    )


def longest_route(model: Model) -> int:
    """Return a bound on the tasks of one route, from the shortest services and least loads."""
    by_time = np.cumsum(np.sort(model.service.min(axis=1)))
    by_load = np.cumsum(np.sort(model.demand))
    return min(
        int(np.searchsorted(by_time, model.limit.max(initial=0), side="right")),
        int(np.searchsorted(by_load, model.capacity.max(initial=0), side="right")),
    )


def _integers(values: npt.ArrayLike) -> Integers:
    return np.ascontiguousarray(values, np.int64)


def _or(values: npt.NDArray[np.integer] | None, otherwise: npt.NDArray[np.integer]) -> Integers:
    return _integers(otherwise if values is None else values)


def _clocks(tasks: Tasks, vehicles: Vehicles) -> Clocks:
    count, none = len(tasks.ends), np.zeros(len(vehicles.start), np.int64)
    slack = _or(tasks.slack, np.full(count, DAY_S))
    return Clocks(
        _or(tasks.opens, np.zeros(count, np.int64)),
        slack,
        _or(vehicles.leave, none),
        _or(vehicles.break_at, none + NEVER),
        _or(vehicles.break_s, none),
    )


def _pattern_arrays(
    sets: Sequence[PatternSet], *, masks: int
) -> tuple[Integers, Integers, Integers]:
    widest = max((len(chosen.masks) for chosen in sets), default=0)
    patterns = np.zeros((len(sets), max(widest, 1)), np.int64)
    uneasiness = np.zeros((len(sets), masks), np.int64)
    for row, chosen in enumerate(sets):
        patterns[row, : len(chosen.masks)] = chosen.masks
        known = chosen.uneasiness[:masks]
        uneasiness[row, : len(known)] = known
    return patterns, _integers([len(chosen.masks) for chosen in sets]), uneasiness


def _least_factors(load_factor: Integers) -> Integers:
    """Return for every mask of days the least factor of its days."""
    masks = np.arange(len(load_factor))[:, None]
    on_day = (masks >> np.arange(load_factor.shape[1])) & 1 == 1
    return _integers(np.where(on_day, load_factor, load_factor.max(initial=1)).min(axis=1))


def _twins(vehicles: Vehicles) -> Integers:
    """Return a number per kind of vehicle: of empty ones alike only one needs to be tried."""
    columns = (
        vehicles.start,
        vehicles.end,
        vehicles.mode,
        vehicles.day,
        vehicles.team,
        vehicles.capacity,
        vehicles.limit,
    )
    if not len(vehicles.start):
        return np.zeros(0, np.int64)
    _, kinds = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    return _integers(kinds).reshape(-1)


def _remoteness(travel: Indices, tasks: Tasks, vehicles: Vehicles, *, permitted: Flags) -> Integers:
    """Return the cost from the nearest permitted start to each task."""
    least = np.full(len(tasks.ends), NEVER, np.int64)
    for mode, start in np.unique(np.stack([vehicles.mode, vehicles.start], axis=1), axis=0):
        alike = (vehicles.mode == mode) & (vehicles.start == start)
        there = travel[mode, start][tasks.ends].min(axis=1).astype(np.int64)
        may = permitted[:, alike].any(axis=1)
        least = np.where(may, np.minimum(least, there), least)
    return least


def _neighbours(travel: Indices, ends: Indices) -> Indices:
    """Return for every task the nearest others, nearest first, by their closest ends."""
    # Only here and where it searches numba is loaded: pages that search nothing save its 100 MB.
    from gis.routing.engine.nearest import fill_nearest

    width = max(0, min(len(ends) - 1, NEIGHBOURS))
    nearest = np.zeros((len(ends), width), np.int32)
    if width:
        fill_nearest(travel, ends, nearest, np.zeros(width, np.int64))
    return nearest
