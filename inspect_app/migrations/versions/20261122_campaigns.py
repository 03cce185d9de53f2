"""Campaigns and inspections of authorities: what they are, and the items they bring."""

import sqlalchemy as sa
from alembic import op

revision = "a6d20f83b715"
down_revision = "7b2f4d90c1e6"
branch_labels = None
depends_on = None

STATES = (
    "state IN ('issued', 'acknowledged', 'in_progress', 'phase_closed', 'rectified',"
    " 'accepted_for_cancel', 'cancelled_off', 'published', 'reopened')"
)
REFERENCES = {
    "campaign_id": "campaign",
    "grid_id": "grid",
    "org_id": "org",
    "responsible_person_id": "person",
    "matter_id": "complaint_matter",
}


def upgrade():
    op.create_table(
        "campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('special_campaign', 'inspection_team')", name=op.f("ck_campaign_kind_code")
        ),
        sa.CheckConstraint(
            "level IN ('central', 'provincial', 'municipal', 'county')",
            name=op.f("ck_campaign_level_code"),
        ),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_campaign_period")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name="fk_campaign_created_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("name", name=op.f("uq_campaign_name")),
    )
    op.create_table(
        "campaign_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("org_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_person_id", sa.BigInteger(), nullable=True),
        sa.Column("matter_id", sa.BigInteger(), nullable=True),
        sa.Column("batch_no", sa.Text(), nullable=True),
        sa.Column("item_no", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("is_key_item", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "state", sa.String(length=30), server_default=sa.text("'issued'"), nullable=False
        ),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("published_text", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_campaign_item_state_code")),
        sa.CheckConstraint(
            "org_id IS NOT NULL OR grid_id IS NOT NULL",
            name=op.f("ck_campaign_item_responsible_unit"),
        ),
        sa.CheckConstraint(
            "(published_text IS NULL) = (published_at IS NULL)",
            name=op.f("ck_campaign_item_published"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_campaign_item_{column}"),
                ondelete="SET NULL" if column == "matter_id" else None,
            )
            for column, table in REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_item")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_campaign_item_matter_id")),
        sa.UniqueConstraint(
            "campaign_id", "item_no", name=op.f("uq_campaign_item_campaign_id_item_no")
        ),
    )
    for column in ("campaign_id", "grid_id", "org_id", "responsible_person_id"):
        op.create_index(op.f(f"ix_campaign_item_{column}"), "campaign_item", [column])


def downgrade():
    op.drop_table("campaign_item")
    op.drop_table("campaign")
