"""`make bench`: every benchmark of this folder, one table after the other.

Those that read a database get a throw-away PostGIS with the demo county, unless DATABASE_URL names
a seeded one. `python -m benchmarks layers plan` runs only the named ones; what follows from the
first dash on are options: `python -m benchmarks plan --counties 500 --seconds 2,10`.
"""

import importlib
import itertools
import os
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import benchmarks
from inspect_app.cli import main as inspect_app
from inspect_app.cli.cluster import throwaway_cluster

READ_DATABASE = {"imports", "layers", "preview"}


def main() -> None:
    """Run the named benchmarks, or all of them."""
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    given = sys.argv[1:]
    names = list(itertools.takewhile(lambda word: not word.startswith("-"), given))
    options = given[len(names) :]
    wanted = names or [name for name in known if not name.startswith("_")]
    if unknown := set(wanted) - set(known):
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    with demo_database(needed=bool(READ_DATABASE & set(wanted))):
        for name in wanted:
            entry = getattr(importlib.import_module(f"benchmarks.{name}"), "main", None)
            if entry is not None:
                print(f"\n== {name} ==", flush=True)
                entry(*([options] if options else []))


@contextmanager
def demo_database(*, needed: bool) -> Iterator[None]:
    """Set DATABASE_URL to a seeded database for the time of the block."""
    if not needed or os.environ.get("DATABASE_URL"):
        yield
        return
    os.environ["INSPECT_DEMO"] = "1"
    with throwaway_cluster() as cluster:
        os.environ["DATABASE_URL"] = cluster.url("postgres")
        os.environ["INSPECT_DATA_DIR"] = str(cluster.home / "files")
        for command in (["migrate"], ["seed"]):
            inspect_app(command, standalone_mode=False)
        try:
            yield
        finally:
            del os.environ["DATABASE_URL"]


if __name__ == "__main__":
    main()
