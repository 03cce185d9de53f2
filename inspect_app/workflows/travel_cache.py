"""Keep what is costly about travel on disk: noded roads, orders of hierarchies, matrices."""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog

Arrays = Mapping[str, npt.NDArray[Any]]

FOLDER = "travel"
"""Where matrices lie under the data folder; all of it can be computed again."""
MAX_BYTES = 2 * 1024**3
"""A matrix of a large county (5,800 places) has 134 MB: two modes in seven versions."""
_LABEL = "label"
_SUFFIX = ".npz"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class MatrixStore:
    """A folder of arrays, each under a kind and the digest of all it was made from.

    A file is written beside its place and then moved there, so that nobody reads half of one. What
    is read must carry its own kind and digest and pass the checksums; else it is told in the log
    and counts as absent. The files not used for longest go when all are larger than `max_bytes`.

    Parameters
    ----------
    data_dir
        The installation's data folder.
    max_bytes
        How large all files together may be.
    """

    data_dir: Path
    max_bytes: int = MAX_BYTES

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return self.data_dir / "cache" / FOLDER

    def load(self, kind: str, digest: str) -> Arrays | None:
        """Return the arrays kept under a kind and digest; None when there are none to trust.

        Cost: reading and checking 134 MB takes about 0.3 s.
        """
        path = self._path(kind, digest)
        try:
            # A file that numpy cannot read it does not close either.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as fault:
            log.warning("travel_cache_damaged", file=path.name, fault=str(fault))
            return None
        if str(arrays.pop(_LABEL, "")) != _label(kind, digest):
            log.warning("travel_cache_foreign", file=path.name)
            return None
        # The time of use decides what goes first.
        os.utime(path)
        return arrays

    def save(self, kind: str, digest: str, arrays: Arrays) -> None:
        """Keep arrays in the place of what lay there; a full disk is told in the log."""
        try:
            self._write(
                self._path(kind, digest), {**arrays, _LABEL: np.array(_label(kind, digest))}
            )
            self._prune()
        except OSError as fault:
            log.warning("travel_cache_not_written", kind=kind, fault=str(fault))

    def _path(self, kind: str, digest: str) -> Path:
        return self.folder / f"{kind}-{digest}{_SUFFIX}"

    def _write(self, path: Path, arrays: Arrays) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)

    def _prune(self) -> None:
        """Remove the files not used for longest; the newest always stays."""
        files = [(path, path.stat()) for path in self.folder.glob(f"*{_SUFFIX}")]
        files.sort(key=lambda file: file[1].st_mtime_ns, reverse=True)
        total = 0
        for number, (path, facts) in enumerate(files):
            total += facts.st_size
            if number and total > self.max_bytes:
                path.unlink(missing_ok=True)
                log.info("travel_cache_pruned", file=path.name, bytes=facts.st_size)


def _label(kind: str, digest: str) -> str:
    return f"{kind} {digest}"
