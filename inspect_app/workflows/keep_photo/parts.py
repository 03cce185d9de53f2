"""Parts: photos on their way, each one file whose size is the offset, under one lock."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inspect_app.domain.problems import Problem
from inspect_app.workflows.keep_photo.shelf import make_folder, sync_folder

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class Part:
    """An open part, held by this process alone until its block ends."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle

    @property
    def size(self) -> int:
        """How many bytes there are: the true offset."""
        return os.fstat(self._handle).st_size

    def append(self, chunk: bytes) -> None:
        """Add bytes at the end and sync them; where the disk is full nothing half is left."""
        before = self.size
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[os.pwrite(self._handle, rest, self.size) :]
            os.fsync(self._handle)
        except OSError:
            os.ftruncate(self._handle, before)
            raise

    def restart(self) -> None:
        """Throw away what is there: the offset is 0 again."""
        os.ftruncate(self._handle, 0)

    def shelve(self, place: Path) -> None:
        """Move the whole, synced part to its place on the shelf, safe from a power cut."""
        os.fsync(self._handle)
        make_folder(place.parent)
        self.path.replace(place)
        sync_folder(place.parent)


@contextmanager
def open_part(path: Path) -> Iterator[Part]:
    """Open a part, made if need be, and hold it: of several processes one writes at a time."""
    make_folder(path.parent)
    with _held(_locked(path, os.O_RDWR | os.O_CREAT), path) as part:
        yield part


@contextmanager
def open_known_part(path: Path) -> Iterator[Part | None]:
    """Open a part as `open_part` does, or give None where there is none."""
    try:
        handle = _locked(path, os.O_RDWR)
    except FileNotFoundError:
        handle = None
    if handle is None:
        yield None
        return
    with _held(handle, path) as part:
        yield part


@contextmanager
def _held(handle: int, path: Path) -> Iterator[Part]:
    """Give the part of a locked file; one that is empty in the end is taken away."""
    part = Part(path, handle)
    try:
        yield part
    finally:
        if part.size == 0 and _named(handle, path):
            path.unlink()
        os.close(handle)


def _locked(path: Path, flags: int) -> int:
    """Return a locked handle of the file that has this name now.

    While one waits for the lock, its holder may rename or remove the file: then the lock is on a
    file that is no part any more, and the name is opened anew.
    """
    while True:
        handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _named(handle, path):
            return handle
        os.close(handle)


def _named(handle: int, path: Path) -> bool:
    """Whether the open file is the one of this name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def room_on_disk() -> Iterator[None]:
    """Answer a full disk or a used-up quota as a refusal that may be tried again."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        raise Problem("disk_full") from error


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
