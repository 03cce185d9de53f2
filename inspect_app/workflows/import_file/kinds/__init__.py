"""What can be imported: one declaration a kind, with columns, Chinese headers and natural keys."""

from inspect_app.domain.problems import Problem
from inspect_app.workflows.import_file.kinds.complaints import COMPLAINTS
from inspect_app.workflows.import_file.kinds.declaration import Column, Form, Key, Kind
from inspect_app.workflows.import_file.kinds.geography import GRIDS, ROADS, SEGMENTS, WATERWAYS
from inspect_app.workflows.import_file.kinds.headers import LAT, LON
from inspect_app.workflows.import_file.kinds.places import (
    OUTLETS,
    SOURCES,
    STATIONS,
    WATER_SOURCES,
    ZONES,
)

__all__ = ["COMPLAINTS", "GRIDS", "KINDS", "LAT", "LON", "Column", "Form", "Key", "Kind", "kind_of"]


KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        GRIDS,
        WATERWAYS,
        SEGMENTS,
        ROADS,
        SOURCES,
        OUTLETS,
        WATER_SOURCES,
        ZONES,
        STATIONS,
        COMPLAINTS,
    )
}


def kind_of(key: str) -> Kind:
    """Return the kind of this key, or refuse it with the known ones."""
    if key not in KINDS:
        raise Problem("kind_unknown", found=key, expected="、".join(KINDS))
    return KINDS[key]
