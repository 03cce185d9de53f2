"""Photos on their way; triggers that write the feed of changes tablets follow."""

import sqlalchemy as sa
from alembic import op

revision = "c7f3a20261122"
down_revision = "959ede2142b3"
branch_labels = None
depends_on = None

# What a trigger's rows say: of an update both the old ones and the new ones, each once.
ROWS = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO change ({target}) SELECT {source} FROM new_rows{new};
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO change ({target}) SELECT {source} FROM old_rows{old};
    ELSE
        INSERT INTO change ({target})
        SELECT {source} FROM old_rows{old} UNION SELECT {source} FROM new_rows{new};
    END IF;
    RETURN NULL;
END $$
"""
FUNCTIONS = (
    ("note_task_change", "subject_kind, subject_id, crew_id", "'task', id, crew_id"),
    ("note_task_part_change", "subject_kind, subject_id", "DISTINCT 'task', task_id"),
    (
        "note_object_change",
        "subject_kind, subject_id, grid_id",
        "DISTINCT CASE WHEN many THEN 'objects' ELSE TG_ARGV[0] END,"
        " CASE WHEN many THEN 0 ELSE id END, grid_id",
    ),
)
# An import writes one row a grid: whoever sees that grid takes the package anew.
MANY = ", (SELECT count(*) > 1000 AS many FROM {rows}) AS counted"
TABLES = {"INSERT": "NEW TABLE AS new_rows", "DELETE": "OLD TABLE AS old_rows"}
TABLES["UPDATE"] = f"{TABLES['DELETE']} {TABLES['INSERT']}"
TRIGGERS = (
    ("patrol_task", "note_task_change()", ("INSERT", "UPDATE", "DELETE")),
    ("patrol_stop", "note_task_part_change()", ("INSERT", "UPDATE", "DELETE")),
    # Of a log a task shows the id alone, which never changes.
    ("patrol_log", "note_task_part_change()", ("INSERT", "DELETE")),
    ("outlet", "note_object_change('outlet')", ("INSERT", "UPDATE", "DELETE")),
    ("pollution_source", "note_object_change('source')", ("INSERT", "UPDATE", "DELETE")),
    ("water_source", "note_object_change('water_source')", ("INSERT", "UPDATE", "DELETE")),
)


def upgrade():
    op.create_table(
        "incoming_photo",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length >= 1", name=op.f("ck_incoming_photo_length")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_incoming_photo_person_id")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_incoming_photo")),
    )
    op.create_index(
        op.f("ix_incoming_photo_person_id"), "incoming_photo", ["person_id"], unique=False
    )
    op.drop_column("change", "gone")
    op.add_column("change", sa.Column("crew_id", sa.BigInteger(), nullable=True))
    op.add_column("change", sa.Column("grid_id", sa.BigInteger(), nullable=True))
    for name, target, source in FUNCTIONS:
        counted = MANY if name == "note_object_change" else ""
        old, new = counted.format(rows="old_rows"), counted.format(rows="new_rows")
        op.execute(ROWS.format(name=name, target=target, source=source, old=old, new=new))
    for table, function, events in TRIGGERS:
        for event in events:
            op.execute(
                f"CREATE TRIGGER note_change_{event.lower()} AFTER {event} ON {table}"
                f" REFERENCING {TABLES[event]} FOR EACH STATEMENT EXECUTE FUNCTION {function}"
            )


def downgrade():
    for table, _, events in TRIGGERS:
        for event in events:
            op.execute(f"DROP TRIGGER note_change_{event.lower()} ON {table}")
    for name, _, _ in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    op.drop_column("change", "grid_id")
    op.drop_column("change", "crew_id")
    op.add_column(
        "change",
        sa.Column("gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.drop_index(op.f("ix_incoming_photo_person_id"), table_name="incoming_photo")
    op.drop_table("incoming_photo")
