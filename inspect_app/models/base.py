"""Base of all tables: naming of constraints, typed columns, geometry with its checks."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    MetaData,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SRID = 4490
"""CGCS2000, the one stored reference system (Surveying and Mapping Law, art. 10)."""

Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Json = dict[str, Any]


class Base(DeclarativeBase):
    """Declarative base with stable constraint names, so that migrations can name what they drop."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        str: Text(),
        int: BigInteger(),
        date: Date(),
        datetime: DateTime(timezone=True),
        Json: JSONB(),
    }


def geometry(kind: str) -> Geometry:
    """Return the geometry type of a stored column: kind, SRID 4490 and a GiST index."""
    return Geometry(kind, srid=SRID, spatial_index=True)


def code_check(column: str, codes: type[StrEnum]) -> CheckConstraint:
    """Return the CHECK that holds `column` to the values of a code list."""
    values = ", ".join(f"'{code.value}'" for code in codes)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_code")


def geometry_checks(column: str = "geom") -> tuple[CheckConstraint, CheckConstraint]:
    """Return the CHECKs every geometry column carries: coordinates in range, geometry valid."""
    return (
        CheckConstraint(
            f"ST_XMin({column}) >= -180 AND ST_XMax({column}) <= 180"
            f" AND ST_YMin({column}) >= -90 AND ST_YMax({column}) <= 90",
            name=f"{column}_range",
        ),
        CheckConstraint(f"ST_IsValid({column})", name=f"{column}_valid"),
    )


def reference(target: str, *, cascade: bool = False) -> ForeignKey:
    """Return a foreign key; rows that are only parts of a whole go with it."""
    return ForeignKey(target, ondelete="CASCADE" if cascade else None)


class Imported:
    """Columns of rows that may come from a file: raw values and source CRS are kept."""

    import_batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), index=True, sort_order=900
    )
    source_row: Mapped[int | None] = mapped_column(sort_order=901)
    source_crs: Mapped[str | None] = mapped_column(String(40), sort_order=902)
    raw: Mapped[Json | None] = mapped_column(JSONB, sort_order=903)
