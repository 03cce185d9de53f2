"""Matters are handled: states, contacts, merges, holidays, what a form of intake asks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "45c11ac4ee68"
down_revision = "5d0c7e1b94a2"
branch_labels = None
depends_on = None

STATES_BEFORE = (
    "registered",
    "accepted",
    "not_accepted",
    "transferred",
    "assigned",
    "investigating",
    "handling",
    "replied",
    "closed",
)
STATES = (
    "registered",
    "merged",
    "accepted",
    "not_accepted",
    "returned",
    "transferred",
    "assigned",
    "investigating",
    "verified",
    "handling",
    "suspended",
    "reply_review",
    "replied",
    "phase_closed",
    "closed",
    "revisited",
    "in_review",
    "in_recheck",
    "terminated",
    "archived",
)
NEAREST = {
    "merged": "closed",
    "returned": "not_accepted",
    "verified": "handling",
    "suspended": "handling",
    "reply_review": "handling",
    "phase_closed": "closed",
    "revisited": "closed",
    "in_review": "replied",
    "in_recheck": "replied",
    "terminated": "closed",
    "archived": "closed",
}
"""What an older version calls a state it does not know."""
ROUTES = ("lawsuit", "arbitration", "party_appeal", "administrative", "illegal_act", "petition")
REFUSALS = ("vague", "not_ours", "accepted_before", "legal_route", "other")
REQUESTS = ("report", "help", "suggestion", "inquiry")


def one_of(table, column, values):
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(op.f(f"ck_{table}_{column}_code"), table, f"{column} IN ({listed})")


def upgrade():
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holiday")),
    )
    op.create_table(
        "matter_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("from_matter_id", sa.BigInteger(), nullable=False),
        sa.Column("into_matter_id", sa.BigInteger(), nullable=False),
        sa.Column("complaint_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("from_state", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["from_matter_id"], ["complaint_matter.id"], name=op.f("fk_matter_merge_from_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["into_matter_id"], ["complaint_matter.id"], name=op.f("fk_matter_merge_into_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["merged_by"], ["person.id"], name=op.f("fk_matter_merge_merged_by")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"], ["person.id"], name=op.f("fk_matter_merge_undone_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_merge")),
    )
    op.create_index(
        op.f("ix_matter_merge_from_matter_id"), "matter_merge", ["from_matter_id"], unique=False
    )
    op.create_index(
        op.f("ix_matter_merge_into_matter_id"), "matter_merge", ["into_matter_id"], unique=False
    )
    op.create_table(
        "matter_contact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("matter_id", sa.BigInteger(), nullable=False),
        sa.Column("complaint_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("means", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("met_in_person", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("satisfaction", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "kind IN ('receipt', 'acceptance', 'progress', 'reply', 'revisit')",
            name=op.f("ck_matter_contact_kind_code"),
        ),
        sa.CheckConstraint(
            "means IN ('phone', 'message', 'letter', 'visit', 'platform')",
            name=op.f("ck_matter_contact_means_code"),
        ),
        sa.CheckConstraint(
            "satisfaction IN ('satisfied', 'fairly', 'dissatisfied', 'declined', 'unreachable')",
            name=op.f("ck_matter_contact_satisfaction_code"),
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_matter_contact_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_matter_contact_made_by")),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["complaint_matter.id"],
            name=op.f("fk_matter_contact_matter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_contact")),
    )
    op.create_index(
        op.f("ix_matter_contact_matter_id"), "matter_contact", ["matter_id"], unique=False
    )
    op.add_column(
        "complaint",
        sa.Column(
            "pollution_subtypes",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column("complaint", sa.Column("industry_code", sa.String(length=10), nullable=True))
    op.add_column("complaint", sa.Column("respondent_source_id", sa.BigInteger(), nullable=True))
    op.add_column("complaint", sa.Column("respondent_name", sa.Text(), nullable=True))
    op.add_column(
        "complaint",
        sa.Column(
            "request_kind", sa.String(length=20), server_default=sa.text("'report'"), nullable=False
        ),
    )
    op.add_column("complaint", sa.Column("forwarded_by", sa.Text(), nullable=True))
    op.add_column("complaint", sa.Column("origin_doc_no", sa.Text(), nullable=True))
    op.add_column("complaint", sa.Column("batch_no", sa.Text(), nullable=True))
    op.add_column(
        "complaint",
        sa.Column("is_skip_level", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(op.f("ix_complaint_batch_no"), "complaint", ["batch_no"], unique=False)
    op.create_index(
        op.f("ix_complaint_respondent_source_id"),
        "complaint",
        ["respondent_source_id"],
        unique=False,
    )
    op.create_foreign_key(
        op.f("fk_complaint_respondent_source_id"),
        "complaint",
        "pollution_source",
        ["respondent_source_id"],
        ["id"],
    )
    op.add_column(
        "complaint_matter",
        sa.Column(
            "legal_route",
            sa.String(length=30),
            server_default=sa.text("'illegal_act'"),
            nullable=False,
        ),
    )
    op.add_column(
        "complaint_matter", sa.Column("handler_person_id", sa.BigInteger(), nullable=True)
    )
    op.add_column(
        "complaint_matter",
        sa.Column(
            "co_handler_ids",
            postgresql.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column("complaint_matter", sa.Column("department", sa.Text(), nullable=True))
    op.add_column(
        "complaint_matter",
        sa.Column(
            "is_on_site_promised", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column(
        "complaint_matter",
        sa.Column("is_sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "complaint_matter",
        sa.Column("is_key_item", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "complaint_matter",
        sa.Column("is_supervised", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "complaint_matter", sa.Column("verification_result", sa.String(length=20), nullable=True)
    )
    op.add_column(
        "complaint_matter", sa.Column("refusal_reason", sa.String(length=20), nullable=True)
    )
    op.add_column(
        "complaint_matter", sa.Column("opinion_kind", sa.String(length=20), nullable=True)
    )
    op.add_column("complaint_matter", sa.Column("handling_result", sa.Text(), nullable=True))
    op.add_column("complaint_matter", sa.Column("reply_text", sa.Text(), nullable=True))
    op.add_column(
        "complaint_matter",
        sa.Column("reopen_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("complaint_matter", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.create_index(
        op.f("ix_complaint_matter_handler_person_id"),
        "complaint_matter",
        ["handler_person_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_complaint_matter_merged_into_id"),
        "complaint_matter",
        ["merged_into_id"],
        unique=False,
    )
    op.create_index(op.f("ix_complaint_matter_state"), "complaint_matter", ["state"], unique=False)
    op.create_foreign_key(
        op.f("fk_complaint_matter_handler_person_id"),
        "complaint_matter",
        "person",
        ["handler_person_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_complaint_matter_merged_into_id"),
        "complaint_matter",
        "complaint_matter",
        ["merged_into_id"],
        ["id"],
    )
    op.add_column("measure", sa.Column("matter_id", sa.BigInteger(), nullable=True))
    op.alter_column("measure", "finding_id", existing_type=sa.BIGINT(), nullable=True)
    op.create_index(op.f("ix_measure_matter_id"), "measure", ["matter_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_measure_matter_id"),
        "measure",
        "complaint_matter",
        ["matter_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_check_constraint(
        op.f("ck_measure_one_subject"), "measure", "num_nonnulls(finding_id, matter_id) = 1"
    )
    op.drop_constraint(op.f("ck_complaint_matter_state_code"), "complaint_matter")
    one_of("complaint_matter", "state", STATES)
    one_of("complaint_matter", "legal_route", ROUTES)
    one_of("complaint_matter", "verification_result", ("true", "partly", "untrue"))
    one_of("complaint_matter", "refusal_reason", REFUSALS)
    one_of("complaint_matter", "opinion_kind", ("support", "explain", "deny"))
    one_of("complaint", "request_kind", REQUESTS)


def downgrade():
    op.drop_constraint(op.f("ck_complaint_matter_state_code"), "complaint_matter")
    for state, known in NEAREST.items():
        op.execute(
            sa.text("UPDATE complaint_matter SET state = :known WHERE state = :state").bindparams(
                known=known, state=state
            )
        )
    one_of("complaint_matter", "state", STATES_BEFORE)
    # The older table keeps measures of findings only.
    op.execute("DELETE FROM measure WHERE finding_id IS NULL")
    op.drop_constraint(op.f("fk_measure_matter_id"), "measure", type_="foreignkey")
    op.drop_index(op.f("ix_measure_matter_id"), table_name="measure")
    op.alter_column("measure", "finding_id", existing_type=sa.BIGINT(), nullable=False)
    op.drop_column("measure", "matter_id")
    op.drop_constraint(
        op.f("fk_complaint_matter_merged_into_id"), "complaint_matter", type_="foreignkey"
    )
    op.drop_constraint(
        op.f("fk_complaint_matter_handler_person_id"), "complaint_matter", type_="foreignkey"
    )
    op.drop_index(op.f("ix_complaint_matter_state"), table_name="complaint_matter")
    op.drop_index(op.f("ix_complaint_matter_merged_into_id"), table_name="complaint_matter")
    op.drop_index(op.f("ix_complaint_matter_handler_person_id"), table_name="complaint_matter")
    op.drop_column("complaint_matter", "merged_into_id")
    op.drop_column("complaint_matter", "reopen_count")
    op.drop_column("complaint_matter", "reply_text")
    op.drop_column("complaint_matter", "handling_result")
    op.drop_column("complaint_matter", "opinion_kind")
    op.drop_column("complaint_matter", "refusal_reason")
    op.drop_column("complaint_matter", "verification_result")
    op.drop_column("complaint_matter", "is_supervised")
    op.drop_column("complaint_matter", "is_key_item")
    op.drop_column("complaint_matter", "is_sensitive")
    op.drop_column("complaint_matter", "is_on_site_promised")
    op.drop_column("complaint_matter", "department")
    op.drop_column("complaint_matter", "co_handler_ids")
    op.drop_column("complaint_matter", "handler_person_id")
    op.drop_column("complaint_matter", "legal_route")
    op.drop_constraint(op.f("fk_complaint_respondent_source_id"), "complaint", type_="foreignkey")
    op.drop_index(op.f("ix_complaint_respondent_source_id"), table_name="complaint")
    op.drop_index(op.f("ix_complaint_batch_no"), table_name="complaint")
    op.drop_column("complaint", "is_skip_level")
    op.drop_column("complaint", "batch_no")
    op.drop_column("complaint", "origin_doc_no")
    op.drop_column("complaint", "forwarded_by")
    op.drop_column("complaint", "request_kind")
    op.drop_column("complaint", "respondent_name")
    op.drop_column("complaint", "respondent_source_id")
    op.drop_column("complaint", "industry_code")
    op.drop_column("complaint", "pollution_subtypes")
    op.drop_index(op.f("ix_matter_contact_matter_id"), table_name="matter_contact")
    op.drop_table("matter_contact")
    op.drop_index(op.f("ix_matter_merge_into_matter_id"), table_name="matter_merge")
    op.drop_index(op.f("ix_matter_merge_from_matter_id"), table_name="matter_merge")
    op.drop_table("matter_merge")
    op.drop_table("holiday")
