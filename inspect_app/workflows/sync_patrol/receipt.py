"""Receipts: what a tablet sent, checked, and what the server says back."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from inspect_app.domain.codes import SyncState
from inspect_app.domain.problems import Problem

State = Literal["new", "seen", "waiting", "inbox", "conflict"]
ANSWERS: dict[SyncState, State] = {SyncState.WAITING: "waiting", SyncState.INBOX: "inbox"}


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes as they came in, and the digest the sender claims for them."""

    body: bytes
    sha256: str

    def checked(self) -> str:
        """Return the hash of the bytes; refuses bytes that were damaged on the way."""
        found = hashlib.sha256(self.body).hexdigest()
        if found != self.sha256:
            raise Problem("digest_mismatch", expected=self.sha256, found=found)
        return found


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the server says back of a record or a track segment.

    `new` and `seen`: kept, in effect. `waiting`: kept, until what it builds on comes. `inbox`:
    kept, for a person. `conflict`: kept in quarantine beside what was there first. `stamp` is the
    same at every repetition. `fault` is an error of our own code, to be logged.
    """

    name: str
    sha256: str
    state: State
    stamp: str = ""
    missing_photos: tuple[str, ...] = ()
    problem: Problem | None = None
    quarantine: int | None = None
    faults: tuple[Exception, ...] = ()


def stamp_of(received_at: datetime, sha256: str) -> str:
    """Return the text by which a receipt is quoted: when the bytes came first, and their hash."""
    return f"{received_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{sha256[:12]}"
