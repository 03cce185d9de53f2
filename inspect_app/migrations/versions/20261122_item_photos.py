"""Evidence of campaign items: photos of what was found and of what was put right."""

import sqlalchemy as sa
from alembic import op

revision = "c0d19e5a7f24"
down_revision = "a6d20f83b715"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "campaign_item_photo",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "stage", sa.String(length=10), server_default=sa.text("'before'"), nullable=False
        ),
        sa.CheckConstraint(
            "stage IN ('before', 'after')", name=op.f("ck_campaign_item_photo_stage_code")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["campaign_item.id"],
            name=op.f("fk_campaign_item_photo_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["photo_sha256"],
            ["photo.sha256"],
            name=op.f("fk_campaign_item_photo_photo_sha256"),
        ),
        sa.PrimaryKeyConstraint("item_id", "photo_sha256", name=op.f("pk_campaign_item_photo")),
    )
    op.create_index(
        op.f("ix_campaign_item_photo_photo_sha256"), "campaign_item_photo", ["photo_sha256"]
    )


def downgrade():
    op.drop_table("campaign_item_photo")
