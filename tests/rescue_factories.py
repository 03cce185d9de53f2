"""Rescue files as a tablet writes them, for tests of the office side."""

import base64
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_public_key

from inspect_app.workflows.import_rescue.file import LEAD, MARK, NONCE, TITLE
from inspect_app.workflows.import_rescue.keys import OAEP, PublicKey
from tests.patrol_factories import sha256


@dataclass
class RescueWriter:
    """Collects parts and writes them sealed for a bureau's key."""

    bureau: PublicKey
    key: bytes = field(default_factory=lambda: os.urandom(32))
    sealed: list[bytes] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"records": 0, "photos": 0})

    def add(self, part: dict[str, object], body: bytes = b"") -> "RescueWriter":
        number = len(self.sealed) + 1
        plain = json.dumps(part, ensure_ascii=False).encode() + b"\n" + body
        cipher = AESGCM(self.key).encrypt(NONCE.pack(number), plain, None)
        self.sealed.append(MARK + LEAD.pack(number, len(cipher)) + cipher)
        return self

    def sender(self, device: UUID, token: str | None) -> "RescueWriter":
        return self.add(
            {"part": "device", "device": str(device), "token": token, "name": "设备 07"}
        )

    def record(self, uid: UUID, body: bytes, author: int) -> "RescueWriter":
        said = json.loads(body)
        return self.item(str(uid), said["kind"], body, author, seq=said["seq"])

    def segment(self, name: str, body: bytes, author: int) -> "RescueWriter":
        return self.item(name, "segment", body, author, seq=99)

    def item(self, name: str, kind: str, body: bytes, author: int, *, seq: int) -> "RescueWriter":
        self.counts["records"] += 1
        part = {"part": "record", "name": name, "kind": kind, "author": author, "by": "张三"}
        return self.add(part | {"seq": seq, "sha256": sha256(body)}, body)

    def photo(self, body: bytes) -> "RescueWriter":
        self.counts["photos"] += 1
        return self.add({"part": "photo", "sha256": sha256(body)}, body)

    def write(self, path: Path, *, ended: bool = True) -> Path:
        """Write the file; without its end as after a copy that was broken off."""
        if ended:
            self.add({"part": "end", **self.counts, "unreadable": 0})
        public = load_der_public_key(base64.b64decode(self.bureau.key))
        wrapped = base64.b64encode(public.encrypt(self.key, OAEP)).decode()
        head = json.dumps({"key": self.bureau.id, "wrapped": wrapped}).encode()
        path.write_bytes(TITLE + head + b"\n" + b"".join(self.sealed))
        return path


def parts_of(path: Path) -> list[tuple[int, int]]:
    """Return where the parts of a file begin and end."""
    data = path.read_bytes()
    starts: list[int] = list(_starts(data))
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


def _starts(data: bytes) -> Iterable[int]:
    at = data.find(MARK)
    while at >= 0:
        yield at
        at = data.find(MARK, at + 1)
