"""`python -m benchmarks.chaos`: run a size, print the table, end with 1 unless all is well."""

import argparse
import signal
import sys

from benchmarks.chaos.faults import CAPTURE, ENROLMENT, PHOTO, RECORD, SIZES, WORLD
from benchmarks.chaos.run import Outcome, Trial, run, site, total
from benchmarks.chaos.safeguards import SAFEGUARDS


def main() -> None:
    """Run every seed of the size."""
    asked = _asked()
    # Asked to end, it still takes down what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    size = SIZES[asked.size]
    seeds = [asked.seed] if asked.seed else range(1, size.seeds + 1)
    outcomes = []
    with site() as place:
        for seed in seeds:
            trial = Trial(size, seed, without=asked.without, control=asked.control)
            outcomes.append(run(trial, place))
            print_table(outcomes[-1])
    verdict = total(outcomes)
    records = verdict.held["records"]
    print(f"{records:,} records: with none lost the true share is below {3 / records:.1e} (95 %)")
    print(verdict.sentence)
    sys.exit(0 if verdict.clean else 1)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="ci")
    parser.add_argument("--seed", type=int, help="one seed instead of the size's own")
    parser.add_argument("--without", choices=SAFEGUARDS, default="", help="take a safeguard away")
    parser.add_argument("--control", action="store_true", help="plain POST: it must double")
    return parser.parse_args()


def print_table(outcome: Outcome) -> None:
    """Print what was sent, what struck and what came of it."""
    held, trial = outcome.verdict.held, outcome.trial
    kind = "control" if trial.control else "protocol"
    if trial.without:
        kind += f" without {trial.without}"
    parts = " + ".join(f"{part:.0f}" for part in outcome.seconds)
    seconds = f"{sum(outcome.seconds):.0f} s ({parts}: start, run, judge)"
    print(f"\nseed {trial.seed}, {trial.size.tablets} tablets, {kind}: {seconds}")
    for what in ("records", "photos", "segments", "quarantined"):
        print(f"  {what:<28}{held[what]:>8,}")
    print(f"  {'faults':<28}{outcome.faults.total():>8,}")
    for name in (*ENROLMENT, *CAPTURE, *RECORD, *PHOTO, *WORLD):
        if outcome.faults[name]:
            print(f"    {name:<26}{outcome.faults[name]:>8,}")
    for what, count in outcome.kills.items():
        print(f"  {'killed ' + what if what != 'restarts' else what:<28}{count:>8,}")
    print(f"  {'changes by the office':<28}{outcome.changes.total():>8,}")
    if outcome.given_up:
        print(f"  {'tablets that gave up':<28}{outcome.given_up:>8,}")
    for note in outcome.verdict.notes:
        print(f"  {note}")
    print(f"  {outcome.verdict.sentence}", flush=True)


if __name__ == "__main__":
    main()
