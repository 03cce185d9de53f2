"""The keys reporters are sealed with: read from the setting or the data folder, made once."""

import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from inspect_app.domain.problems import Problem
from inspect_app.models import ReporterKey
from inspect_app.queries.reporter_seal import ReporterSeal

_FIRST_KEY_LOCK = 5_301
"""Two processes that begin together must not make two first keys."""


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the keys are: `given` as a setting (several by commas), else one a line in a file.

    The newest key stands first; older ones are kept for backups that were sealed with them.
    """

    folder: Path
    given: str = field(default="", repr=False)

    @property
    def file(self) -> Path:
        """The key file of this installation; only its owner can read it."""
        return self.folder / "reporter" / "key"

    def keys(self) -> list[str]:
        """Return the keys, newest first; none where nothing was set and no file made."""
        if self.given:
            return [key.strip() for key in self.given.split(",")]
        if not self.file.exists():
            return []
        lines = self.file.read_text(encoding="ascii").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def make(self) -> str:
        """Write a new key in front of the others, whole or not at all, and return it."""
        key = secrets.token_hex(32)
        text_ = "\n".join([key, *self.keys()]) + "\n"
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=self.file.parent, prefix=".key-")  # mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(text_)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(self.file)
        return key


def seal_in_use(session: Session, place: KeyPlace, *, now: datetime) -> ReporterSeal:
    """Return the seal the stored reporters have; in a new county the first call makes the key.

    Raises
    ------
    Problem
        `reporter_key_missing` where reporters are sealed and no key is here, `reporter_key_wrong`
        where all keys here are others.
    """
    key_id = _key_id_in_use(session)
    if key_id is None:
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_KEY_LOCK})
        key_id = _key_id_in_use(session)
    seals = seals_of(place.keys())
    if key_id is None:
        seal = seals[0] if seals else ReporterSeal.of(place.make())
        session.add(ReporterKey(key_id=seal.key_id, used_from=now))
        session.flush()
        return seal
    return _fitting(seals, key_id)


def seals_of(keys: Sequence[str]) -> list[ReporterSeal]:
    """Return the seals of keys, in their order."""
    return [ReporterSeal.of(key) for key in keys]


def _key_id_in_use(session: Session) -> str | None:
    return session.scalar(select(ReporterKey.key_id).where(ReporterKey.used_to.is_(None)))


def _fitting(seals: Sequence[ReporterSeal], key_id: str) -> ReporterSeal:
    if not seals:
        raise Problem("reporter_key_missing", key=key_id)
    found = next((seal for seal in seals if seal.key_id == key_id), None)
    if found is None:
        raise Problem("reporter_key_wrong", key=key_id, found="、".join(s.key_id for s in seals))
    return found
