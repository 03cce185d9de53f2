"""Files with geometry: GeoJSON by our own parser; GeoPackage, shapefile, KML, OSM by GDAL."""

import contextlib
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import (
    CRSError as FileCRSError,
)
from pyogrio.errors import (
    DataLayerError,
    DataSourceError,
    FeatureError,
    GeometryError,
)
from pyproj import CRS
from pyproj.exceptions import CRSError

from gis.datum import SourceReference, UnknownReference, parse_reference
from inspect_app.domain.problems import Phrase
from inspect_app.workflows.import_file.guards import (
    judge_xml,
    open_zip,
    read_member,
    unreadable,
)
from inspect_app.workflows.import_file.source import Note, Shapes, Source, Upload

_FAULTS = (
    DataLayerError,
    DataSourceError,
    FeatureError,
    FileCRSError,
    GeometryError,
    UnicodeDecodeError,
    ValueError,
)
_ONEWAY = r'"oneway"=>"([^"]+)"'
_ROUNDABOUT = r'"junction"=>"(?:roundabout|circular)"'
_AGAINST_THE_DRAWING = "-1"
_SHAPEFILE_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
_EPSG_CONFIDENCE = 70
_GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}


def read_geojson(upload: Upload) -> Source:
    """Read GeoJSON without GDAL: a collection, a feature or a bare geometry.

    Without a `crs` member the reference is WGS84 (RFC 7946); the member of older files is read.
    """
    try:
        body = orjson.loads(upload.path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as fault:
        raise unreadable(upload.name, f"JSON: {fault}") from fault
    features = _features(body, upload.name)
    rows = [_properties(feature) for feature in features]
    texts = np.array([_geometry_text(feature) for feature in features], dtype=object)
    shapes = shapely.from_geojson(texts, on_invalid="ignore")
    reference, note = _geojson_reference(body, upload.name)
    return Source(
        rows=pd.DataFrame(rows, index=range(len(rows)), dtype=object),
        shapes=np.asarray(shapes, dtype=object),
        reference=reference,
        reference_note=note,
    )


def _features(body: object, name: str) -> list[dict[str, Any]]:
    kind = body.get("type") if isinstance(body, dict) else None
    if not isinstance(body, dict) or kind not in {"FeatureCollection", "Feature", *_GEOMETRIES}:
        raise unreadable(name, "不是 GeoJSON")
    if kind == "Feature":
        return [body]
    if kind in _GEOMETRIES:
        return [{"type": "Feature", "properties": {}, "geometry": body}]
    features = body.get("features")
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise unreadable(name, "GeoJSON 缺少 features")
    return features


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties") or {}
    plain = dict(properties) if isinstance(properties, dict) else {}
    if "id" in feature:
        plain.setdefault("id", feature["id"])
    return plain


def _geometry_text(feature: dict[str, Any]) -> str | None:
    geometry = feature.get("geometry")
    return orjson.dumps(geometry).decode() if isinstance(geometry, dict) else None


def _geojson_reference(body: dict[str, Any], name: str) -> tuple[SourceReference, Note]:
    member = body.get("crs")
    if not isinstance(member, dict):
        return parse_reference("WGS84"), "GeoJSON 未写坐标系,按 RFC 7946 为 WGS84"
    properties = member.get("properties")
    found = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    # The old member names the same system in many ways; the last part decides.
    last = found.rsplit(":", 1)[-1]
    try:
        reference = parse_reference("WGS84" if last.upper() == "CRS84" else found)
    except UnknownReference as fault:
        raise unreadable(name, f"crs: {found[:60]}") from fault
    return reference, declared_note(reference)


def declared_note(reference: SourceReference) -> Phrase:
    """Say that the file itself names its reference."""
    return Phrase("坐标系由文件声明:%(name)s", {"name": reference.text})


def read_kml(upload: Upload) -> Source:
    """Read KML: all its folders together; always WGS84."""
    content = upload.path.read_bytes()
    judge_xml(content, upload.name)
    with _named(upload, ".kml") as path:
        layers = [str(layer[0]) for layer in _layers(path, upload.name)]
        parts = [_read_layer(path, layer, upload) for layer in layers]
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    shapes = np.concatenate([part.shapes for part in parts if part.shapes is not None])
    return Source(
        rows=rows,
        shapes=shapes,
        reference=parse_reference("WGS84"),
        reference_note="KML 的坐标系为 WGS84",
    )


def read_geopackage(upload: Upload) -> Source:
    """Read a layer of a GeoPackage: the named one, else the only one with geometry."""
    with _named(upload, ".gpkg") as path:
        return _read_layer(path, _layer_of(path, upload), upload)


def read_osm(upload: Upload) -> Source:
    """Read OpenStreetMap data: by default its lines; GDAL refuses files that are not sorted.

    A one-way road leads in the drawing direction: ways tagged against it are turned round, and
    roundabouts are one-way also where nobody said so.
    """
    suffix = ".osm" if upload.path.read_bytes()[:1] == b"<" else ".osm.pbf"
    if suffix == ".osm":
        judge_xml(upload.path.read_bytes(), upload.name)
    with _named(upload, suffix) as path:
        source = _read_layer(path, upload.layer or "lines", upload)
    rows, shapes = source.rows, source.shapes
    if "other_tags" in rows:
        tags = rows["other_tags"].astype("str")
        oneway = tags.str.extract(_ONEWAY, expand=False).astype(object)
        oneway = oneway.mask(oneway.isna() & tags.str.contains(_ROUNDABOUT), "yes")
        against = (oneway == _AGAINST_THE_DRAWING).to_numpy()
        rows = rows.assign(oneway=oneway.mask(against, "yes"))
        if shapes is not None:
            shapes = np.where(against, shapely.reverse(shapes), shapes)
    return replace(source, rows=rows.where(rows.notna(), None), shapes=shapes, osm=True)


def of_kind(source: Source, tag: str | None) -> Source:
    """Return the ways of OpenStreetMap data that carry a tag; other data as they are."""
    if not source.osm or tag is None or tag not in source.rows or source.shapes is None:
        return source
    wanted = np.array([bool(value) for value in source.rows[tag]], dtype=bool)
    facts = {"tag": tag, "taken": int(wanted.sum()), "left": int((~wanted).sum())}
    note = Phrase("只取带 %(tag)s 标签的 %(taken)s 条,其余 %(left)s 条不属于此类", facts)
    return replace(
        source,
        rows=source.rows[wanted],
        shapes=source.shapes[wanted],
        notes=(*source.notes, note),
    )


def read_shapefile(upload: Upload) -> Source:
    """Read a zipped shapefile: its parts are unpacked under names of our own.

    Without .cpg the text is UTF-8 where that is valid throughout, else GB18030. Without .prj the
    reference is undeclared.
    """
    with tempfile.TemporaryDirectory() as folder:
        parts = _unpack(upload, Path(folder))
        path = Path(folder) / "layer.shp"
        encoding = upload.encoding or _dbf_encoding(parts)
        return _read_layer(path, "layer", Upload(path, upload.name, None, encoding))


def _unpack(upload: Upload, folder: Path) -> dict[str, bytes]:
    with open_zip(upload.path, upload.name) as archive:
        stem, members = _shapefile_of(archive, upload)
        parts = {
            suffix: read_member(archive, member, upload.name) for suffix, member in members.items()
        }
    missing = {".shp", ".dbf", ".shx"} - set(parts)
    if ".shp" in missing:
        raise unreadable(upload.name, Phrase("%(name)s 缺少 .shp", {"name": stem}))
    for suffix, content in parts.items():
        (folder / f"layer{suffix}").write_bytes(content)
    return parts


def _shapefile_of(
    archive: zipfile.ZipFile, upload: Upload
) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    groups: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for member in archive.infolist():
        path = PurePosixPath(member.filename)
        if path.suffix.lower() in _SHAPEFILE_PARTS and not path.name.startswith("."):
            groups.setdefault(path.stem, {})[path.suffix.lower()] = member
    stems = sorted(stem for stem, parts in groups.items() if ".shp" in parts)
    if upload.layer is not None:
        stems = [stem for stem in stems if stem == upload.layer]
    if len(stems) != 1:
        facts = {"found": "、".join(stems) or "没有"}
        wanted = "ZIP 内应有一个 .shp(或指明图层),实际:%(found)s"
        raise unreadable(upload.name, Phrase(wanted, facts))
    return stems[0], groups[stems[0]]


def _dbf_encoding(parts: dict[str, bytes]) -> str | None:
    """Return the encoding of the attributes; None leaves it to the .cpg."""
    if ".cpg" in parts:
        return None
    table = parts.get(".dbf", b"")
    for encoding in ("utf-8", "gb18030"):
        try:
            table[32:].decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "gb18030"


@contextlib.contextmanager
def _named(upload: Upload, suffix: str) -> Iterator[Path]:
    """Give the file under a name of our own: GDAL chooses drivers and siblings by name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"layer{suffix}"
        path.symlink_to(upload.path.resolve())
        yield path


def _layers(path: Path, name: str) -> Any:  # noqa: ANN401 - an array of GDAL's
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pyogrio.list_layers(path)
    except _FAULTS as fault:
        raise unreadable(name, _reason(fault, path)) from fault


def _layer_of(path: Path, upload: Upload) -> str:
    layers = _layers(path, upload.name)
    if upload.layer is not None:
        return upload.layer
    spatial = [str(name) for name, kind in layers if kind is not None]
    if len(spatial) != 1:
        facts = {"found": "、".join(spatial) or "没有"}
        wanted = "应有一个空间图层(或指明图层),实际:%(found)s"
        raise unreadable(upload.name, Phrase(wanted, facts))
    return spatial[0]


def _read_layer(path: Path, layer: str, upload: Upload) -> Source:
    options = {"encoding": upload.encoding} if upload.encoding else {}
    try:
        with warnings.catch_warnings():
            # GDAL warns of heights and measures it drops; shapes are flattened anyway.
            warnings.simplefilter("ignore")
            about, _, wkb, columns = pyogrio.raw.read(
                path, layer=layer, datetime_as_string=True, **options
            )
    except _FAULTS as fault:
        raise unreadable(upload.name, _reason(fault, path)) from fault
    rows = pd.DataFrame(
        dict(zip((str(name) for name in about["fields"]), columns, strict=True)), dtype=object
    )
    reference = _declared(about["crs"])
    shapes = None if wkb is None else _from_wkb(wkb)
    if rows.empty and shapes is not None:
        rows = pd.DataFrame(index=range(len(shapes)))
    note: Note = "" if reference is None else declared_note(reference)
    return Source(rows=rows, shapes=shapes, reference=reference, reference_note=note)


def _from_wkb(wkb: Shapes) -> Shapes:
    return np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)


def _reason(fault: Exception, path: Path) -> str:
    """Return GDAL's reason without the place of the file on our disk."""
    return str(fault).replace(str(path), "").replace(str(path.parent), "")[:200]


def _declared(text: str | None) -> SourceReference | None:
    """Return the reference a file carries; a local or unknown system declares nothing."""
    if not text:
        return None
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        return None
    code = crs.to_epsg(min_confidence=_EPSG_CONFIDENCE)
    if code is not None:
        return parse_reference(f"EPSG:{code}")
    if not (crs.is_geographic or crs.is_projected):
        return None
    return SourceReference(crs.name[:40], crs)
