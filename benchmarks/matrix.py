"""How long travel matrices of a county of 100,000 road nodes take, by each engine; peak memory."""

import resource
import subprocess
import sys
import time

import numpy as np

from benchmarks.county import road_network
from gis.routing.router import Banks, Engine, Router, Topology, TravelRules

SEED = 1
REACHES = 10_000
"""A generated county has ten road nodes for each reach."""
# Engine, terminals, the seconds that may pass. The largest is a county of 2,900 reaches.
ROWS = (
    (Engine.hierarchy, 2_000, 10.0),
    (Engine.hierarchy, 5_800, None),
    (Engine.dijkstra, 2_000, 60.0),
)
RULES = TravelRules()


def main() -> None:
    """Print one row per engine and size, each measured in a process of its own."""
    print(
        f"{'engine':>10}{'nodes':>9}{'terminals':>10}{'topology s':>11}{'order s':>9}"
        f"{'matrix s':>9}{'close s':>9}{'1 stop ms':>10}{'leg ms':>8}{'peak MB':>9}"
    )
    for engine, terminals, limit_s in ROWS:
        if engine is Engine.hierarchy and Engine.best() is not Engine.hierarchy:
            print(f"{engine:>10}  not installed")
            continue
        told = "" if limit_s is None else str(limit_s)
        command = [sys.executable, "-m", "benchmarks.matrix", str(engine), str(terminals), told]
        subprocess.run(command, check=True)  # noqa: S603 - our own module


def measure(engine: Engine, terminals: int, *, limit_s: float | None) -> None:
    """Print one row; CPU seconds of this process."""
    rng = np.random.default_rng(SEED)
    network = road_network(REACHES, rng=rng)
    side_m = network.nodes_xy.max()
    clock = _Clock()
    topology = Topology(network, banks=Banks.of_lines([]), snap_m=RULES.snap_m)
    router = Router(topology, RULES, engine=engine)
    topology_s = clock.lap()
    router.sweep(np.array([0]), backward=False)
    order_s = clock.lap()
    # Places beside the roads: each is joined in the middle of an edge.
    edges = rng.choice(len(network.u), terminals, replace=False)
    middle = (network.nodes_xy[network.u[edges]] + network.nodes_xy[network.v[edges]]) / 2
    clock.lap()
    travel = router.matrix(middle + rng.uniform(-20, 20, middle.shape))
    matrix_s = clock.lap()
    closed = router.closed(edges=edges[:5])
    closed.sweep(np.array([0]), backward=False)
    close_s = clock.lap()
    travel.rows(rng.random((1, 2)) * side_m)
    clock.lap()
    for _ in range(5):
        travel.rows(rng.random((1, 2)) * side_m)
    stop_ms = clock.lap() / 5 * 1000
    pairs = [(int(a), int(b)) for a, b in rng.integers(0, terminals, (100, 2))]
    pairs = pairs if engine is Engine.hierarchy else pairs[:5]
    travel.legs(pairs)
    leg_ms = clock.lap() / len(pairs) * 1000
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    slow = limit_s is not None and matrix_s > limit_s
    print(
        f"{engine:>10}{len(network.nodes_xy):9d}{terminals:10d}{topology_s:11.1f}{order_s:9.1f}"
        f"{matrix_s:9.1f}{close_s:9.2f}{stop_ms:10.1f}{leg_ms:8.1f}{peak_mb:9.0f}"
        + (f"  SLOWER THAN {limit_s:.0f} s" if slow else "")
    )


class _Clock:
    """CPU seconds between laps."""

    def __init__(self) -> None:
        self._last = time.process_time()

    def lap(self) -> float:
        moment = time.process_time()
        passed, self._last = moment - self._last, moment
        return passed


if __name__ == "__main__":
    if len(sys.argv) > 1:
        name, count, limit = sys.argv[1:]
        measure(Engine(name), int(count), limit_s=float(limit) if limit else None)
    else:
        main()
