"""A file → raw rows: its kind is told by its content, never by its name."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from inspect_app.workflows.import_file.guards import gunzip, open_zip, unreadable
from inspect_app.workflows.import_file.source import Source, Upload
from inspect_app.workflows.import_file.tables import read_csv, read_workbook
from inspect_app.workflows.import_file.vectors import (
    read_geojson,
    read_geopackage,
    read_kml,
    read_osm,
    read_shapefile,
)

Reader = Callable[[Upload], Source]
_HEAD = 4096
_REFUSED_MARKS = (b"<ogrvrt", b"<vrtdataset", b"<wms", b"<gdal_wms", b"<ogrwfs", b"<wfs")


def read_source(upload: Upload) -> Source:
    """Read a file by what it holds; what is none of the known formats is refused.

    Known are GeoJSON, GeoPackage, zipped shapefile, KML, CSV, XLSX and OpenStreetMap data, each
    also packed with gzip. Virtual and remote sources (VRT, WFS, WMS) are refused unopened.
    """
    if upload.path.stat().st_size == 0:
        raise unreadable(upload.name, "文件为空")
    head = _head(upload.path)
    if not head.startswith(b"\x1f\x8b"):
        return _reader(upload, head)(upload)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        gunzip(upload.path, plain, upload.name)
        inner = replace(upload, path=plain)
        return _reader(inner, _head(plain))(inner)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD)


def _reader(upload: Upload, head: bytes) -> Reader:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PK\x03\x04"):
        return _zipped(upload)
    if head.startswith(b"SQLite format 3\x00"):
        return read_geopackage
    if b"OSMHeader" in head[:64]:
        return read_osm
    if start.startswith((b"{", b"[")):
        return read_geojson
    if start.startswith(b"<"):
        return _marked_up(upload, start.lower())
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise unreadable(upload.name, "不认识的文件格式")
    return read_csv


def _marked_up(upload: Upload, start: bytes) -> Reader:
    if any(mark in start for mark in _REFUSED_MARKS):
        raise unreadable(upload.name, "不接受虚拟或远程数据源")
    if b"<kml" in start:
        return read_kml
    if b"<osm" in start:
        return read_osm
    raise unreadable(upload.name, "不认识的 XML 格式")


def _zipped(upload: Upload) -> Reader:
    with open_zip(upload.path, upload.name) as archive:
        names = {name.lower() for name in archive.namelist()}
    if "[content_types].xml" in names:
        return read_workbook
    return read_shapefile
