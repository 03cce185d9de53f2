"""Grids: codes where the file has none, parents by code or by containment, depth and path."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gis.rejection import Rejection
from inspect_app.workflows.import_file.checking import Checked
from inspect_app.workflows.import_file.writing import cursor_of

_STEP = 3
_COUNTY_LENGTH = 6
_SERIAL_MAX = 999
# A grid is inside another only when the other is clearly larger: both may be drawings of one thing.
_LARGER = 1.01


@dataclass(frozen=True, slots=True)
class _Stored:
    """Grids in force on a day, as arrays in the order of their ids."""

    ids: list[int]
    codes: list[str]
    names: list[str]
    parents: list[int | None]
    areas: np.ndarray[tuple[int], np.dtype[np.float64]]
    shapes: np.ndarray[tuple[int], np.dtype[np.object_]]


def _stored(session: Session, day: date) -> _Stored:
    cursor = cursor_of(session)
    cursor.execute(
        "SELECT id, code, name, parent_id, area_km2, ST_AsBinary(geom) FROM grid"
        " WHERE valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s) ORDER BY id",
        {"day": day},
    )
    found = cursor.fetchall()
    ids, codes, names, parents, areas, wkb = zip(*found, strict=True) if found else ((),) * 6
    shapes = shapely.from_wkb(np.array([bytes(one) for one in wkb], dtype=object))
    return _Stored(
        list(ids), list(codes), list(names), list(parents), np.array(areas, dtype=float), shapes
    )


def prepare(session: Session, checked: Checked, *, day: date) -> Checked:
    """Fill in missing codes and refuse unknown parents.

    A grid without a code gets the next serial under the stored grid that contains it; one that has
    the name of a child there is that child.
    """
    stored = _stored(session, day)
    rows = checked.rows.copy()
    faults = _parent_faults(rows, stored)
    open_ = [place for place in rows.index if rows.at[place, "code"] is None]
    codes = _Codes(stored)
    for place in sorted(open_, key=lambda place: str(rows.at[place, "name"])):
        found = codes.take(rows.loc[place])
        if found.isdigit():
            rows.at[place, "code"] = found
        else:
            faults.append(Rejection(int(place) + 1, found, {"name": str(rows.at[place, "name"])}))
    written = tuple(dict.fromkeys((*checked.written, "code")))
    return replace(checked, rows=rows, written=written).without(faults)


def _parent_faults(rows: pd.DataFrame, stored: _Stored) -> list[Rejection]:
    known = {*stored.codes, *rows["code"].dropna()}
    return [
        Rejection(int(place) + 1, "parent_unknown", {"parent_code": parent})
        for place, parent in rows["parent_code"].dropna().items()
        if parent not in known
    ]


class _Codes:
    """Gives out codes below stored grids."""

    def __init__(self, stored: _Stored) -> None:
        self.stored = stored
        self.by_code = {code: place for place, code in enumerate(stored.codes)}
        self.taken = set(stored.codes)
        self.children = {
            (stored.parents[place], stored.names[place]): code
            for code, place in self.by_code.items()
        }

    def take(self, row: "pd.Series[object]") -> str:
        """Return the code of a row, or the reason why it gets none."""
        parent = self._parent(row)
        if parent is None:
            return "grid_without_code"
        known = self.children.get((self.stored.ids[parent], str(row["name"])))
        if known is not None:
            return known
        return self._next(self.stored.codes[parent])

    def _parent(self, row: "pd.Series[object]") -> int | None:
        if row["parent_code"] is not None:
            return self.by_code.get(str(row["parent_code"]))
        return container(row["geom"], self.stored.shapes, self.stored.areas)

    def _next(self, parent_code: str) -> str:
        serials = (f"{parent_code}{serial:03d}" for serial in range(1, _SERIAL_MAX + 1))
        code = next((one for one in serials if one not in self.taken), "grid_codes_used_up")
        self.taken.add(code)
        return code


def container(
    shape: object,
    shapes: np.ndarray[tuple[int], np.dtype[np.object_]],
    areas: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> int | None:
    """Return the place of the smallest clearly larger shape around a point of this one."""
    if len(shapes) == 0:
        return None
    inner = shapely.point_on_surface(shape)
    around = np.flatnonzero(shapely.intersects(shapes, inner))
    scale = shapely.area(shapes[around]) > _LARGER * shapely.area(shape)
    around = around[scale]
    return int(around[np.argmin(areas[around])]) if len(around) else None


def settle_tree(session: Session, parent_codes: Mapping[str, str], *, day: date) -> None:
    """Set parent, depth and path of all grids in force; grids that have a parent keep it.

    The parent is the one the file names, else the grid with the code without its last three
    digits, else the smallest larger grid around.
    """
    stored = _stored(session, day)
    by_code = {code: place for place, code in enumerate(stored.codes)}
    by_id = {one: place for place, one in enumerate(stored.ids)}
    parents: list[int | None] = []
    for place, code in enumerate(stored.codes):
        known = stored.parents[place]
        if code in parent_codes:
            parents.append(by_code.get(parent_codes[code]))
        elif known is not None:
            parents.append(by_id.get(known))
        else:
            parents.append(_parent_of(place, stored, by_code))
    _write_tree(session, stored, parents)


def _parent_of(place: int, stored: _Stored, by_code: Mapping[str, int]) -> int | None:
    code = stored.codes[place]
    if len(code) > _COUNTY_LENGTH and code[:-_STEP] in by_code:
        return by_code[code[:-_STEP]]
    return container(stored.shapes[place], stored.shapes, stored.areas)


def _write_tree(session: Session, stored: _Stored, parents: list[int | None]) -> None:
    lines: dict[int, list[int]] = {}

    def line(place: int) -> list[int]:
        """Return the places from the root to this one; a ring is cut where it closes."""
        chain: list[int] = []
        here: int | None = place
        while here is not None and here not in chain:
            chain.append(here)
            here = parents[here]
        return chain[::-1]

    for place in range(len(stored.ids)):
        lines[place] = line(place)
    values = []
    for place, chain in lines.items():
        ids = [stored.ids[one] for one in chain]
        parent = ids[-2] if len(ids) > 1 else None
        path = "/" + "".join(f"{one}/" for one in ids)
        values.append((parent, len(ids), path, stored.ids[place]))
    cursor_of(session).executemany(
        "UPDATE grid SET parent_id = v.parent, depth = v.depth, path = v.path"
        " FROM (SELECT %s::bigint AS parent, %s::int AS depth, %s::text AS path,"
        " %s::bigint AS id) v WHERE grid.id = v.id"
        " AND (grid.parent_id, grid.depth, grid.path) IS DISTINCT FROM (v.parent, v.depth, v.path)",
        values,
    )
