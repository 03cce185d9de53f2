"""Tablets: devices, quarantine, changes, check sheets; state of records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "959ede2142b3"
down_revision = "36491c39c932"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    op.create_index("ix_change_cursor", "change", ["xid", "id"], unique=False)
    op.create_table(
        "device",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_by", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("app_version", sa.String(length=40), nullable=True),
        sa.Column("told_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("clock_offset_s", sa.Float(), nullable=True),
        sa.Column("check", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["enrolled_by"], ["person.id"], name=op.f("fk_device_enrolled_by")),
        sa.ForeignKeyConstraint(["holder_id"], ["person.id"], name=op.f("fk_device_holder_id")),
        sa.ForeignKeyConstraint(["revoked_by"], ["person.id"], name=op.f("fk_device_revoked_by")),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_device")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_token_hash")),
    )
    op.create_index(op.f("ix_device_holder_id"), "device", ["holder_id"], unique=False)
    op.create_table(
        "sync_quarantine",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kept_sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("device_uid", sa.Uuid(), nullable=True),
        sa.Column("sender_id", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_sync_quarantine_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["person.id"], name=op.f("fk_sync_quarantine_sender_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_quarantine")),
        sa.UniqueConstraint("name", "sha256", name=op.f("uq_sync_quarantine_name_sha256")),
    )
    op.create_table(
        "enrolment_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("device_name", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_uid", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_uid"], ["device.uid"], name=op.f("fk_enrolment_code_device_uid")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["person.id"], name=op.f("fk_enrolment_code_holder_id")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_enrolment_code_made_by")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_enrolment_code")),
    )
    op.create_table(
        "check_sheet",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("log_uid", sa.Uuid(), nullable=False),
        sa.Column("stop_id", sa.BigInteger(), nullable=True),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("nothing_found", sa.Boolean(), nullable=False),
        sa.Column("filled_by", sa.BigInteger(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_uid", sa.Uuid(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_check_sheet_version")),
        sa.ForeignKeyConstraint(
            ["filled_by"], ["person.id"], name=op.f("fk_check_sheet_filled_by")
        ),
        sa.ForeignKeyConstraint(
            ["log_uid"], ["patrol_log.uid"], name=op.f("fk_check_sheet_log_uid"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_check_sheet")),
    )
    op.create_index(op.f("ix_check_sheet_log_uid"), "check_sheet", ["log_uid"], unique=False)
    op.create_index(
        "ix_check_sheet_object", "check_sheet", ["object_kind", "object_id"], unique=False
    )
    op.create_index(op.f("ix_check_sheet_stop_id"), "check_sheet", ["stop_id"], unique=False)
    op.add_column("photo", sa.Column("likeness", sa.BigInteger(), nullable=True))
    op.add_column("sync_record", sa.Column("sender_id", sa.BigInteger(), nullable=True))
    op.add_column("sync_record", sa.Column("device_uid", sa.Uuid(), nullable=True))
    op.add_column("sync_record", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("sync_record", sa.Column("task_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "sync_record",
        sa.Column(
            "photos",
            postgresql.ARRAY(sa.String(length=64)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column(
        "sync_record",
        sa.Column("state", sa.String(length=20), server_default=sa.text("'taken'"), nullable=False),
    )
    op.add_column("sync_record", sa.Column("problem", sa.String(length=60), nullable=True))
    op.add_column(
        "sync_record",
        sa.Column("problem_facts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.add_column("sync_record", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sync_record", sa.Column("settled_by", sa.BigInteger(), nullable=True))
    op.add_column("sync_record", sa.Column("settle_reason", sa.Text(), nullable=True))
    op.create_index(
        "ix_sync_record_photos", "sync_record", ["photos"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        op.f("ix_sync_record_received_at"), "sync_record", ["received_at"], unique=False
    )
    op.create_index(op.f("ix_sync_record_task_id"), "sync_record", ["task_id"], unique=False)
    op.create_index(
        "ix_sync_record_unsettled",
        "sync_record",
        ["task_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'inbox')"),
    )
    op.create_index(
        "uq_sync_record_device_seq",
        "sync_record",
        ["device_uid", "seq"],
        unique=True,
        postgresql_where=sa.text("device_uid IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_sync_record_sender_id"), "sync_record", "person", ["sender_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_sync_record_settled_by"), "sync_record", "person", ["settled_by"], ["id"]
    )
    op.add_column(
        "track_segment",
        sa.Column(
            "source", sa.String(length=20), server_default=sa.text("'tablet'"), nullable=False
        ),
    )
    op.add_column("track_segment", sa.Column("device_uid", sa.Uuid(), nullable=True))
    op.add_column("track_segment", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.create_index(
        "uq_track_segment_device_seq",
        "track_segment",
        ["device_uid", "seq"],
        unique=True,
        postgresql_where=sa.text("device_uid IS NOT NULL"),
    )
    op.create_check_constraint(
        op.f("ck_sync_record_state_code"),
        "sync_record",
        "state IN ('taken', 'waiting', 'inbox', 'set_aside')",
    )
    op.create_check_constraint(
        op.f("ck_track_segment_source_code"),
        "track_segment",
        "source IN ('tablet', 'gpx', 'drone', 'manual')",
    )


def downgrade():
    op.drop_index(
        "uq_track_segment_device_seq",
        table_name="track_segment",
        postgresql_where=sa.text("device_uid IS NOT NULL"),
    )
    op.drop_column("track_segment", "seq")
    op.drop_column("track_segment", "device_uid")
    op.drop_column("track_segment", "source")
    op.drop_constraint(op.f("fk_sync_record_settled_by"), "sync_record", type_="foreignkey")
    op.drop_constraint(op.f("fk_sync_record_sender_id"), "sync_record", type_="foreignkey")
    op.drop_index(
        "uq_sync_record_device_seq",
        table_name="sync_record",
        postgresql_where=sa.text("device_uid IS NOT NULL"),
    )
    op.drop_index(
        "ix_sync_record_unsettled",
        table_name="sync_record",
        postgresql_where=sa.text("state IN ('waiting', 'inbox')"),
    )
    op.drop_index(op.f("ix_sync_record_task_id"), table_name="sync_record")
    op.drop_index(op.f("ix_sync_record_received_at"), table_name="sync_record")
    op.drop_index("ix_sync_record_photos", table_name="sync_record", postgresql_using="gin")
    op.drop_column("sync_record", "settle_reason")
    op.drop_column("sync_record", "settled_by")
    op.drop_column("sync_record", "settled_at")
    op.drop_column("sync_record", "problem_facts")
    op.drop_column("sync_record", "problem")
    op.drop_column("sync_record", "state")
    op.drop_column("sync_record", "photos")
    op.drop_column("sync_record", "task_id")
    op.drop_column("sync_record", "seq")
    op.drop_column("sync_record", "device_uid")
    op.drop_column("sync_record", "sender_id")
    op.drop_column("photo", "likeness")
    op.drop_index(op.f("ix_check_sheet_stop_id"), table_name="check_sheet")
    op.drop_index("ix_check_sheet_object", table_name="check_sheet")
    op.drop_index(op.f("ix_check_sheet_log_uid"), table_name="check_sheet")
    op.drop_table("check_sheet")
    op.drop_table("enrolment_code")
    op.drop_table("sync_quarantine")
    op.drop_index(op.f("ix_device_holder_id"), table_name="device")
    op.drop_table("device")
    op.drop_index("ix_change_cursor", table_name="change")
    op.drop_table("change")
