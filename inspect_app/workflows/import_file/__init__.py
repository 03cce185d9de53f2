"""Import: a file of one kind → rows, each with its raw values; refused rows with their reasons.

`reading` turns a file into raw rows, `kinds` declares what can be imported, `checking` judges every
row, `writing` stages and merges. Nothing is half-written: all is one transaction, and a dry run
takes the same way and is rolled back.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.rejection import Rejection
from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.problems import Problem
from inspect_app.models import (
    AuditEntry,
    ImportBatch,
    PollutionSource,
    WaterSource,
    Waterway,
)
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.workflows.import_file import complaints, grids, writing
from inspect_app.workflows.import_file.checking import Checked, check
from inspect_app.workflows.import_file.kinds import (
    COMPLAINTS,
    GRIDS,
    KINDS,
    ROADS,
    WATERWAYS,
    Kind,
    kind_of,
)
from inspect_app.workflows.import_file.reading import read_source
from inspect_app.workflows.import_file.remember import remember, with_memory
from inspect_app.workflows.import_file.report import (
    REASONS,
    ImportReport,
    ImportRequest,
    reason_counts,
)
from inspect_app.workflows.import_file.source import Upload
from inspect_app.workflows.import_file.values import Context
from inspect_app.workflows.import_file.vectors import of_kind
from inspect_app.workflows.import_file.writing import Written

__all__ = ["KINDS", "REASONS", "ImportReport", "ImportRequest", "import_file", "reason_counts"]

# Grids are what others lie in; waterways and roads run on beyond the county.
OUTSIDE_ALLOWED = (GRIDS, WATERWAYS, ROADS)
_SAMPLE_ROWS = 5
_SAMPLE_TEXT = 60
_CHUNK = 1 << 20


def import_file(
    session: Session,
    request: ImportRequest,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    seal: ReporterSeal | None = None,
) -> ImportReport:
    """Import a file, or say what an import would do.

    Rows are known again by the kind's natural key, so a file imported twice changes nothing the
    second time. Bad rows are in the report, never exceptions. Refused as a whole (Problem) are
    unknown kinds, unreadable files, missing columns and files whose coordinates nobody declares.
    A bad credit code does not cost the row: the value stays in `raw` only, with a warning.
    A file whose headers are known is read as its like was read the last time, where the request
    says nothing of columns and constants. Complaints known by their external number stay as they
    are. Their reporters are stored under the
    `seal`; a file that tells of reporters needs one.
    """
    if not actor.may(Permission.IMPORT_RUN):
        raise Problem("not_permitted", permission=Permission.IMPORT_RUN.value)
    if not actor.scope.everywhere:
        raise Problem("import_needs_county")
    kind = kind_of(request.kind)
    upload = Upload(request.path, request.file_name, request.layer, request.encoding)
    source = of_kind(read_source(upload), kind.osm_tag)
    names = [str(name) for name in source.rows.columns]
    request = with_memory(session, request, names)
    context = Context(request.time_zone, _lookups(session, kind))
    checked = check(source, kind, request, context=context)
    with session.begin_nested() as savepoint:
        report = _write(session, kind, checked, request=request, actor=actor, now=now)
        if kind is COMPLAINTS:
            complaints.insert_reporters(session, checked, seal=seal)
        if dry_run:
            savepoint.rollback()
            report = replace(report, batch_id=None)
        else:
            remember(session, request, names, actor=actor, now=now)
    counts = {"read": len(source.rows) + len(source.rejections), **report.counts}
    return replace(report, counts=counts)


def _write(
    session: Session,
    kind: Kind,
    checked: Checked,
    *,
    request: ImportRequest,
    actor: Actor,
    now: datetime,
) -> ImportReport:
    batch = _batch(checked, request, actor=actor, now=now)
    session.add(batch)
    session.flush()
    ready = _prepared(session, kind, checked, request=request)
    written = _merge(session, kind, ready, request=request, batch_id=batch.id, now=now)
    ready = ready.without(list(written.rejections))
    batch.counts = _counts(ready, written)
    rejections = tuple(sorted(ready.rejections, key=lambda one: one.row))
    batch.rejections = {"rows": [_plain(one) for one in rejections]}
    session.add(_audit(batch, actor=actor, now=now))
    session.flush()
    return ImportReport(
        kind=kind.key,
        file_name=request.file_name,
        sha256=batch.sha256,
        source_crs=checked.reference_text,
        columns=checked.mapping,
        counts=batch.counts,
        rejections=rejections,
        warnings=ready.warnings,
        notes=ready.notes,
        sample=_sample(kind, ready),
        batch_id=batch.id,
    )


def _prepared(session: Session, kind: Kind, checked: Checked, *, request: ImportRequest) -> Checked:
    if kind is GRIDS:
        return grids.prepare(session, checked, day=request.day)
    if kind is COMPLAINTS:
        return complaints.prepare(session, checked, request)
    return checked


def _merge(
    session: Session,
    kind: Kind,
    checked: Checked,
    *,
    request: ImportRequest,
    batch_id: int,
    now: datetime,
) -> Written:
    writing.stage(session, kind, checked)
    refused = writing.match(session, kind, day=request.day)
    staged = writing.staged_count(session)
    outside = 0 if kind in OUTSIDE_ALLOWED else writing.outside_grids(session, day=request.day)
    updated = 0
    if kind is not COMPLAINTS:  # what a person has handled since is not undone by its own report
        updated = writing.update_rows(session, kind, checked, batch_id=batch_id)
    if kind is COMPLAINTS:
        inserted = complaints.insert(session, checked, request, batch_id=batch_id, now=now)
    else:
        extra: dict[str, Any] = {}
        if kind is GRIDS:
            extra = {"valid_from": request.day, "depth": 1, "path": "/"}
        inserted = writing.insert_rows(session, kind, checked, batch_id=batch_id, extra=extra)
    if kind is GRIDS:
        parents = checked.rows.set_index("code")["parent_code"].dropna()
        grids.settle_tree(session, dict(parents), day=request.day)
    session.expire_all()
    unchanged = staged - updated - inserted
    return Written(inserted, updated, unchanged, refused, outside_grids=outside)


def _lookups(session: Session, kind: Kind) -> dict[str, dict[str, int]]:
    """Return ids by code and by name of what this kind's rows point to."""
    tables: dict[str, tuple[Any, ...]] = {
        "waterway": (Waterway.id, Waterway.name, Waterway.code),
        "water_source": (WaterSource.id, WaterSource.name, WaterSource.code),
        "source": (PollutionSource.id, PollutionSource.name, PollutionSource.uscc),
    }
    found: dict[str, dict[str, int]] = {}
    for lookup in kind.lookups:
        known: dict[str, int] = {}
        for key, name, code in session.execute(select(*tables[lookup]).order_by(tables[lookup][0])):
            known.setdefault(name, key)
            if code is not None:
                known[code] = key
        found[lookup] = known
    return found


def _batch(checked: Checked, request: ImportRequest, *, actor: Actor, now: datetime) -> ImportBatch:
    with request.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ImportBatch(
        kind=request.kind,
        file_name=request.file_name[:255],
        sha256=digest,
        source_crs=checked.reference_text,
        columns={**checked.mapping, **{f"{name}=": v for name, v in request.constants.items()}},
        counts={},
        rejections={},
        imported_at=now,
        imported_by=actor.person_id,
    )


def _counts(checked: Checked, written: Written) -> dict[str, int]:
    counts = {
        "inserted": written.inserted,
        "updated": written.updated,
        "unchanged": written.unchanged,
        "rejected": len(checked.rejections),
        "warned": len({one.row for one in checked.warnings}),
    }
    if "place_quality" in checked.rows:  # complaints alone have one
        counts["already_there"] = written.unchanged
    if written.outside_grids:
        counts["outside_grids"] = written.outside_grids
    if "place_quality" in checked.rows:
        counts |= complaints.counts(checked.rows)
    return counts


def _plain(rejection: Rejection) -> dict[str, Any]:
    return {
        "row": rejection.row,
        "reason": rejection.reason,
        "facts": {name: text.replace("\x00", "") for name, text in rejection.facts.items()},
    }


def _audit(batch: ImportBatch, *, actor: Actor, now: datetime) -> AuditEntry:
    return AuditEntry(
        at=now,
        actor_id=actor.person_id,
        action="import.run",
        subject_kind="import_batch",
        subject_id=str(batch.id),
        facts={"kind": batch.kind, "file_name": batch.file_name, **batch.counts},
    )


def _sample(kind: Kind, checked: Checked) -> tuple[dict[str, str | bool], ...]:
    """Return the first rows as they are stored, without what is private."""
    shown = [one for one in kind.columns if not one.private and one.name in checked.rows]
    return tuple(
        {
            **{one.title: _shown(row[one.name]) for one in shown},
            "坐标": _place(row["geom"]),
        }
        for _, row in checked.rows.head(_SAMPLE_ROWS).iterrows()
    )


def _place(shape: Any) -> str:  # noqa: ANN401 - a shapely geometry or None
    """Return a point of the shape with six decimals, a decimetre."""
    if shape is None:
        return ""
    point = shape.representative_point()
    return f"{point.x:.6f}, {point.y:.6f}"


def _shown(value: object) -> str | bool:
    if value is None or value is pd.NA:
        return ""
    if isinstance(value, bool):
        return value  # the page says it in the reader's language
    return ("、".join(value) if isinstance(value, list) else str(value))[:_SAMPLE_TEXT]
