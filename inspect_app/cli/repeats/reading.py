"""A file of past complaints with what became known of them → complaints and truth."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.crs import metric_crs_for, project
from gis.rejection import Rejection
from gis.repeats.complaints import Complaint
from gis.repeats.evaluate import Truth
from inspect_app.workflows.import_file.reading import read_source
from inspect_app.workflows.import_file.source import Upload
from inspect_app.workflows.import_file.values import Context, instants, plain

NEEDED = ("id", "at")
TRUTHS = ("duplicate_of", "is_duplicate")
KNOWN = (*NEEDED, "lon", "lat", "kind", "text", "object", "reporter", *TRUTHS)
REASONS = {
    "fields_too_many": "more fields than the header",
    "id_missing": "no id",
    "id_twice": "an earlier row has the id",
    "at_missing": "no time",
    "not_an_instant": "the time cannot be read",
    "not_a_place": "longitude and latitude are no place on earth",
}
_TRUE = {"1", "true", "t", "yes", "y", "是"}

Texts = NDArray[np.object_]


class UnusableColumns(ValueError):
    """The columns that were named do not fit the file or the question."""


@dataclass(frozen=True, slots=True)
class PastComplaints:
    """Complaints in order of time, the truth about them, and the rows that were refused."""

    complaints: list[Complaint]
    truth: Truth
    rejections: list[Rejection]
    rows: int


def read_complaints(
    path: Path, columns: Mapping[str, str], *, encoding: str | None, time_zone: str
) -> PastComplaints:
    """Read a CSV, packed or not, in UTF-8 or GB18030.

    A column may be several joined by `+`; `is_duplicate` may be `column~pattern`, which is true
    where the column matches the regular expression, whatever the case. A row without a coordinate
    is a complaint without a place.
    """
    _refuse_unusable(columns)
    source = read_source(Upload(path, path.name, encoding=encoding))
    table = _table(source.rows, columns)
    instant = instants(table["at"], Context(time_zone))
    faults = _faults(table, instant.faults)
    rejections = [
        *source.rejections,
        *(
            Rejection(int(row) + 1, fault)
            for row, fault in zip(table.index, faults, strict=True)
            if fault
        ),
    ]
    good = faults == ""
    table = table.assign(instant=instant.values)[good]
    table = table.sort_values("instant", kind="stable")
    truth = _truth(table, _wanted_truth(columns))
    complaints = list(_complaints(table))
    return PastComplaints(complaints, truth, rejections, len(source.rows) + len(source.rejections))


def _refuse_unusable(columns: Mapping[str, str]) -> None:
    unknown = sorted(set(columns) - set(KNOWN))
    if unknown:
        fault = f"unknown: {', '.join(unknown)}; known: {', '.join(KNOWN)}"
        raise UnusableColumns(fault)
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        fault = f"needed: {', '.join(missing)}"
        raise UnusableColumns(fault)
    if ("lon" in columns) != ("lat" in columns):
        fault = "lon and lat go together"
        raise UnusableColumns(fault)
    if len([name for name in TRUTHS if name in columns]) != 1:
        fault = "one of duplicate_of, is_duplicate"
        raise UnusableColumns(fault)


def _wanted_truth(columns: Mapping[str, str]) -> str:
    return next(name for name in TRUTHS if name in columns)


def _table(rows: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return the wanted columns as plain texts, the absent ones empty."""
    table = pd.DataFrame("", index=rows.index, columns=list(KNOWN), dtype=object)
    for target, given in columns.items():
        names, _, pattern = given.partition("~") if target == "is_duplicate" else (given, "", "")
        parts = names.split("+")
        absent = [name for name in parts if name not in rows.columns]
        if absent:
            fault = f"the file has no column {', '.join(absent)}"
            raise UnusableColumns(fault)
        cells = [rows[name].map(plain) for name in parts]
        joined = [" ".join(filter(None, row)) for row in zip(*cells, strict=True)]
        table[target] = [_matches(pattern, text) for text in joined] if pattern else joined
    return table


def _matches(pattern: str, text: str) -> str:
    return "1" if re.search(pattern, text, re.IGNORECASE) else ""


def _faults(table: pd.DataFrame, time_faults: Texts) -> Texts:
    """Return the reason to refuse each row, empty for a good one; the first fault counts."""
    lon, lat = _degrees(table)
    has_place = ((table.lon != "") | (table.lat != "")).to_numpy()
    on_earth = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)  # NaN is nowhere
    conditions = [
        (table.id == "").to_numpy(),
        table.id.duplicated().to_numpy(),
        (table["at"] == "").to_numpy(),
        time_faults != "",
        has_place & ~on_earth,
    ]
    names = ["id_missing", "id_twice", "at_missing", "not_an_instant", "not_a_place"]
    return np.select(conditions, names, default="").astype(object)


def _degrees(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lon, lat = (
        pd.to_numeric(table[name], errors="coerce").to_numpy(float) for name in ("lon", "lat")
    )
    return lon, lat


def _complaints(table: pd.DataFrame) -> Iterable[Complaint]:
    lon, lat = _degrees(table)
    places: Sequence[tuple[float, float] | None] = [None] * len(table)
    known = np.flatnonzero(np.isfinite(lon))
    if known.size:
        crs = metric_crs_for(float(np.median(lon[known])))
        metres = np.full((len(table), 2), np.nan)
        metres[known] = project(np.column_stack([lon, lat])[known], metric_crs=crs)
        places = [(x, y) if np.isfinite(x) else None for x, y in metres.tolist()]
    for row, place in zip(table.itertuples(index=False), places, strict=True):
        yield Complaint(
            key=row.id,
            at=row.instant,
            xy=place,
            kind=row.kind,
            text=row.text,
            object_key=row.object,
            reporter=row.reporter,
        )


def _truth(table: pd.DataFrame, wanted: str) -> Truth:
    """Return which complaints repeat an earlier one, and the matters when they are known."""
    if wanted == "is_duplicate":
        return Truth(table.is_duplicate.str.casefold().isin(_TRUE).to_numpy(bool))
    places = pd.Series(np.arange(len(table)), index=table.id)
    of = table.duplicate_of.map(places)
    linked = np.flatnonzero(of.notna())
    links = (np.ones(linked.size), (linked, of.iloc[linked].to_numpy(int)))
    matter = connected_components(coo_array(links, shape=(len(table), len(table))), directed=False)[
        1
    ]
    # Complaints are in order of time, so all but the first of a matter repeat it.
    return Truth(pd.Series(matter).duplicated().to_numpy(bool), matter.astype(np.int64))
