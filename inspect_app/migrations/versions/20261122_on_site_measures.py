"""Measures: what was done on the spot."""

from alembic import op

revision = "c41f0a7d5e92"
down_revision = "c7f3a20261122"
branch_labels = None
depends_on = None

NAME = "ck_measure_kind_code"
BEFORE = (
    "oral_order",
    "order_to_correct",
    "rectification_notice",
    "deadline_treatment",
    "warning_letter",
    "admonitory_talk",
    "production_stop",
    "production_limit",
    "seizure",
    "closure_order",
    "daily_report_duty",
    "loss_assessment",
    "compensation",
    "substitute_treatment",
    "daily_penalty",
    "police_transfer",
    "listed_supervision",
    "public_exposure",
)


def upgrade():
    _hold_to(("on_site_action", *BEFORE))


def downgrade():
    # The nearest measure of before keeps the words of the note.
    op.execute("UPDATE measure SET kind = 'oral_order' WHERE kind = 'on_site_action'")
    _hold_to(BEFORE)


def _hold_to(kinds):
    values = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute(f"ALTER TABLE measure DROP CONSTRAINT {NAME}")
    op.execute(f"ALTER TABLE measure ADD CONSTRAINT {NAME} CHECK (kind IN ({values}))")
