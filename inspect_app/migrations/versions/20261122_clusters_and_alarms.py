"""Scans of clusters with what they found, and alarms of surges."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "e17fb6f1e181"
down_revision = "94f7f1e813ad"
branch_labels = None
depends_on = None

SHOWN_ON_MAPS = "cluster_scan, cluster"


def upgrade():
    op.create_table(
        "cluster_scan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("replications", sa.Integer(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("metric_crs", sa.Text(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.Column("without_place", sa.Integer(), nullable=False),
        sa.Column("on_shared_place", sa.Integer(), nullable=False),
        sa.Column("shared_places", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("circles", sa.Integer(), nullable=False),
        sa.Column("cell_m", sa.Float(), nullable=True),
        sa.Column("is_exact", sa.Boolean(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scanned_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_cluster_scan_period")),
        sa.ForeignKeyConstraint(
            ["scanned_by"], ["person.id"], name=op.f("fk_cluster_scan_scanned_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_scan")),
    )
    op.create_index(
        "uq_cluster_scan_week",
        "cluster_scan",
        ["week"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_geospatial_table(
        "cluster",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("radius_m", sa.Float(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("observed", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("q", sa.Float(), nullable=False),
        sa.Column("recurrence_days", sa.Float(), nullable=False),
        sa.Column("confidence", sa.String(length=20), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "confidence IN ('strong', 'weak', 'could_be_chance')",
            name=op.f("ck_cluster_confidence_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_cluster_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_cluster_geom_range"),
        ),
        sa.CheckConstraint("p > 0 AND p <= 1 AND q > 0 AND q <= 1", name=op.f("ck_cluster_shares")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_cluster_grid_id")),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["cluster_scan.id"], name=op.f("fk_cluster_scan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster")),
    )
    op.create_geospatial_index(
        "idx_cluster_geom",
        "cluster",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_cluster_grid_id"), "cluster", ["grid_id"], unique=False)
    op.create_index(op.f("ix_cluster_scan_id"), "cluster", ["scan_id"], unique=False)
    op.create_table(
        "burst_alarm",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("unit_key", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.BigInteger(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("history", sa.Integer(), nullable=False),
        sa.Column("history_days", sa.Integer(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("q", sa.Float(), nullable=False),
        sa.Column("units_tested", sa.Integer(), nullable=False),
        sa.Column("peak", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.BigInteger(), nullable=True),
        sa.Column("acknowledgement", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "unit IN ('matter', 'respondent', 'grid')", name=op.f("ck_burst_alarm_unit_code")
        ),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledgement IS NULL)",
            name=op.f("ck_burst_alarm_acknowledged_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["person.id"], name=op.f("fk_burst_alarm_acknowledged_by")
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_burst_alarm_grid_id")),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["complaint_matter.id"],
            name=op.f("fk_burst_alarm_matter_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["pollution_source.id"], name=op.f("fk_burst_alarm_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_burst_alarm")),
    )
    op.create_index(op.f("ix_burst_alarm_grid_id"), "burst_alarm", ["grid_id"], unique=False)
    op.create_index(op.f("ix_burst_alarm_matter_id"), "burst_alarm", ["matter_id"], unique=False)
    op.create_index(
        "ix_burst_alarm_open",
        "burst_alarm",
        ["rung_at"],
        unique=False,
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )
    op.create_index(op.f("ix_burst_alarm_rung_at"), "burst_alarm", ["rung_at"], unique=False)
    op.create_index(op.f("ix_burst_alarm_source_id"), "burst_alarm", ["source_id"], unique=False)
    op.create_index(
        "ix_burst_alarm_unit", "burst_alarm", ["unit", "unit_key", "rung_at"], unique=False
    )
    op.create_table(
        "cluster_complaint",
        sa.Column("cluster_id", sa.BigInteger(), nullable=False),
        sa.Column("complaint_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"],
            ["cluster.id"],
            name=op.f("fk_cluster_complaint_cluster_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_cluster_complaint_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cluster_id", "complaint_id", name=op.f("pk_cluster_complaint")),
    )
    op.create_index(
        op.f("ix_cluster_complaint_complaint_id"),
        "cluster_complaint",
        ["complaint_id"],
        unique=False,
    )
    op.execute(f"GRANT SELECT ON {SHOWN_ON_MAPS} TO inspect_map")


def downgrade():
    op.drop_index(op.f("ix_cluster_complaint_complaint_id"), table_name="cluster_complaint")
    op.drop_table("cluster_complaint")
    op.drop_index("ix_burst_alarm_unit", table_name="burst_alarm")
    op.drop_index(op.f("ix_burst_alarm_source_id"), table_name="burst_alarm")
    op.drop_index(op.f("ix_burst_alarm_rung_at"), table_name="burst_alarm")
    op.drop_index(
        "ix_burst_alarm_open",
        table_name="burst_alarm",
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )
    op.drop_index(op.f("ix_burst_alarm_matter_id"), table_name="burst_alarm")
    op.drop_index(op.f("ix_burst_alarm_grid_id"), table_name="burst_alarm")
    op.drop_table("burst_alarm")
    op.drop_index(op.f("ix_cluster_scan_id"), table_name="cluster")
    op.drop_index(op.f("ix_cluster_grid_id"), table_name="cluster")
    op.drop_geospatial_index(
        "idx_cluster_geom", table_name="cluster", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("cluster")
    op.drop_index(
        "uq_cluster_scan_week",
        table_name="cluster_scan",
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.drop_table("cluster_scan")
