"""Raw rows → rows to be written: columns found, values converted, places located, keys unique."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.datum import (
    SourceReference,
    UnknownReference,
    locate_rows,
    parse_reference,
    to_storage_geometries,
)
from gis.rejection import Rejection
from inspect_app.domain.problems import Phrase, Problem
from inspect_app.workflows.import_file.headers import HEADERS, LAT, LON, PERSONAL
from inspect_app.workflows.import_file.kinds import Column, Form, Kind
from inspect_app.workflows.import_file.report import ImportRequest
from inspect_app.workflows.import_file.shapes import measures, settle
from inspect_app.workflows.import_file.source import Note, Shapes, Source
from inspect_app.workflows.import_file.values import Context, plain

_SHOWN_MAX = 80
UNLOCATED = "无坐标"


@dataclass(frozen=True, slots=True)
class Checked:
    """Rows ready to be written, and all that was said about the others.

    Parameters
    ----------
    rows
        Target columns and `geom` (shapely or None); the index is the data row counted from 0.
    raw
        The source's attributes of the same rows, without private ones.
    written
        Target columns that the file or its sender gave: only these change stored rows.
    mapping
        Source column by target column.
    reference
        What the coordinates were read as; None where the file has none.
    """

    rows: pd.DataFrame
    raw: pd.DataFrame
    written: tuple[str, ...]
    mapping: Mapping[str, str]
    reference: SourceReference | None
    rejections: tuple[Rejection, ...]
    warnings: tuple[Rejection, ...]
    notes: tuple[Note, ...]

    @property
    def reference_text(self) -> str:
        """The reference as it is stored."""
        return UNLOCATED if self.reference is None else self.reference.text

    def without(self, rejections: list[Rejection]) -> "Checked":
        """Return the same without these rows."""
        gone = {rejection.row - 1 for rejection in rejections}
        kept = ~self.rows.index.isin(gone)
        return replace(
            self,
            rows=self.rows[kept],
            raw=self.raw[kept],
            rejections=(*self.rejections, *rejections),
            warnings=tuple(one for one in self.warnings if one.row - 1 not in gone),
        )


class _Ledger:
    """What is said about rows: the first reason to refuse a row counts, all warnings do."""

    def __init__(self, source: Source) -> None:
        self.refused: dict[int, Rejection] = {one.row - 1: one for one in source.rejections}
        self.warned: list[Rejection] = []

    def refuse(self, place: int, reason: str, **facts: object) -> None:
        """Refuse a data row, counted from 0."""
        self.refused.setdefault(place, Rejection(place + 1, reason, _shown(facts)))

    def warn(self, place: int, reason: str, **facts: object) -> None:
        """Say what was changed in a row that is taken."""
        self.warned.append(Rejection(place + 1, reason, _shown(facts)))


def _shown(facts: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value)[:_SHOWN_MAX] for name, value in facts.items()}


def check(source: Source, kind: Kind, request: ImportRequest, *, context: Context) -> Checked:
    """Judge every row of a source; refuses as a whole only what no row can help."""
    mapping = map_columns([str(name) for name in source.rows.columns], kind, request)
    ledger = _Ledger(source)
    places = _locate(source, kind, request, ledger=ledger)
    rows = pd.DataFrame(index=source.rows.index)
    rows["geom"] = pd.Series(list(places.shapes), index=rows.index, dtype=object)
    for column in kind.columns:
        raws = _raws(source, column, request, mapping=mapping)
        if raws is not None:
            rows[column.name] = _converted(raws, column, context, ledger=ledger)
        elif column.required:
            raise column_missing(column.title, source)
        else:
            rows[column.name] = _series([column.default] * len(rows), rows.index)
    _measure(rows, kind)
    _find_repeats(rows, kind, ledger)
    kept = ~rows.index.isin(list(ledger.refused))
    return Checked(
        rows=rows[kept],
        raw=_public(source, kind, mapping)[kept],
        written=_written(kind, request, mapping),
        mapping=mapping,
        reference=places.reference,
        rejections=tuple(ledger.refused[place] for place in sorted(ledger.refused)),
        warnings=tuple(one for one in ledger.warned if one.row - 1 not in ledger.refused),
        notes=(*source.notes, *places.notes),
    )


def _series(values: list[object], index: pd.Index) -> pd.Series:
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return pd.Series(cells, index=index, dtype=object)


def column_missing(title: str, source: Source) -> Problem:
    """Return the refusal of a file without a column that must be there."""
    found = "、".join(str(name) for name in source.rows.columns)[:300]
    return Problem("column_missing", column=title, found=found)


def map_columns(names: list[str], kind: Kind, request: ImportRequest) -> dict[str, str]:
    """Return the source column of each target column, and of lon and lat.

    What the sender says wins; else the title, the target's name and its other headers are looked
    for in this order, in any case. One source column may serve one target only.
    """
    known = [column.name for column in kind.columns]
    for target, name in request.columns.items():
        if target not in {*known, "lon", "lat"}:
            raise Problem(
                "target_unknown", found=target, expected="、".join([*known, "lon", "lat"])
            )
        if name not in names:
            raise Problem("column_missing", column=name, found="、".join(names)[:300])
    mapping = dict(request.columns)
    free = {name.casefold(): name for name in reversed(names)}
    for taken in mapping.values():
        free.pop(taken.casefold(), None)
    headers = HEADERS[kind.key]
    wanted = [
        (column.name, (column.title, column.name, *headers.get(column.name, ())))
        for column in kind.columns
    ]
    for target, aliases in [*wanted, ("lon", LON), ("lat", LAT)]:
        if target in mapping or target in request.constants:
            continue
        found = next((alias for alias in aliases if alias.casefold() in free), None)
        if found is not None:
            mapping[target] = free.pop(found.casefold())
    return mapping


def _raws(
    source: Source, column: Column, request: ImportRequest, *, mapping: Mapping[str, str]
) -> pd.Series | None:
    if column.name in request.constants:
        constant = request.constants[column.name]
        return pd.Series([constant] * len(source.rows), index=source.rows.index, dtype=object)
    if column.name in mapping:
        return source.rows[mapping[column.name]]
    return None


def _converted(raws: pd.Series, column: Column, context: Context, *, ledger: _Ledger) -> pd.Series:
    converted = column.convert(raws, context)
    values = converted.values.copy()
    founds, places = raws.tolist(), raws.index.tolist()
    for place in np.flatnonzero(converted.faults != ""):
        # What was told of a person stands in no report.
        row, found = int(places[place]), "" if column.private else founds[place]
        reason = str(converted.faults[place])
        if column.lenient:
            reason = "value_defaulted" if reason == "code_unknown" else reason
            ledger.warn(row, reason, column=column.title, found=found)
        else:
            ledger.refuse(row, reason, column=column.title, found=found)
    for place in np.flatnonzero(np.array([value is None for value in values], dtype=bool)):
        if column.required and converted.faults[place] == "":
            ledger.refuse(int(places[place]), "value_missing", column=column.title)
        values[place] = column.default
    return pd.Series(values, index=raws.index, dtype=object)


@dataclass(frozen=True, slots=True)
class _Places:
    shapes: Shapes
    reference: SourceReference | None
    notes: tuple[Note, ...] = ()


def _locate(source: Source, kind: Kind, request: ImportRequest, *, ledger: _Ledger) -> _Places:
    """Return storage geometries row by row; rows whose place is bad are refused."""
    if source.shapes is None:
        return _locate_table(source, kind, request, ledger=ledger)
    reference = declared_reference(request.crs) or source.reference
    if reference is None:
        raise Problem("crs_undeclared")
    notes: tuple[Note, ...] = (source.reference_note,) if source.reference_note else ()
    if source.reference is not None and reference.text != source.reference.text:
        facts = {"note": source.reference_note, "declared": reference.text}
        notes = (Phrase("%(note)s,但按您声明的 %(declared)s 读取", facts),)
    shapes, refused, changed = settle(source.shapes, kind.form)
    stored = _stored(shapes, reference, refused)
    for place, row in enumerate(source.rows.index):
        if refused[place] == "geometry_missing" and not kind.place_required:
            continue
        if refused[place]:
            found = source.shapes[place]
            ledger.refuse(int(row), str(refused[place]), found=getattr(found, "geom_type", ""))
        elif changed[place]:
            ledger.warn(int(row), str(changed[place]))
    return _Places(stored, reference, notes)


def _stored(
    shapes: Shapes,
    reference: SourceReference,
    refused: Shapes,
) -> Shapes:
    """Bring shapes to storage and refuse those that are not on the Earth or not valid there."""
    bounds = shapely.bounds(shapes)
    in_degrees = (np.abs(bounds[:, [0, 2]]) <= 180).all(axis=1)
    in_degrees &= (np.abs(bounds[:, [1, 3]]) <= 90).all(axis=1)
    present = refused == ""
    if not reference.is_projected:
        refused[present & ~in_degrees] = "coordinates_projected"
        shapes = _only(shapes, refused == "")
    stored = to_storage_geometries(gpd.GeoSeries(shapes), reference).to_numpy()
    bounds = shapely.bounds(stored)
    with np.errstate(invalid="ignore"):
        on_earth = (np.abs(bounds[:, [0, 2]]) <= 180).all(axis=1)
        on_earth &= (np.abs(bounds[:, [1, 3]]) <= 90).all(axis=1)
    present = refused == ""
    refused[present & ~on_earth] = "coordinates_out_of_range"
    refused[(refused == "") & ~shapely.is_valid(stored)] = "geometry_invalid"
    return _only(stored, refused == "")


def _only(shapes: Shapes, wanted: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Shapes:
    kept = shapes.copy()
    kept[~wanted] = None
    return kept


def declared_reference(text: str | None) -> SourceReference | None:
    """Return the sender's declaration, or refuse a name nobody knows."""
    if not text:
        return None
    try:
        return parse_reference(text)
    except UnknownReference as fault:
        raise Problem("crs_unknown", found=text[:_SHOWN_MAX]) from fault


def _locate_table(
    source: Source, kind: Kind, request: ImportRequest, *, ledger: _Ledger
) -> _Places:
    mapping = map_columns([str(name) for name in source.rows.columns], kind, request)
    shapes = np.full(len(source.rows), None, dtype=object)
    if kind.form is not Form.POINT:
        raise column_missing("几何", source)
    if "lon" not in mapping or "lat" not in mapping:
        if kind.place_required:
            raise column_missing("经度、纬度", source)
        return _Places(shapes, None)
    reference = declared_reference(request.crs)
    if reference is None:
        raise Problem("crs_undeclared")
    lon, lat = mapping["lon"], mapping["lat"]
    pairs = pd.DataFrame(
        {name: [plain(raw) for raw in source.rows[name]] for name in (lon, lat)},
        index=source.rows.index,
        dtype=object,
    )
    points, rejections = locate_rows(pairs, lon, lat, reference=reference)
    located = pd.Series(shapes, index=source.rows.index)
    located[points.index] = points.to_numpy()
    for one in rejections:
        if one.reason != "coordinates_missing" or kind.place_required:
            ledger.refuse(int(source.rows.index[one.row - 1]), one.reason, **one.facts)
    return _Places(located.to_numpy(), reference)


def _measure(rows: pd.DataFrame, kind: Kind) -> None:
    column = kind.area or kind.length
    if column is not None:
        sizes = measures(rows["geom"].to_numpy(), kind.form)
        rows[column] = pd.Series(sizes, index=rows.index).astype(object)


def _find_repeats(rows: pd.DataFrame, kind: Kind, ledger: _Ledger) -> None:
    """Refuse rows whose key an earlier good row of the file has."""
    for key in kind.keys:
        first: dict[tuple[object, ...], int] = {}
        columns = [_key_parts(rows[name]) for name in key.columns]
        for place, *parts in zip(rows.index, *columns, strict=True):
            if place in ledger.refused or (None in parts and not key.nulls_equal):
                continue
            earlier = first.setdefault(tuple(parts), int(place))
            if earlier != place:
                shown = " / ".join(str(part) for part in parts if isinstance(part, str))
                ledger.refuse(int(place), "key_repeated", first_row=earlier + 1, key=shown)


def _key_parts(values: pd.Series) -> list[object]:
    parts: list[object] = values.tolist()
    if values.name == "geom":
        parts = shapely.to_wkb(values.to_numpy()).tolist()
    return parts


def _written(kind: Kind, request: ImportRequest, mapping: Mapping[str, str]) -> tuple[str, ...]:
    given = set(mapping) | set(request.constants)
    names = [
        column.name
        for column in kind.columns
        if column.name in given and not column.helper and not column.private
    ]
    measure = kind.area or kind.length
    return (*names, "geom", *((measure,) if measure else ()))


def _public(source: Source, kind: Kind, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Return the raw values without what is private: mapped so, or so by its header."""
    private = {
        mapping[column.name] for column in kind.columns if column.private and column.name in mapping
    }
    if any(column.private for column in kind.columns):
        used = set(mapping.values())
        private |= {
            name
            for name in source.rows.columns
            if name not in used and any(word in str(name) for word in PERSONAL)
        }
    return source.rows.drop(columns=list(private))
