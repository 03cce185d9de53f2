"""Intake: the first contact stays, complaints move and back, routing rules, how files are read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "b3d92f60c417"
down_revision = "8e1f4a7c2d90"
branch_labels = None
depends_on = None

TYPES = (
    "pollution_type IN ('air', 'water', 'noise', 'solid_waste', 'soil', 'radiation', 'ecology',"
    " 'construction', 'other')"
)


def upgrade():
    # First-contact responsibility: who took a complaint down first stays so, whoever asks.
    op.execute(
        "CREATE FUNCTION keep_first_contact() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'the first contact of complaint % stays', OLD.complaint_no"
        " USING ERRCODE = 'check_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER keep_first_contact BEFORE UPDATE OF first_contact_person_id ON complaint"
        " FOR EACH ROW WHEN (OLD.first_contact_person_id IS NOT NULL"
        " AND NEW.first_contact_person_id IS DISTINCT FROM OLD.first_contact_person_id)"
        " EXECUTE FUNCTION keep_first_contact()"
    )
    op.create_table(
        "complaint_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.BigInteger(), nullable=False),
        sa.Column("from_matter_id", sa.BigInteger(), nullable=False),
        sa.Column("into_matter_id", sa.BigInteger(), nullable=True),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_by", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_complaint_move_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["from_matter_id"],
            ["complaint_matter.id"],
            name=op.f("fk_complaint_move_from_matter_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["into_matter_id"],
            ["complaint_matter.id"],
            name=op.f("fk_complaint_move_into_matter_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["moved_by"], ["person.id"], name=op.f("fk_complaint_move_moved_by")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"], ["person.id"], name=op.f("fk_complaint_move_undone_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_move")),
    )
    for column in ("complaint_id", "from_matter_id", "into_matter_id"):
        op.create_index(op.f(f"ix_complaint_move_{column}"), "complaint_move", [column])
    op.create_table(
        "routing_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("pollution_type", sa.String(length=20), nullable=False),
        sa.Column("pollution_subtype", sa.String(length=30), nullable=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(TYPES, name=op.f("ck_routing_rule_pollution_type_code")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_routing_rule_period")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rule")),
    )
    op.create_table(
        "import_mapping",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["used_by"], ["person.id"], name=op.f("fk_import_mapping_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("kind", "signature", name=op.f("uq_import_mapping_kind_signature")),
    )


def downgrade():
    op.drop_table("import_mapping")
    op.drop_table("routing_rule")
    op.drop_table("complaint_move")
    op.execute("DROP TRIGGER keep_first_contact ON complaint")
    op.execute("DROP FUNCTION keep_first_contact()")
