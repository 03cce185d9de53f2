"""Imports: upload, preview without writing, confirm, and what came of earlier imports."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from gis.rejection import Rejection
from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.queries.imports import find_batch, recent_batches
from inspect_app.web.http import (
    actor,
    database,
    now,
    requires,
    roll_back,
    sentence,
    settings,
    today,
    words,
)
from inspect_app.web.kept_files import KeptFile, keep_file, kept_file
from inspect_app.web.reporter_seal import seal
from inspect_app.web.statuses import status_of
from inspect_app.workflows.assign_grids import ASSIGN_KINDS, assign_grids, tolerance_of
from inspect_app.workflows.import_file import (
    KINDS,
    REASONS,
    ImportReport,
    ImportRequest,
    import_file,
    reason_counts,
)

pages = Blueprint("imports", __name__)

COUNTS: dict[str, str] = {
    "read": "读取",
    "inserted": "新增",
    "updated": "更新",
    "unchanged": "未变",
    "already_there": "已登记过",
    "rejected": "拒绝",
    "warned": "有提示",
    "shared_fallback": "疑似默认坐标",
    "no_place": "无位置",
    "outside_grids": "在所有网格之外",
    "respondents_matched": "被投诉单位已对上污染源",
    "respondents_text": "被投诉单位仅存文字",
    "skip_level": "越级访",
}
COMPLAINTS = "complaints"
REFERENCES = ("EPSG:4490", "WGS84", "GCJ02", "BD09")
SHOWN_MAX = 200
# A spreadsheet runs a cell that starts like this; the full-width forms are read alike.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_TEXT_FIELDS = ("kind", "crs", "layer", "encoding", "time_zone")


@pages.get("/imports")
@requires(Permission.IMPORT_RUN)
def page() -> str:
    """Show the form and the latest imports."""
    return _form_page()


def _form_page(message: str = "") -> str:
    """Render the form, after a refusal with what was filled in."""
    county = actor().scope.everywhere
    return render_template(
        "imports.html",
        message=message,
        form=request.form,
        kinds=KINDS,
        references=REFERENCES,
        county=county,
        batches=recent_batches(database()) if county else [],
        upload_max_mb=settings().upload_max_mb,
        time_zone=settings().time_zone,
        counts=COUNTS,
    )


@pages.post("/imports/preview")
@requires(Permission.IMPORT_RUN)
def preview() -> str | tuple[str, int]:
    """Keep the file and show what an import would do; nothing is written to the tables."""
    try:
        upload = _keep()
        report = _previewed(upload)
    except Problem as problem:
        roll_back()
        return _form_page(sentence(problem)), status_of(problem)
    answers = upload.told() | {"rejections": _plain(report.rejections)}
    upload.tell(answers)
    return render_template(
        "import_preview.html", report=report, token=upload.token, **_shown(report)
    )


@pages.post("/imports/confirm")
@requires(Permission.IMPORT_RUN)
def confirm() -> AnyResponse:
    """Import the previewed file and assign its kind to the grids."""
    upload = _kept(request.form.get("token", ""))
    report = _run(upload, dry_run=False)
    if report.kind in ASSIGN_KINDS:
        kinds = [report.kind, *(["matters"] if report.kind == COMPLAINTS else [])]
        _assign(kinds)
    upload.forget()
    flash(gettext("导入完成"))
    return redirect(url_for("imports.batch", batch_id=report.batch_id))


@pages.get("/imports/uploads/<token>/rejections.csv")
@requires(Permission.IMPORT_RUN)
def preview_rejections(token: str) -> Response:
    """Send the rows a preview refuses."""
    return _csv_answer(_rejections(_kept(token).told().get("rejections", [])))


@pages.get("/imports/batches/<int:batch_id>")
@requires(Permission.IMPORT_RUN)
def batch(batch_id: int) -> str:
    """Show one import."""
    found, rejections = _batch(batch_id)
    return render_template(
        "import_batch.html",
        batch=found,
        title=KINDS[found.kind].title if found.kind in KINDS else found.kind,
        rejections=rejections[:SHOWN_MAX],
        total=len(rejections),
        reasons=REASONS,
        tallies=reason_counts(rejections),
        counts=COUNTS,
    )


@pages.get("/imports/batches/<int:batch_id>/rejections.csv")
@requires(Permission.IMPORT_RUN)
def batch_rejections(batch_id: int) -> Response:
    """Send the rows an import refused."""
    return _csv_answer(_batch(batch_id)[1])


def _batch(batch_id: int) -> Any:  # noqa: ANN401 - the query's pair
    found = find_batch(database(), batch_id) if actor().scope.everywhere else None
    if found is None:
        raise Problem("not_found", what="导入批次")
    return found


def _previewed(upload: KeptFile) -> ImportReport:
    try:
        return _run(upload, dry_run=True)
    except Problem:
        upload.forget()
        raise


def _assign(kinds: list[str]) -> None:
    try:
        tolerance_m = tolerance_of(database(), day=today())
    except Problem:
        flash(gettext("没有设置网格容差,尚未分配网格"))
        return
    assign_grids(database(), kinds, tolerance_m=tolerance_m, day=today(), actor=actor(), now=now())


def _folder() -> Path:
    return settings().data_dir / "imports" / str(actor().person_id)


def _keep() -> KeptFile:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Problem(
            "field_invalid", field=gettext("文件"), expected=gettext("一个文件"), found="—"
        )
    form: dict[str, Any] = {name: request.form.get(name, "").strip() for name in _TEXT_FIELDS}
    form["file_name"] = sent.filename
    form["columns"] = _pairs("columns")
    form["constants"] = _pairs("constants")
    return keep_file(sent, _folder(), answers=form, now=now(), seal=seal())


def _kept(token: str) -> KeptFile:
    return kept_file(token, _folder(), now=now(), seal=seal())


def _pairs(field: str) -> dict[str, str]:
    """Read lines of `target=value`."""
    found = {}
    for line in request.form.get(field, "").splitlines():
        if not line.strip():
            continue
        target, equals, value = line.partition("=")
        if not equals:
            raise Problem(
                "field_invalid", field=line[:40], expected=gettext("目标列=值"), found=line[:40]
            )
        found[target.strip()] = value.strip()
    return found


def _run(upload: KeptFile, *, dry_run: bool) -> ImportReport:
    with upload.opened() as path:
        return _read(upload.told(), path, dry_run=dry_run)


def _read(form: Mapping[str, Any], path: Path, *, dry_run: bool) -> ImportReport:
    wanted = ImportRequest(
        kind=form["kind"],
        path=path,
        file_name=form["file_name"],
        day=today(),
        crs=form["crs"] or None,
        columns=form["columns"],
        constants=form["constants"],
        layer=form["layer"] or None,
        encoding=form["encoding"] or None,
        time_zone=form["time_zone"] or settings().time_zone,
    )
    needed = seal() if wanted.kind == COMPLAINTS else None
    return import_file(database(), wanted, actor=actor(), now=now(), dry_run=dry_run, seal=needed)


def _shown(report: ImportReport) -> dict[str, Any]:
    kind = KINDS[report.kind]
    titles = {column.name: column.title for column in kind.columns} | {"lon": "经度", "lat": "纬度"}
    return {
        "title": kind.title,
        "mapping": [(titles[target], name) for target, name in report.columns.items()],
        "rejections": report.rejections[:SHOWN_MAX],
        "warnings": report.warnings[:SHOWN_MAX],
        "tallies": reason_counts(report.rejections),
        "warning_tallies": reason_counts(report.warnings),
        "reasons": REASONS,
        "counts": COUNTS,
        "shown_max": SHOWN_MAX,
        "truncated": len(report.rejections) > SHOWN_MAX,
    }


def _plain(rejections: Iterable[Rejection]) -> list[dict[str, Any]]:
    return [{"row": one.row, "reason": one.reason, "facts": dict(one.facts)} for one in rejections]


def _rejections(rows: list[dict[str, Any]]) -> tuple[Rejection, ...]:
    return tuple(Rejection(row["row"], row["reason"], row["facts"]) for row in rows)


def safe_cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv_answer(rejections: Iterable[Rejection]) -> Response:
    body = io.StringIO()
    writer = csv.writer(body)
    writer.writerow([gettext("行号"), gettext("原因代码"), gettext("原因"), gettext("详情")])
    for one in rejections:
        facts = "; ".join(
            f"{name}: {words(value) if name == 'column' else value}"
            for name, value in one.facts.items()
        )
        cells = (one.row, one.reason, gettext(REASONS.get(one.reason, one.reason)), facts)
        writer.writerow([safe_cell(cell) for cell in cells])
    answer = Response("\ufeff" + body.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=rejections.csv"
    return answer
