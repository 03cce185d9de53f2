"""What a declaration of a kind says: columns, keys, geometry."""

from dataclasses import dataclass
from enum import StrEnum

from inspect_app.workflows.import_file.values import (
    TEXT,
    Converter,
)


class Form(StrEnum):
    """Geometry of a kind as it is stored."""

    POINT = "点"
    LINE = "单线"
    LINES = "线"
    AREAS = "面"


@dataclass(frozen=True, slots=True)
class Column:
    """A target column: its title, how it is read, under which headers it is looked for.

    A bad value rejects the row. With `lenient` the row stays: the value becomes `default`, with a
    warning, and the raw text is kept. `private` columns are of persons: they are stored in the
    reporters' schema only, and kept out of `raw`. `helper` columns guide the writing and are not
    stored.
    """

    name: str
    title: str
    convert: Converter = TEXT
    aliases: tuple[str, ...] = ()
    required: bool = False
    default: object = None
    lenient: bool = False
    private: bool = False
    helper: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """Columns by which a row is known again; with `nulls_equal` two empty values are the same."""

    columns: tuple[str, ...]
    nulls_equal: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: target table, geometry, columns, keys.

    A row is the same as a stored one when any of the keys with values says so. `current` kinds have
    a period of validity, and only rows valid on the day of the import count. `length` and `area`
    name the column that holds the measure of the geometry. Of OpenStreetMap data only ways with
    `osm_tag` are of this kind.
    """

    key: str
    title: str
    table: str
    form: Form
    columns: tuple[Column, ...]
    keys: tuple[Key, ...]
    place_required: bool = True
    current: bool = False
    length: str | None = None
    area: str | None = None
    lookups: tuple[str, ...] = ()
    osm_tag: str | None = None

    def column(self, name: str) -> Column:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)
