"""A waterway may flow both ways, as gates and pumps have it."""

from alembic import op

revision = "7b2f4d90c1e6"
down_revision = "e17fb6f1e181"
branch_labels = None
depends_on = None

BEFORE = ("digitised", "reversed", "unknown")


def upgrade() -> None:
    """Let the direction be `both`."""
    _allow((*BEFORE[:2], "both", BEFORE[2]))


def downgrade() -> None:
    """Call what flows both ways unknown: that is what it is to an older version."""
    op.execute("UPDATE waterway SET flow_direction = 'unknown' WHERE flow_direction = 'both'")
    _allow(BEFORE)


def _allow(codes: tuple[str, ...]) -> None:
    values = ", ".join(f"'{code}'" for code in codes)
    name = op.f("ck_waterway_flow_direction_code")
    op.drop_constraint(name, "waterway")
    op.create_check_constraint(name, "waterway", f"flow_direction IN ({values})")
