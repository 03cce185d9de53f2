"""Short ways to import in tests."""

from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from inspect_app.domain.access import SYSTEM
from inspect_app.workflows.import_file import ImportReport, ImportRequest, import_file
from tests.conftest import NOW, seal_of

DAY = date(2026, 3, 24)


def run(session: Session, kind: str, path: Path, **options) -> ImportReport:
    dry_run = options.pop("dry_run", False)
    request = ImportRequest(kind=kind, path=path, file_name=path.name, day=DAY, **options)
    seal = seal_of(session)
    return import_file(session, request, actor=SYSTEM, now=NOW, dry_run=dry_run, seal=seal)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def reasons(report: ImportReport) -> dict[int, str]:
    return {one.row: one.reason for one in report.rejections}
