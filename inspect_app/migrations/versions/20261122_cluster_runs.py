"""Attempts to scan a week: who asked for them, who stopped them, how they ended."""

import sqlalchemy as sa
from alembic import op

revision = "d735edfc24d8"
down_revision = "827ca9ba3a23"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "cluster_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scan_id", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cancelled_by"], ["person.id"], name=op.f("fk_cluster_run_cancelled_by")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name=op.f("fk_cluster_run_requested_by")
        ),
        sa.ForeignKeyConstraint(
            ["scan_id"],
            ["cluster_scan.id"],
            name=op.f("fk_cluster_run_scan_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_run")),
    )
    op.create_index(op.f("ix_cluster_run_week"), "cluster_run", ["week"], unique=False)


def downgrade():
    op.drop_index(op.f("ix_cluster_run_week"), table_name="cluster_run")
    op.drop_table("cluster_run")
