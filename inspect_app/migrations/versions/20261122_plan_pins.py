"""plans: pins, the version a plan began with, cancelled runs and their curve."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "b0a4d20261122"
down_revision = "e03a20567955"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "patrol_stop",
        sa.Column("pinned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("patrol_plan", sa.Column("base_plan_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_patrol_plan_base_plan_id_patrol_plan"),
        "patrol_plan",
        "patrol_plan",
        ["base_plan_id"],
        ["id"],
    )
    op.add_column(
        "plan_run",
        sa.Column(
            "points",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column("plan_run", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "plan_run",
        sa.Column("keep_best", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade():
    op.drop_column("plan_run", "keep_best")
    op.drop_column("plan_run", "cancelled_at")
    op.drop_column("plan_run", "points")
    op.drop_constraint(
        op.f("fk_patrol_plan_base_plan_id_patrol_plan"), "patrol_plan", type_="foreignkey"
    )
    op.drop_column("patrol_plan", "base_plan_id")
    op.drop_column("patrol_stop", "pinned")
