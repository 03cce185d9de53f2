"""Photos of a matter's handling, and the documents issued about it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "94f7f1e813ad"
down_revision = "b3d92f60c417"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "matter_photo",
        sa.Column("matter_id", sa.BigInteger(), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "stage", sa.String(length=10), server_default=sa.text("'before'"), nullable=False
        ),
        sa.CheckConstraint("stage IN ('before', 'after')", name=op.f("ck_matter_photo_stage_code")),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["complaint_matter.id"],
            name=op.f("fk_matter_photo_matter_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["photo_sha256"], ["photo.sha256"], name=op.f("fk_matter_photo_photo_sha256")
        ),
        sa.PrimaryKeyConstraint("matter_id", "photo_sha256", name=op.f("pk_matter_photo")),
    )
    op.create_index(
        op.f("ix_matter_photo_photo_sha256"), "matter_photo", ["photo_sha256"], unique=False
    )
    op.create_table(
        "issued_document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("matter_id", sa.BigInteger(), nullable=False),
        sa.Column("complaint_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('receipt', 'acceptance', 'refusal', 'transfer', 'extension', 'reply', 'revisit')",
            name=op.f("ck_issued_document_kind_code"),
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_issued_document_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["person.id"], name=op.f("fk_issued_document_issued_by")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["complaint_matter.id"],
            name=op.f("fk_issued_document_matter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_document")),
        sa.UniqueConstraint("document_no", name=op.f("uq_issued_document_document_no")),
    )
    op.create_index(
        op.f("ix_issued_document_matter_id"), "issued_document", ["matter_id"], unique=False
    )


def downgrade():
    op.drop_index(op.f("ix_issued_document_matter_id"), table_name="issued_document")
    op.drop_table("issued_document")
    op.drop_index(op.f("ix_matter_photo_photo_sha256"), table_name="matter_photo")
    op.drop_table("matter_photo")
