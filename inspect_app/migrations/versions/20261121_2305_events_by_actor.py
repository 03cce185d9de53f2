"""events by actor."""

from alembic import op

revision = "ef76cb662f5c"
down_revision = "3dc47bd81d5a"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_event_actor", "event", ["actor_id", "subject_kind", "subject_id"])


def downgrade():
    op.drop_index("ix_event_actor", table_name="event")
