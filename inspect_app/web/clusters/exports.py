"""What the page shows as files: the list with its total, near repeats, hot grids."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import xlsxwriter
from flask import Response
from flask_babel import gettext
from xlsxwriter.worksheet import Worksheet

from inspect_app.domain.weeks import week_text
from inspect_app.queries.complaint_counts import MatterCount, Question
from inspect_app.web.clusters.arguments import address_of
from inspect_app.web.clusters.patterns import Cells
from inspect_app.web.imports import safe_cell
from inspect_app.web.views import moment_text

CSV, XLSX = "csv", "xlsx"
MEDIA = {
    CSV: "text/csv",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HEADINGS = (
    "编号",
    "事项",
    "污染类型",
    "网格",
    "被投诉单位",
    "状态",
    "件数",
    "累计件数",
    "最近来件",
)
WIDTHS = (16, 40, 14, 18, 26, 10, 8, 10, 18)
NUMBER_COLUMN = HEADINGS.index("件数")

TABLES = {"near_repeats": "近重复", "hot_grids": "热点网格"}
"""Tables beside the list: a file each as CSV, a sheet each in the workbook."""


def csv_file(lines: Sequence[MatterCount], question: Question, *, cut_off: datetime) -> Response:
    """Return the list as CSV that spreadsheets read as UTF-8, the total in its last row."""
    name = f"complaints-{week_text(question.chosen.last_week)}"
    return csv_table(_table(lines, question, cut_off=cut_off), name=name)


def csv_table(rows: Iterable[Cells], *, name: str) -> Response:
    """Return any table as CSV that spreadsheets read as UTF-8."""
    body = io.StringIO()
    writer = csv.writer(body)
    for cells in rows:
        writer.writerow([safe_cell(cell) for cell in cells])
    return _answer(("\ufeff" + body.getvalue()).encode(), name, CSV)


def xlsx_file(
    lines: Sequence[MatterCount],
    question: Question,
    *,
    tables: Mapping[str, Iterable[Cells]],
    cut_off: datetime,
) -> Response:
    """Return list and tables as a workbook; texts stay texts, whatever they begin with."""
    body = io.BytesIO()
    with xlsxwriter.Workbook(body, {"in_memory": True}) as book:
        sheet = book.add_worksheet(gettext("投诉清单"))
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        _fill(sheet, _table(lines, question, cut_off=cut_off))
        for name, rows in tables.items():
            _fill(book.add_worksheet(gettext(TABLES[name])), rows)
    return _answer(body.getvalue(), f"complaints-{week_text(question.chosen.last_week)}", XLSX)


def _fill(sheet: Worksheet, rows: Iterable[Cells]) -> None:
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(row, column, cell)
            else:
                sheet.write_number(row, column, cell)


def _table(
    lines: Iterable[MatterCount], question: Question, *, cut_off: datetime
) -> Iterable[Cells]:
    yield [str(gettext(heading)) for heading in HEADINGS]
    total = 0
    for line in lines:
        total += line.complaints
        yield [
            line.matter_no,
            line.title,
            "、".join(str(gettext(kind.label)) for kind in line.pollution_types),
            line.grid_name or "",
            line.respondent or "",
            str(gettext(line.state.label)),
            line.complaints,
            line.complaints_in_all,
            moment_text(line.last_received_at),
        ]
    asked = " ".join(f"{name}={value}" for name, value in address_of(question.chosen).items())
    cut = gettext("截止 %(moment)s", moment=moment_text(cut_off))
    empty: Cells = [""] * (NUMBER_COLUMN - 2)
    yield [str(gettext("合计")), f"{asked}; {cut}", *empty, total]


def _answer(body: bytes, name: str, form: str) -> Response:
    answer = Response(body, mimetype=MEDIA[form])
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.{form}"
    return answer
