"""Near repeats and hot grids of a scan."""

import sqlalchemy as sa
from alembic import op

revision = "827ca9ba3a23"
down_revision = "c0d19e5a7f24"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "near_repeat",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("limit_m", sa.Float(), nullable=False),
        sa.Column("limit_days", sa.Integer(), nullable=False),
        sa.Column("observed", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("near_space", sa.BigInteger(), nullable=False),
        sa.Column("near_time", sa.BigInteger(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("q", sa.Float(), nullable=False),
        sa.Column("confidence", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "confidence IN ('strong', 'weak', 'could_be_chance')",
            name=op.f("ck_near_repeat_confidence_code"),
        ),
        sa.CheckConstraint(
            "p > 0 AND p <= 1 AND q > 0 AND q <= 1", name=op.f("ck_near_repeat_shares")
        ),
        sa.ForeignKeyConstraint(
            ["scan_id"],
            ["cluster_scan.id"],
            name=op.f("fk_near_repeat_scan_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_near_repeat")),
        sa.UniqueConstraint(
            "scan_id",
            "limit_m",
            "limit_days",
            name=op.f("uq_near_repeat_scan_id_limit_m_limit_days"),
        ),
    )
    op.create_table(
        "hot_grid",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("observed", sa.Integer(), nullable=False),
        sa.Column("around", sa.Integer(), nullable=False),
        sa.Column("neighbours", sa.Integer(), nullable=False),
        sa.Column("z", sa.Float(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("q", sa.Float(), nullable=False),
        sa.Column("confidence", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "confidence IN ('strong', 'weak', 'could_be_chance')",
            name=op.f("ck_hot_grid_confidence_code"),
        ),
        sa.CheckConstraint(
            "p > 0 AND p <= 1 AND q > 0 AND q <= 1", name=op.f("ck_hot_grid_shares")
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_hot_grid_grid_id")),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["cluster_scan.id"], name=op.f("fk_hot_grid_scan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hot_grid")),
        sa.UniqueConstraint("scan_id", "grid_id", name=op.f("uq_hot_grid_scan_id_grid_id")),
    )
    op.create_index(op.f("ix_hot_grid_grid_id"), "hot_grid", ["grid_id"], unique=False)
    op.add_column("cluster_scan", sa.Column("repeat_complaints", sa.Integer(), nullable=True))
    op.add_column("cluster_scan", sa.Column("repeat_replications", sa.Integer(), nullable=True))
    op.add_column("cluster_scan", sa.Column("repeat_seed", sa.BigInteger(), nullable=True))
    op.add_column("cluster_scan", sa.Column("hot_complaints", sa.Integer(), nullable=True))
    op.add_column("cluster_scan", sa.Column("hot_depth", sa.Integer(), nullable=True))
    op.add_column("cluster_scan", sa.Column("hot_days", sa.Integer(), nullable=True))
    op.add_column("cluster_scan", sa.Column("hot_replications", sa.Integer(), nullable=True))
    op.add_column("cluster_scan", sa.Column("hot_seed", sa.BigInteger(), nullable=True))
    op.execute("GRANT SELECT ON hot_grid TO inspect_map")


def downgrade():
    op.drop_column("cluster_scan", "hot_seed")
    op.drop_column("cluster_scan", "hot_replications")
    op.drop_column("cluster_scan", "hot_days")
    op.drop_column("cluster_scan", "hot_depth")
    op.drop_column("cluster_scan", "hot_complaints")
    op.drop_column("cluster_scan", "repeat_seed")
    op.drop_column("cluster_scan", "repeat_replications")
    op.drop_column("cluster_scan", "repeat_complaints")
    op.drop_index(op.f("ix_hot_grid_grid_id"), table_name="hot_grid")
    op.drop_table("hot_grid")
    op.drop_table("near_repeat")
