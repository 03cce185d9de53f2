"""Checked rows → tables: staged by COPY, matched by key, inserted or updated set by set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import pandas as pd
import shapely
from psycopg import Cursor, sql
from sqlalchemy.orm import Session

from gis.rejection import Rejection
from inspect_app.workflows.import_file.checking import Checked
from inspect_app.workflows.import_file.kinds import Key, Kind

_SRID = 4490


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows became what, which were refused by what is stored, and the ids touched."""

    inserted: int
    updated: int
    unchanged: int
    rejections: tuple[Rejection, ...] = ()
    outside_grids: int = 0


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
    """Copy the rows into a temporary table that has the target's column types.

    `staged` holds the bulk and is never changed, only thinned; `matched` says which stored row is
    which.
    """
    columns = stored_columns(kind)
    cursor = cursor_of(session)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged, pg_temp.matched")
    cursor.execute(
        sql.SQL(
            "CREATE TEMP TABLE staged ON COMMIT DROP AS"
            " SELECT source_row, raw, {columns} FROM {table} WITH NO DATA"
        ).format(columns=names(columns), table=sql.Identifier(kind.table))
    )
    cursor.execute("CREATE TEMP TABLE matched (source_row bigint, id bigint) ON COMMIT DROP")
    copy = sql.SQL("COPY staged (source_row, raw, {columns}) FROM STDIN").format(
        columns=names(columns)
    )
    with cursor.copy(copy) as stream:
        for row in staged_rows(checked, columns):
            stream.write_row(row)
    cursor.execute("CREATE UNIQUE INDEX ON staged (source_row)")
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
    columns = [raw.iloc[:, place].tolist() for place in range(len(labels))]
    if not columns:
        return ["{}"] * len(raw)
    return [_raw_text(dict(zip(labels, row, strict=True))) for row in zip(*columns, strict=True)]


def _raw_text(values: dict[str, object]) -> str:
    full = {name: value for name, value in values.items() if value is not None and value != ""}
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    text = orjson.dumps(full, default=str, option=options).decode()
    if "\\u0000" not in text:
        return text
    # The database's JSON cannot hold the character NUL.
    clean = {name: str(value).replace("\x00", "") for name, value in full.items()}
    return orjson.dumps(clean).decode()


def match(session: Session, kind: Kind, *, day: date) -> tuple[Rejection, ...]:
    """Find the stored row of each staged one; rows that fit several are taken out and refused."""
    cursor = cursor_of(session)
    for key in kind.keys:
        cursor.execute(_match_statement(kind, key), {"day": day})
    cursor.execute(
        """
        DELETE FROM staged WHERE source_row IN (
          SELECT source_row FROM matched GROUP BY source_row HAVING count(DISTINCT id) > 1
          UNION ALL
          SELECT m.source_row FROM matched m
          JOIN (SELECT id, min(source_row) AS first FROM matched GROUP BY id) f USING (id)
          WHERE m.source_row > f.first
        ) RETURNING source_row
        """
    )
    refused = sorted(row for (row,) in cursor.fetchall())
    cursor.execute("DELETE FROM matched WHERE source_row NOT IN (SELECT source_row FROM staged)")
    cursor.execute(
        "DELETE FROM matched m USING matched o"
        " WHERE m.source_row = o.source_row AND m.ctid > o.ctid"
    )
    cursor.execute("CREATE UNIQUE INDEX ON matched (source_row)")
    cursor.execute("ANALYZE matched")
    return tuple(Rejection(row, "key_conflict") for row in refused)


def _match_statement(kind: Kind, key: Key) -> sql.Composed:
    equal = sql.SQL("t.{0} = s.{0}")
    if key.nulls_equal:
        equal = sql.SQL("COALESCE(t.{0}, '') = COALESCE(s.{0}, '')")
    conditions = [equal.format(sql.Identifier(name)) for name in key.columns]
    if kind.current:
        valid = "t.valid_from <= %(day)s AND (t.valid_to IS NULL OR t.valid_to > %(day)s)"
        conditions.append(sql.SQL(valid).format())
    return sql.SQL(
        "INSERT INTO matched SELECT s.source_row, t.id FROM staged s JOIN {table} t ON {conditions}"
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
            " ROW({staged}, s.source_row, %(crs)s, %(batch)s)"
            " FROM staged s JOIN matched m USING (source_row)"
            " WHERE t.id = m.id AND ({stored}) IS DISTINCT FROM ({staged})"
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
    session: Session, kind: Kind, checked: Checked, *, batch_id: int, extra: Mapping[str, object]
) -> int:
    """Insert the staged rows without a stored one; `extra` columns are equal in all."""
    columns = (*stored_columns(kind), "raw", "source_row")
    constants = {"source_crs": checked.reference_text[:40], "import_batch_id": batch_id, **extra}
    cursor = cursor_of(session)
    cursor.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}, {more}) SELECT {staged}, {values} FROM staged s"
            " WHERE NOT EXISTS (SELECT FROM matched m WHERE m.source_row = s.source_row)"
            " ORDER BY s.source_row"
        ).format(
            table=sql.Identifier(kind.table),
            columns=names(columns),
            staged=names(columns, "s"),
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


def outside_grids(session: Session, *, day: date) -> int:
    """Return how many staged places touch no grid in force; 0 while there are no grids at all.

    Cost: one look into the spatial index of the grids per staged row.
    """
    cursor = cursor_of(session)
    cursor.execute(
        """
        WITH valid AS (
          SELECT geom FROM grid
          WHERE valid_from <= %(day)s AND (valid_to IS NULL OR valid_to > %(day)s)
        )
        SELECT count(*) FROM staged
        WHERE geom IS NOT NULL AND EXISTS (SELECT FROM valid)
          AND NOT EXISTS (SELECT FROM valid WHERE ST_Intersects(valid.geom, staged.geom))
        """,
        {"day": day},
    )
    found = cursor.fetchone()
    return 0 if found is None else int(found[0])
