"""Files kept between preview and confirmation, in the folder of the person who sent them."""

import io
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from werkzeug.datastructures import FileStorage

from inspect_app.domain.problems import Problem
from inspect_app.queries.reporter_seal import ReporterSeal, SealBroken
from inspect_app.workflows.seal_upload import (
    forget_uploads,
    is_over,
    open_upload,
    opened_upload,
    seal_upload,
)

_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A kept file and what its sender told with it; sealed where it may tell of reporters."""

    token: str
    folder: Path
    seal: ReporterSeal | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """Where the bytes lie, under a name of our own."""
        return self.folder / self.token

    @property
    def notes(self) -> Path:
        """Where the sender's answers lie."""
        return self.folder / f"{self.token}.json"

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """Give a path to read the file from; of a sealed one it is gone afterwards."""
        if self.seal is None:
            yield self.path
            return
        with opened_upload(self.path, seal=self.seal) as clear:
            yield clear

    def told(self) -> dict[str, Any]:
        """Return the sender's answers."""
        if self.seal is None:
            content = self.notes.read_bytes()
        else:
            content = b"".join(open_upload(self.notes, seal=self.seal))
        answers: dict[str, Any] = orjson.loads(content)
        return answers

    def tell(self, answers: Mapping[str, Any]) -> None:
        """Keep the sender's answers beside the file."""
        content = orjson.dumps(answers)
        self.notes.unlink(missing_ok=True)
        if self.seal is None:
            self.notes.write_bytes(content)
        else:
            seal_upload(io.BytesIO(content), self.notes, seal=self.seal)

    def forget(self) -> None:
        """Delete the file and the answers."""
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)


def keep_file(
    sent: FileStorage,
    folder: Path,
    *,
    answers: Mapping[str, Any],
    now: datetime,
    seal: ReporterSeal | None = None,
) -> KeptFile:
    """Keep a sent file with its answers; what lay in the folder for over a day goes."""
    folder.mkdir(parents=True, exist_ok=True)
    forget_uploads(folder, now=now)
    kept = KeptFile(secrets.token_hex(16), folder, seal)
    if seal is None:
        sent.save(kept.path)
    else:
        seal_upload(sent.stream, kept.path, seal=seal)
    kept.tell(answers)
    return kept


def kept_file(
    token: str, folder: Path, *, now: datetime, seal: ReporterSeal | None = None
) -> KeptFile:
    """Return the file kept under a token in the folder; refuses one that is not there any more.

    Where it should be sealed and is not, or by another key, it is deleted: it was sent before files
    were sealed, or before the key was changed, and is to be sent again.
    """
    kept = KeptFile(token, folder, seal)
    if not _TOKEN.fullmatch(token) or not kept.notes.exists():
        raise Problem("not_found", what="上传的文件")
    if is_over(kept.notes, now=now):
        kept.forget()
        raise Problem("not_found", what="上传的文件")
    try:
        kept.told()
        if seal is not None:
            next(open_upload(kept.path, seal=seal))
    except SealBroken as error:
        kept.forget()
        raise Problem("upload_unsealed") from error
    return kept
