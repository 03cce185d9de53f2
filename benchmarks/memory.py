"""Memory of a process and all it has started, each page counted once."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

EVERY_S = 0.1
_PROC = Path("/proc")
# The share of a page is one over the number of processes that have it: sums count no page twice.
_SHARE = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


class PeakMemory:
    """The most memory that was seen, in MB; 0 where the system does not tell."""

    def __init__(self) -> None:
        self.mb = 0
        self.processes = 0

    def look(self) -> None:
        """Add up this process and those it has started, as they are now."""
        shares = [share for pid in _family() if (share := _share_kb(pid))]
        if sum(shares) // 1024 > self.mb:
            self.mb, self.processes = sum(shares) // 1024, len(shares)


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    """Look at the memory ten times a second until the block is left."""
    peak, over = PeakMemory(), Event()

    def watch() -> None:
        while not over.wait(EVERY_S):
            peak.look()

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _family() -> list[int]:
    """Return this process and all below it."""
    parents = dict(filter(None, map(_parent, _PROC.glob("[0-9]*"))))
    family = [os.getpid()]
    for pid in family:
        family += [child for child, parent in parents.items() if parent == pid]
    return family


def _parent(folder: Path) -> tuple[int, int] | None:
    try:
        # The name before the last bracket may hold anything, spaces too.
        facts = (folder / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(folder.name), int(facts[1])


def _share_kb(pid: int) -> int:
    try:
        found = _SHARE.search((_PROC / str(pid) / "smaps_rollup").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found[1]) if found else 0
