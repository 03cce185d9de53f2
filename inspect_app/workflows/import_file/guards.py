"""What a file may be before anything opens it: sizes, ZIP members, XML without outside parts."""

import gzip
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path, PurePosixPath

from inspect_app.domain.problems import Phrase, Problem

# Technical limits, not policy: what one request may take of memory and disk.
UNPACKED_MAX = 200 * 1024 * 1024
RATIO_MAX = 100
ENTRIES_MAX = 1000
# A file this small is harmless whatever its ratio: a table of equal cells packs 300 to 1.
RATIO_FREE = 8 * 1024 * 1024
CELLS_MAX = 20_000_000
_CHUNK = 1024 * 1024
LOCAL_HEADER = 30
"""Bytes before a member's name and content in a ZIP."""
_WINDOWS_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_CELL = re.compile(rb"""\sr=["']([A-Z]{1,3})(\d{1,7})["']""")
_OUTSIDE_XML = (b"<!doctype", b"<!entity", b"<networklink", b"xinclude")


def unreadable(name: str, reason: Phrase | str) -> Problem:
    """Return the refusal of a file with its reason."""
    return Problem("unreadable_file", name=name, reason=reason)


@contextmanager
def open_zip(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP whose directory is harmless; broken, encrypted and oversized ones are refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            _judge_members(archive, name)
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as fault:
        raise unreadable(name, f"ZIP: {fault}") from fault


def _judge_members(archive: zipfile.ZipFile, name: str) -> None:
    members = archive.infolist()
    if len(members) > ENTRIES_MAX:
        raise unreadable(name, Phrase("ZIP 内文件超过 %(count)s 个", {"count": ENTRIES_MAX}))
    if _overlap(members):
        raise unreadable(name, "ZIP 内文件相互重叠")
    packed = sum(member.compress_size for member in members)
    unpacked = sum(member.file_size for member in members)
    if unpacked > UNPACKED_MAX or (unpacked > RATIO_FREE and unpacked > RATIO_MAX * packed):
        raise unreadable(name, "ZIP 解压后过大")
    for member in members:
        _judge_member(member, name)


def _overlap(members: list[zipfile.ZipInfo]) -> bool:
    """Whether a member begins before the one in front of it can have ended."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    return any(
        first.header_offset + LOCAL_HEADER + first.compress_size > second.header_offset
        for first, second in pairwise(ordered)
    )


def _judge_member(member: zipfile.ZipInfo, name: str) -> None:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    outside = member.filename.startswith(("/", "\\")) or ".." in parts
    if outside or any(":" in part or _WINDOWS_DEVICES.fullmatch(part) for part in parts):
        raise unreadable(name, "ZIP 内文件路径不安全")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise unreadable(name, "ZIP 内含符号链接")
    if member.flag_bits & 0x1:
        raise unreadable(name, "ZIP 已加密")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """Return the bytes of a member, never more than its directory entry promised."""
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    if len(content) > member.file_size:
        raise unreadable(name, "ZIP 目录与内容不符")
    return content


def gunzip(path: Path, target: Path, name: str) -> None:
    """Unpack a .gz file beside it, up to the limit."""
    limit = max(RATIO_FREE, min(UNPACKED_MAX, RATIO_MAX * path.stat().st_size))
    written = 0
    try:
        with gzip.open(path) as packed, target.open("wb") as plain:
            while chunk := packed.read(_CHUNK):
                written += len(chunk)
                if written > limit:
                    raise unreadable(name, "解压后过大")
                plain.write(chunk)
    except (OSError, EOFError) as fault:
        raise unreadable(name, f"gzip: {fault}") from fault


def judge_workbook(path: Path, name: str) -> None:
    """Refuse workbooks that are no plain XLSX or whose cells span more than memory holds."""
    with open_zip(path, name) as archive:
        for member in archive.infolist():
            if member.filename.endswith("vbaProject.bin"):
                raise unreadable(name, "不接受带宏的工作簿")
            if member.filename.endswith(".xml"):
                _judge_sheet(read_member(archive, member, name), name)


def _judge_sheet(content: bytes, name: str) -> None:
    judge_xml(content, name)
    columns: set[bytes] = set()
    last_row = 0
    for column, row in _CELL.findall(content):
        columns.add(column)
        last_row = max(last_row, int(row))
    width = max((_column_number(column) for column in columns), default=0)
    if width * last_row > CELLS_MAX:
        facts = {"columns": width, "rows": last_row}
        raise unreadable(name, Phrase("工作表范围过大(%(columns)s 列 × %(rows)s 行)", facts))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def judge_xml(content: bytes, name: str) -> None:
    """Refuse XML that is not UTF-8 or names entities, links or other documents."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise unreadable(name, "XML 应为 UTF-8 编码") from fault
    lowered = content.lower()
    if any(mark in lowered for mark in _OUTSIDE_XML):
        raise unreadable(name, "XML 引用了外部内容或实体")
