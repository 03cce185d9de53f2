"""Keys of rescue files: the bureau's key pair, made once, its private half never leaves us."""

import base64
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from inspect_app.domain.problems import Problem

KEY_BITS = 3072
"""RSA of this length is held good beyond 2030 (NIST SP 800-57)."""
EXPONENT = 65537
ID_LENGTH = 16
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half tablets get: its id and the key as base64 of SubjectPublicKeyInfo."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class RescueKeys:
    """The keys of one installation: `key.pem` in use, older ones beside it under any name."""

    folder: Path

    def public(self) -> PublicKey:
        """Return the public half of the key in use; the first call makes the key."""
        path = self.folder / "key.pem"
        if not path.exists():
            _make(path)
        spki = _spki(_read(path))
        return PublicKey(_id(spki), base64.b64encode(spki).decode())

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Return the key of a file from its wrapped form.

        Raises
        ------
        Problem
            `rescue_key_unknown` when no key here has the id, `rescue_invalid` when it does not fit.
        """
        for path in sorted(self.folder.glob("*.pem")):
            key = _read(path)
            if _id(_spki(key)) == key_id:
                try:
                    return key.decrypt(wrapped, OAEP)
                except ValueError as error:
                    raise Problem("rescue_invalid") from error
        raise Problem("rescue_key_unknown", key=key_id)


def _make(path: Path) -> None:
    """Write a new key, whole and for us alone; of two made at the same time the first stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=EXPONENT, key_size=KEY_BITS)
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(temporary)
    except FileExistsError:
        return
    finally:
        Path(temporary).unlink()


def _read(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        message = f"{path.name} is no RSA key"
        raise TypeError(message)
    return key


def _spki(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _id(spki: bytes) -> str:
    return hashlib.sha256(spki).hexdigest()[:ID_LENGTH]
