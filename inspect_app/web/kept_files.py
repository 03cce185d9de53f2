"""Files kept between preview and confirmation, in the folder of the person who sent them."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from werkzeug.datastructures import FileStorage

from inspect_app.domain.problems import Problem

_KEPT = timedelta(days=1)
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A kept file and what its sender told with it."""

    token: str
    folder: Path

    @property
    def path(self) -> Path:
        """Where the bytes lie, under a name of our own."""
        return self.folder / self.token

    @property
    def notes(self) -> Path:
        """Where the sender's answers lie."""
        return self.folder / f"{self.token}.json"

    def told(self) -> dict[str, Any]:
        """Return the sender's answers."""
        answers: dict[str, Any] = orjson.loads(self.notes.read_bytes())
        return answers

    def tell(self, answers: Mapping[str, Any]) -> None:
        """Keep the sender's answers beside the file."""
        self.notes.write_bytes(orjson.dumps(answers))

    def forget(self) -> None:
        """Delete the file and the answers."""
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)


def keep_file(
    sent: FileStorage, folder: Path, *, answers: Mapping[str, Any], now: datetime
) -> KeptFile:
    """Keep a sent file with its answers; what lay in the folder for over a day goes."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.stat().st_mtime < (now - _KEPT).timestamp():
            path.unlink(missing_ok=True)
    kept = KeptFile(secrets.token_hex(16), folder)
    sent.save(kept.path)
    kept.tell(answers)
    return kept


def kept_file(token: str, folder: Path) -> KeptFile:
    """Return the file kept under a token in the folder; refuses one that is not there."""
    kept = KeptFile(token, folder)
    if not _TOKEN.fullmatch(token) or not kept.notes.exists():
        raise Problem("not_found", what="上传的文件")
    return kept
