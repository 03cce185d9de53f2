"""Places: grids, waterways and their segments, sources, outlets, water sources, roads."""

from datetime import date

from geoalchemy2 import WKBElement
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Float,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from inspect_app.domain.codes import (
    FlowDirection,
    KeyUnitList,
    OutletClass,
    PermitClass,
    SourceKind,
    StationKind,
    WaterSourceType,
    WaterwayKind,
    WaterwayLevel,
    ZoneLevel,
)
from inspect_app.models.base import (
    Base,
    Imported,
    Key,
    code_check,
    geometry,
    geometry_checks,
    reference,
)


class Grid(Imported, Base):
    """A supervision grid: a cell of the tree at one depth, with a period of validity.

    `depth` counts from 1 (the county); `level_name` is the local word for it and is never derived
    from the depth. `path` holds the ids from the root to the grid itself as `/1/5/29/`, so that
    a subtree is one prefix; its collation C lets the index serve prefixes. `valid_to` is the
    first day on which the grid no longer exists.
    """

    __tablename__ = "grid"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint("code ~ '^[0-9]{6}([0-9]{3}){0,3}$'", name="code_digits"),
        CheckConstraint("depth >= 1", name="depth"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        *geometry_checks(),
    )

    id: Mapped[Key]
    parent_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    code: Mapped[str] = mapped_column(String(15), index=True)
    name: Mapped[str]
    depth: Mapped[int] = mapped_column(Integer)
    level_name: Mapped[str]
    path: Mapped[str] = mapped_column(Text(collation="C"), index=True)
    area_km2: Mapped[float] = mapped_column(Float)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))


class Waterway(Imported, Base):
    """The centre-line of a river or canal."""

    __tablename__ = "waterway"
    __table_args__ = (
        code_check("kind", WaterwayKind),
        code_check("level", WaterwayLevel),
        code_check("flow_direction", FlowDirection),
        *geometry_checks(),
    )

    id: Mapped[Key]
    code: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))
    flow_direction: Mapped[str] = mapped_column(String(20), server_default=text("'unknown'"))
    flows_into_id: Mapped[int | None] = mapped_column(reference("waterway.id"))
    length_m: Mapped[float] = mapped_column(Float)
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTILINESTRING"))


class PatrolSegment(Imported, Base):
    """A reach of a waterway that is patrolled as one piece; `grid_id` holds its largest share."""

    __tablename__ = "patrol_segment"
    __table_args__ = (
        UniqueConstraint("waterway_id", "name"),
        CheckConstraint("length_m > 0", name="length"),
        *geometry_checks(),
    )

    id: Mapped[Key]
    waterway_id: Mapped[int] = mapped_column(reference("waterway.id", cascade=True), index=True)
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    code: Mapped[str | None]
    name: Mapped[str]
    length_m: Mapped[float] = mapped_column(Float)
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class SegmentGrid(Base):
    """The share of a segment's length that lies in a grid."""

    __tablename__ = "segment_grid"
    __table_args__ = (CheckConstraint("share > 0 AND share <= 1", name="share"),)

    segment_id: Mapped[int] = mapped_column(
        reference("patrol_segment.id", cascade=True), primary_key=True
    )
    grid_id: Mapped[int] = mapped_column(
        reference("grid.id", cascade=True), primary_key=True, index=True
    )
    share: Mapped[float] = mapped_column(Float)


class PollutionSource(Imported, Base):
    """A pollution source; `uscc` is the unified social credit code, `site_code` that of HJ 608."""

    __tablename__ = "pollution_source"
    __table_args__ = (
        UniqueConstraint("name", "site_code", postgresql_nulls_not_distinct=True),
        code_check("permit_class", PermitClass),
        code_check("kind", SourceKind),
        CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc_form"),
        *geometry_checks(),
    )

    id: Mapped[Key]
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(40), server_default=text("'other'"))
    uscc: Mapped[str | None] = mapped_column(String(18), index=True)
    site_code: Mapped[str | None] = mapped_column(String(22))
    permit_class: Mapped[str] = mapped_column(String(20), server_default=text("'none'"))
    permit_no: Mapped[str | None]
    industry: Mapped[str | None]
    address: Mapped[str | None]
    closed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class KeyUnitListing(Base):
    """A source on a list of key units in a year; one source may be on several."""

    __tablename__ = "key_unit_listing"
    __table_args__ = (code_check("list_kind", KeyUnitList),)

    source_id: Mapped[int] = mapped_column(
        reference("pollution_source.id", cascade=True), primary_key=True
    )
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    list_kind: Mapped[str] = mapped_column(String(20), primary_key=True)


class Outlet(Imported, Base):
    """A river discharge outlet; national and local codes are opaque strings."""

    __tablename__ = "outlet"
    __table_args__ = (
        code_check("outlet_class", OutletClass),
        UniqueConstraint("outlet_code_national"),
        UniqueConstraint("outlet_code_local"),
        *geometry_checks(),
    )

    id: Mapped[Key]
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    name: Mapped[str]
    outlet_code_national: Mapped[str | None]
    outlet_code_local: Mapped[str | None]
    outlet_class: Mapped[str] = mapped_column(String(10), server_default=text("'4'"))
    receiving_water: Mapped[str | None]
    waterway_id: Mapped[int | None] = mapped_column(reference("waterway.id"), index=True)
    responsible_body: Mapped[str | None]
    source_id: Mapped[int | None] = mapped_column(reference("pollution_source.id"), index=True)
    closed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class WaterSource(Imported, Base):
    """A drinking-water source at its intake."""

    __tablename__ = "water_source"
    __table_args__ = (code_check("source_type", WaterSourceType), *geometry_checks())

    id: Mapped[Key]
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str | None] = mapped_column(unique=True)
    source_type: Mapped[str] = mapped_column(String(20))
    supply_population: Mapped[int | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class ProtectionZone(Imported, Base):
    """An approved drinking-water protection zone: polygon, document and date of approval."""

    __tablename__ = "protection_zone"
    __table_args__ = (code_check("zone_level", ZoneLevel), *geometry_checks())

    id: Mapped[Key]
    water_source_id: Mapped[int | None] = mapped_column(
        reference("water_source.id", cascade=True), index=True
    )
    name: Mapped[str]
    zone_level: Mapped[str] = mapped_column(String(20))
    approval_doc: Mapped[str | None]
    approved_on: Mapped[date | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))


class ZoneGrid(Base):
    """The share of a zone's area that lies in a grid."""

    __tablename__ = "zone_grid"
    __table_args__ = (CheckConstraint("share > 0 AND share <= 1", name="share"),)

    zone_id: Mapped[int] = mapped_column(
        reference("protection_zone.id", cascade=True), primary_key=True
    )
    grid_id: Mapped[int] = mapped_column(
        reference("grid.id", cascade=True), primary_key=True, index=True
    )
    share: Mapped[float] = mapped_column(Float)


class Station(Imported, Base):
    """A point of the bureau's own: township station, automatic station, gate, section, camera."""

    __tablename__ = "station"
    __table_args__ = (
        UniqueConstraint("kind", "name"),
        code_check("kind", StationKind),
        *geometry_checks(),
    )

    id: Mapped[Key]
    grid_id: Mapped[int | None] = mapped_column(reference("grid.id"), index=True)
    org_id: Mapped[int | None] = mapped_column(reference("org.id"))
    waterway_id: Mapped[int | None] = mapped_column(reference("waterway.id"))
    name: Mapped[str]
    code: Mapped[str | None]
    kind: Mapped[str] = mapped_column(String(30))
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class Road(Imported, Base):
    """A road centre-line; a closed road is kept and not driven."""

    __tablename__ = "road"
    __table_args__ = (*geometry_checks(),)

    id: Mapped[Key]
    name: Mapped[str | None]
    road_class: Mapped[str] = mapped_column(String(40))
    oneway: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    closed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    length_m: Mapped[float] = mapped_column(Float)
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTILINESTRING"))
