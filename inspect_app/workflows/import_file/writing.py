"""Checked rows → tables: staged by COPY, matched by key, inserted or updated set by set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import orjson
import pandas as pd
import shapely
from psycopg import Cursor, sql
from sqlalchemy.orm import Session

from gis.rejection import Rejection
from inspect_app.workflows.import_file.checking import Checked
from inspect_app.workflows.import_file.kinds import Key, Kind
from inspect_app.workflows.import_file.values import plain

STAGED = sql.Identifier("staged")
_SRID = 4490


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows became what, which were refused by what is stored, and the ids touched."""

    inserted: int
    updated: int
    unchanged: int
    rejections: tuple[Rejection, ...] = ()


def cursor_of(session: Session) -> Cursor[Any]:
    """Return a driver cursor in the session's transaction, for COPY and set-based statements."""
    session.flush()
    connection = session.connection().connection.driver_connection
    if connection is None:
        message = "the session has no connection"
        raise RuntimeError(message)
    cursor: Cursor[Any] = connection.cursor()
    return cursor


def stage(session: Session, kind: Kind, checked: Checked) -> None:
    """Copy the rows into a temporary table that has the target's column types."""
    columns = stored_columns(kind)
    cursor = cursor_of(session)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged")
    cursor.execute(
        sql.SQL(
            "CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT source_row, raw, {columns},"
            " NULL::bigint AS target_id, '{{}}'::bigint[] AS matches FROM {table} WITH NO DATA"
        ).format(columns=names(columns), table=sql.Identifier(kind.table))
    )
    copy = sql.SQL("COPY staged (source_row, raw, {columns}) FROM STDIN").format(
        columns=names(columns)
    )
    with cursor.copy(copy) as stream:
        for row in staged_rows(checked, columns):
            stream.write_row(row)
    cursor.execute("ALTER TABLE staged ADD PRIMARY KEY (source_row)")
    cursor.execute("UPDATE staged SET matches = '{}'")
    cursor.execute("ANALYZE staged")


def stored_columns(kind: Kind) -> tuple[str, ...]:
    """Return the columns of the target that an import fills."""
    plain_columns = [one.name for one in kind.columns if not one.helper and not one.private]
    measure = kind.area or kind.length
    return (*plain_columns, *((measure,) if measure else ()), "geom")


def names(columns: Iterable[str], prefix: str = "") -> sql.Composed:
    """Return a list of column names, each with the prefix of its table."""
    identifiers = [
        sql.Identifier(prefix, one) if prefix else sql.Identifier(one) for one in columns
    ]
    return sql.SQL(", ").join(identifiers)


def staged_rows(checked: Checked, columns: tuple[str, ...]) -> Iterable[tuple[object, ...]]:
    """Yield rows as COPY takes them."""
    cells = [_cells(checked.rows, name) for name in columns]
    raws = raw_texts(checked.raw)
    source_rows = (int(place) + 1 for place in checked.rows.index)
    return zip(source_rows, raws, *cells, strict=True)


def _cells(rows: pd.DataFrame, name: str) -> list[object]:
    values = rows[name].to_numpy(dtype=object)
    if name != "geom":
        return [None if value is None or value != value else value for value in values]
    shapes = shapely.set_srid(values, _SRID)
    texts: list[object] = shapely.to_wkb(shapes, hex=True, include_srid=True).tolist()
    return texts


def raw_texts(raw: pd.DataFrame) -> list[str]:
    """Return each row's attributes as JSON, without the empty ones."""
    labels = [str(name) for name in raw.columns]
    return [
        orjson.dumps(
            {
                label: _raw(value)
                for label, value in zip(labels, values, strict=True)
                if not _empty(value)
            },
            option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS,
        ).decode()
        for values in raw.itertuples(index=False, name=None)
    ]


def _empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and np.isnan(value))


def _raw(value: object) -> object:
    """Return a raw value; the database's JSON cannot hold the character NUL."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, bool | int | float | np.integer | np.floating):
        return value
    return orjson.loads(orjson.dumps(value)) if isinstance(value, dict | list) else plain(value)


def match(session: Session, kind: Kind, *, day: date) -> tuple[Rejection, ...]:
    """Find the stored row of each staged one; rows that fit several are taken out and refused."""
    cursor = cursor_of(session)
    for key in kind.keys:
        cursor.execute(_match_statement(kind, key), {"day": day})
    cursor.execute("UPDATE staged SET target_id = matches[1] WHERE cardinality(matches) > 0")
    cursor.execute(
        """
        DELETE FROM staged WHERE source_row IN (
          SELECT source_row FROM (
            SELECT source_row, row_number() OVER (PARTITION BY target_id ORDER BY source_row) AS n
            FROM staged WHERE target_id IS NOT NULL
          ) AS numbered WHERE n > 1
          UNION ALL
          SELECT source_row FROM staged
          WHERE (SELECT count(DISTINCT one) FROM unnest(matches) AS one) > 1
        ) RETURNING source_row
        """
    )
    refused = sorted(row for (row,) in cursor.fetchall())
    return tuple(Rejection(row, "key_conflict") for row in refused)


def _match_statement(kind: Kind, key: Key) -> sql.Composed:
    equal = sql.SQL(
        "COALESCE(t.{0}, '') = COALESCE(s.{0}, '')" if key.nulls_equal else "t.{0} = s.{0}"
    )
    conditions = [equal.format(sql.Identifier(name)) for name in key.columns]
    if kind.current:
        conditions.append(
            sql.SQL(
                "t.valid_from <= %(day)s AND (t.valid_to IS NULL OR t.valid_to > %(day)s)"
            ).format()
        )
    return sql.SQL(
        "UPDATE staged SET matches = staged.matches || t.id FROM staged s JOIN {table} t"
        " ON {conditions} WHERE staged.source_row = s.source_row"
    ).format(table=sql.Identifier(kind.table), conditions=sql.SQL(" AND ").join(conditions))


def update_rows(session: Session, kind: Kind, checked: Checked, *, batch_id: int) -> int:
    """Change the stored rows that differ in a given column or in the raw values; return how many.

    Only columns the file gave are compared and written.
    """
    columns = (*checked.written, "raw")
    cursor = cursor_of(session)
    cursor.execute(
        sql.SQL(
            "UPDATE {table} t SET ({columns}, source_row, source_crs, import_batch_id) ="
            " ROW({staged}, s.source_row, %(crs)s, %(batch)s) FROM staged s"
            " WHERE t.id = s.target_id AND ({stored}) IS DISTINCT FROM ({staged})"
        ).format(
            table=sql.Identifier(kind.table),
            columns=names(columns),
            staged=names(columns, "s"),
            stored=names(columns, "t"),
        ),
        {"crs": checked.reference_text[:40], "batch": batch_id},
    )
    return cursor.rowcount


def insert_rows(
    session: Session,
    kind: Kind,
    checked: Checked,
    *,
    batch_id: int,
    extra: Mapping[str, object],
    more: tuple[str, ...] = (),
) -> int:
    """Insert the staged rows without a stored one.

    `extra` columns are equal in all; `more` are further columns of the staged rows.
    """
    columns = (*stored_columns(kind), "raw", "source_row", *more)
    constants = {"source_crs": checked.reference_text[:40], "import_batch_id": batch_id, **extra}
    cursor = cursor_of(session)
    cursor.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}, {more}) SELECT {columns}, {values} FROM staged"
            " WHERE target_id IS NULL ORDER BY source_row"
        ).format(
            table=sql.Identifier(kind.table),
            columns=names(columns),
            more=names(constants),
            values=sql.SQL(", ").join(sql.Placeholder(name) for name in constants),
        ),
        constants,
    )
    return cursor.rowcount


def staged_count(session: Session) -> int:
    """Return how many rows are staged."""
    cursor = cursor_of(session)
    cursor.execute("SELECT count(*) FROM staged")
    found = cursor.fetchone()
    return 0 if found is None else int(found[0])
