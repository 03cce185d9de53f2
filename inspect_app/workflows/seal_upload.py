"""Seal an upload: a file that waits for its confirmation lies sealed, is opened, and goes."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from inspect_app.queries.reporter_seal import ReporterSeal, SealBroken

KEPT = timedelta(days=1)
"""So long a file waits; then it goes, confirmed or not."""
_MARK = b"SEALED-1"
_PIECE = 1 << 20
_LENGTH_BYTES = 4


def seal_upload(source: IO[bytes], path: Path, *, seal: ReporterSeal) -> None:
    """Write a stream sealed to a path, piece by piece; nothing of it lies there in the clear.

    Each piece is bound to the file's name, its turn and whether it is the last one, so that pieces
    cannot be left out, moved or taken from another file.
    """
    with path.open("xb") as target:
        target.write(_MARK)
        piece, turn = source.read(_PIECE), 0
        while True:
            following = source.read(_PIECE)
            sealed = seal.close_piece(piece, name=_name(path, turn, is_last=not following))
            target.write(len(sealed).to_bytes(_LENGTH_BYTES) + sealed)
            if not following:
                return
            piece, turn = following, turn + 1


def open_upload(path: Path, *, seal: ReporterSeal) -> Iterator[bytes]:
    """Yield the pieces of a sealed file.

    Raises
    ------
    SealBroken
        For a file that is not sealed, sealed with another key, or not whole.
    """
    with path.open("rb") as source:
        if source.read(len(_MARK)) != _MARK:
            raise SealBroken(path.name)
        sealed, turn = _next_piece(source), 0
        if sealed is None:
            raise SealBroken(path.name)
        while sealed is not None:
            following = _next_piece(source)
            yield seal.open_piece(sealed, name=_name(path, turn, is_last=following is None))
            sealed, turn = following, turn + 1


@contextmanager
def opened_upload(path: Path, *, seal: ReporterSeal) -> Iterator[Path]:
    """Give a path at which the file lies in the clear for as long as it is read.

    The readers of maps and tables need a path. The folder is its owner's alone and goes at the end.
    """
    with tempfile.TemporaryDirectory(prefix="reading-") as folder:  # mode 0700
        clear = Path(folder) / "file"
        with clear.open("wb") as target:
            target.writelines(open_upload(path, seal=seal))
        yield clear


def forget_uploads(folder: Path, *, now: datetime) -> int:
    """Remove what has waited too long in a folder and those below; return how many files."""
    old = [path for path in folder.rglob("*") if path.is_file() and is_over(path, now=now)]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def is_over(path: Path, *, now: datetime) -> bool:
    """Whether a file has waited longer than it may."""
    return path.stat().st_mtime < (now - KEPT).timestamp()


def _next_piece(source: IO[bytes]) -> bytes | None:
    length = source.read(_LENGTH_BYTES)
    return source.read(int.from_bytes(length)) if length else None


def _name(path: Path, turn: int, *, is_last: bool) -> str:
    return f"{path.name} {turn} {'last' if is_last else 'more'}"
