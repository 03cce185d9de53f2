"""How files with the same headers were read the last time: kept when confirmed, used again."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.models import ImportMapping
from inspect_app.workflows.import_file.report import ImportRequest


def signature(names: Iterable[str]) -> str:
    """Return what a file's headers are known by, in whatever order they stand."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def with_memory(session: Session, request: ImportRequest, names: list[str]) -> ImportRequest:
    """Return the request with what was said of such a file before, where its sender says nothing.

    Remembered are the columns, the constants, the reference and the time zone; what the sender
    says now wins. A column that the file no longer has cannot be remembered: the headers differ.
    """
    if request.columns or request.constants:
        return request
    answers = session.scalar(
        select(ImportMapping.answers).where(
            ImportMapping.kind == request.kind, ImportMapping.signature == signature(names)
        )
    )
    if answers is None:
        return request
    return replace(
        request,
        columns=answers["columns"],
        constants=answers["constants"],
        crs=request.crs or answers["crs"],
    )


def remember(
    session: Session, request: ImportRequest, names: list[str], *, actor: Actor, now: datetime
) -> None:
    """Keep how a file was read, for the next one with its headers."""
    if not (request.columns or request.constants or request.crs):
        return
    mark = signature(names)
    kept = session.scalar(
        select(ImportMapping).where(
            ImportMapping.kind == request.kind, ImportMapping.signature == mark
        )
    )
    if kept is None:
        kept = ImportMapping(kind=request.kind, signature=mark)
        session.add(kept)
    kept.answers = {
        "columns": dict(request.columns),
        "constants": dict(request.constants),
        "crs": request.crs,
    }
    kept.used_at, kept.used_by = now, actor.person_id
    session.flush()
