"""Disk: what would be left of the files after a power cut, by what was synced before it."""

import os
from pathlib import Path


class Disk:
    """A log of syncs and renames, and the cut that takes away whatever was not synced.

    Killing processes leaves the page cache alone; only this makes a missing fsync visible.
    """

    def __init__(self, log: Path, *, keeps: bool = True) -> None:
        self._log, self.keeps = log, keeps

    def note_synced(self, handle: int) -> None:
        """Note that a file with so many bytes, or a folder with its names, has reached the disk."""
        facts = os.fstat(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        self._note("synced", str(path), f"{facts.st_ino}:{facts.st_size}")

    def note_renamed(self, source: object, target: object) -> None:
        """Note a rename; it is on the disk once its folder is synced."""
        self._note("renamed", str(Path(str(source)).resolve()), str(Path(str(target)).resolve()))

    def _note(self, what: str, *facts: str) -> None:
        # One write in append mode is whole, whoever else writes, and survives a kill.
        line = "\t".join((what, *facts)) + "\n"
        handle = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def cut(self, folder: Path) -> int:
        """Take from the files of a folder what was not synced; return how many bytes."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        synced: dict[int, int] = {}
        unsafe: dict[str, str] = {}
        for what, first, second in (line.split("\t") for line in lines):
            if what == "renamed":
                unsafe[second] = first
                continue
            inode, size = map(int, second.split(":"))
            synced[inode] = size
            unsafe = {new: old for new, old in unsafe.items() if str(Path(new).parent) != first}
        for new, old in unsafe.items():
            if Path(new).exists() and not Path(old).exists():
                Path(new).rename(old)
        return sum(_shorten(file, synced) for file in folder.rglob("*") if file.is_file())


def _shorten(file: Path, synced: dict[int, int]) -> int:
    facts = file.stat()
    left = min(facts.st_size, synced.get(facts.st_ino, 0))
    if left < facts.st_size:
        os.truncate(file, left)
    return facts.st_size - left
