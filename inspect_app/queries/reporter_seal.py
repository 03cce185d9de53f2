"""The seal on reporters: what is stored of them opens with the bureau's key only."""

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inspect_app.domain.reporters import ReporterData, plain_name, plain_phone

_NONCE_BYTES = 12
_KEY_BYTES = 32
_HASH_LENGTH = 32
KEY_ID_LENGTH = 16


class SealBroken(ValueError):
    """A stored reporter does not open with this key, or was moved from another complaint."""


@dataclass(frozen=True, slots=True)
class ReporterSeal:
    """One key: seals and opens what was told of a reporter, and makes the keyed hashes.

    From the key's text four are derived (HKDF-SHA256): one seals (AES-256-GCM), one hashes
    (HMAC-SHA256), one gives the key its id, one seals files that tell of reporters while they wait
    to be imported. The complaint's number is bound to the sealed bytes, so
    that they open beside no other complaint.
    """

    key_id: str
    _cipher: AESGCM = field(repr=False)
    _hashing: bytes = field(repr=False)
    _waiting: AESGCM = field(repr=False)

    @classmethod
    def of(cls, key: str) -> "ReporterSeal":
        """Return the seal of a key's text."""
        sealing, hashing, naming, waiting = (
            HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=use).derive(key.encode())
            for use in (
                b"reporter seal",
                b"reporter hash",
                b"reporter key id",
                b"waiting file seal",
            )
        )
        return cls(naming.hex()[:KEY_ID_LENGTH], AESGCM(sealing), hashing, AESGCM(waiting))

    def close(self, told: ReporterData, *, complaint_id: int) -> bytes | None:
        """Return the sealed name, telephone and address; None where nothing was told."""
        if told.is_empty:
            return None
        plain = orjson.dumps([told.name, told.phone, told.address])
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, _bound(complaint_id))

    def open(self, sealed: bytes | None, *, complaint_id: int) -> tuple[str, str, str]:
        """Return name, telephone and address; three empty texts where nothing was told.

        Raises
        ------
        SealBroken
            When the key is another, or the bytes were changed or belong to another complaint.
        """
        if sealed is None:
            return "", "", ""
        try:
            plain = self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(complaint_id)
            )
        except InvalidTag as error:
            raise SealBroken(complaint_id) from error
        name, phone, address = orjson.loads(plain)
        return name, phone, address

    def close_piece(self, plain: bytes, *, name: str) -> bytes:
        """Return a sealed piece of a waiting file; it opens under this name only."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._waiting.encrypt(nonce, plain, name.encode())

    def open_piece(self, sealed: bytes, *, name: str) -> bytes:
        """Return a piece of a waiting file; raises SealBroken like `open`."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._waiting.decrypt(nonce, rest, name.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(name) from error

    def phone_hash(self, phone: str) -> str | None:
        """Return the keyed hash of a telephone; None for what is none."""
        return self._hash("phone", plain_phone(phone))

    def name_hash(self, name: str) -> str | None:
        """Return the keyed hash of a full name; None where many share the name."""
        return self._hash("name", plain_name(name))

    def _hash(self, use: str, text: str) -> str | None:
        if not text:
            return None
        told = f"{use}:{text}".encode()
        return hmac.new(self._hashing, told, sha256).hexdigest()[:_HASH_LENGTH]


def _bound(complaint_id: int) -> bytes:
    return f"complaint {complaint_id}".encode()
