"""Render a document from its template and its frozen facts: the same facts, the same content."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from docxtpl import DocxTemplate

NO_ADDRESSEE = "________"
"""Where an address is to be written by hand."""
EPOCH = (1980, 1, 1, 0, 0, 0)


def rendered(template: str, facts: Mapping[str, Any], *, addressee: str = NO_ADDRESSEE) -> bytes:
    """Return the document as a Word file; entries carry no time, so that equal facts are equal.

    Text is escaped: what people wrote is text in the document, never markup of it.
    """
    packed = io.BytesIO()
    source = files("inspect_app").joinpath("documents", f"{template}.docx").read_bytes()
    document = DocxTemplate(io.BytesIO(source))
    document.render({**facts, "addressee": addressee}, autoescape=True)
    document.save(packed)
    return without_times(packed.getvalue())


def content_digest(document: bytes) -> str:
    """Return the SHA-256 of what a document holds: names and contents, however it is packed."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(io.BytesIO(document)) as entries:
        for name in sorted(entries.namelist()):
            content = entries.read(name)
            digest.update(f"{name} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def without_times(packed: bytes) -> bytes:
    """Return a packed document whose entries carry no time and stand in order of their names."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in sorted(source.namelist()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return stream.getvalue()
