"""Tables without geometry: CSV in its encodings and delimiters, and workbooks."""

import codecs
import csv
import datetime
import io
from itertools import islice

import pandas as pd
import python_calamine

from gis.rejection import Rejection
from inspect_app.domain.problems import Phrase
from inspect_app.workflows.import_file.guards import CELLS_MAX, judge_workbook, unreadable
from inspect_app.workflows.import_file.source import Source, Upload

_DELIMITERS = ",;\t|"
# A field longer than this is not a cell of a register.
_FIELD_MAX = 1_000_000
_ENCODINGS = ("utf-8", "gb18030")
NAMELESS = "列%(place)s"
"""What a column without a header is called."""


def read_csv(upload: Upload) -> Source:
    """Read a CSV: every value stays text; rows with too many fields are rejected by number."""
    text, encoding = _decode(upload)
    if "\x00" in text:
        raise unreadable(upload.name, "文件不是文本")
    csv.field_size_limit(_FIELD_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = next(reader, [])
        rows = [row for row in reader if any(row)]
    except csv.Error as fault:
        raise unreadable(upload.name, f"CSV: {fault}") from fault
    names = _header(header, upload.name)
    if len(names) * len(rows) > CELLS_MAX:
        raise unreadable(upload.name, "表格过大")
    return _table(names, rows, note=Phrase("文字编码:%(name)s", {"name": encoding}))


def _table(names: list[str], rows: list[list[str]], *, note: Phrase) -> Source:
    width = len(names)
    rejections = []
    kept, places = [], []
    for place, row in enumerate(rows):
        if len(row) > width and any(row[width:]):
            facts = {"fields": str(len(row)), "expected": str(width)}
            rejections.append(Rejection(place + 1, "fields_too_many", facts))
            continue
        kept.append([*row[:width], *[""] * (width - len(row))])
        places.append(place)
    frame = pd.DataFrame(kept, columns=names, index=places, dtype=object)
    return Source(
        rows=frame, shapes=None, reference=None, notes=(note,), rejections=tuple(rejections)
    )


def _decode(upload: Upload) -> tuple[str, str]:
    """Decode strictly: what is valid UTF-8 is UTF-8, else GB18030, else a refusal."""
    content = upload.path.read_bytes()
    wanted: tuple[str, ...] = _ENCODINGS
    if upload.encoding:
        wanted = (upload.encoding,)
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        wanted = ("utf-16",)
    for encoding in wanted:
        try:
            return content.decode(encoding).removeprefix("\ufeff"), encoding
        except LookupError as fault:
            raise unreadable(
                upload.name, Phrase("不认识编码 %(name)s", {"name": encoding})
            ) from fault
        except UnicodeDecodeError:
            continue
    facts = {"names": "、".join(wanted)}
    raise unreadable(upload.name, Phrase("不是 %(names)s 编码的文本", facts))


def _delimiter(text: str) -> str:
    """Return the delimiter that the header line has most of, outside quotation marks."""
    header = "".join(text.split("\n", 1)[0].split('"')[::2])
    return max(_DELIMITERS, key=header.count)


def _header(names: list[str], file_name: str) -> list[str]:
    """Return stripped column names; nameless and repeated ones get a number."""
    found: list[str] = []
    for place, raw in enumerate(names, start=1):
        name = str(raw).strip().strip("\ufeff") or NAMELESS % {"place": place}
        found.append(name if name not in found else f"{name}_{place}")
    if not found:
        raise unreadable(file_name, "文件为空")
    return found


def read_workbook(upload: Upload) -> Source:
    """Read one sheet of an XLSX workbook: the named one, else the first; its first row is names."""
    judge_workbook(upload.path, upload.name)
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(upload.path))
        name = upload.layer or book.sheet_names[0]
        if name not in book.sheet_names:
            facts = {"name": name, "found": "、".join(book.sheet_names)}
            raise unreadable(upload.name, Phrase("没有工作表“%(name)s”:有%(found)s", facts))
        cells = book.get_sheet_by_name(name).to_python()
    except (python_calamine.CalamineError, IndexError) as fault:
        raise unreadable(upload.name, f"XLSX: {fault}") from fault
    names = _header([str(cell) for cell in next(iter(cells), [])], upload.name)
    rows = [[_as_text(cell) for cell in row] for row in islice(cells, 1, None)]
    while rows and not any(rows[-1]):
        rows.pop()
    return _table(names, rows, note=Phrase("工作表:%(name)s", {"name": name}))


def _as_text(cell: object) -> str:
    """Return a cell as text: whole numbers without a point, times in ISO form."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime | datetime.date):
        return cell.isoformat()
    return str(cell)
