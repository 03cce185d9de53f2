"""Insert a row: by one statement, without the session's search for what else has changed."""

from functools import cache
from typing import TypeVar, cast

from sqlalchemy import Insert, Table, insert, inspect
from sqlalchemy.orm import Session, make_transient_to_detached

from inspect_app.models import Base

Row = TypeVar("Row", bound=Base)


def insert_row(session: Session, row: Row) -> Row:
    """Write a new row, give it its key, and return it as one of the session's own.

    For tables that every record of a tablet writes: a flush looks at all objects, sorts them and
    builds its statement anew. Columns the row does not name keep the database's default and are
    read when they are asked for.
    """
    state = inspect(row)
    columns = {attribute.key for attribute in state.mapper.column_attrs}
    values = {name: value for name, value in state.dict.items() if name in columns}
    found = session.execute(_statement(type(row)), values).one()
    for column, value in zip(state.mapper.primary_key, found, strict=True):
        setattr(row, state.mapper.get_property_by_column(column).key, value)
    make_transient_to_detached(row)
    session.add(row)
    return row


@cache
def _statement(kind: type[Base]) -> Insert:
    table = cast("Table", kind.__table__)
    return insert(table).returning(*table.primary_key.columns)
