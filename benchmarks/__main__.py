"""`make bench`: every benchmark of this folder, one table after the other."""

import importlib
import pkgutil
import sys

import benchmarks


def main() -> None:
    """Run the named benchmarks, or all of them."""
    wanted = set(sys.argv[1:])
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("_") or (wanted and module.name not in wanted):
            continue
        entry = getattr(importlib.import_module(f"benchmarks.{module.name}"), "main", None)
        if entry is not None:
            print(f"\n== {module.name} ==", flush=True)
            entry()


if __name__ == "__main__":
    main()
