"""Records know their log, so that track segments can wait for it."""

import sqlalchemy as sa
from alembic import op

revision = "5d0c7e1b94a2"
down_revision = "c41f0a7d5e92"
branch_labels = None
depends_on = None

UNSETTLED = sa.text("state IN ('waiting', 'inbox')")


def upgrade():
    op.add_column("sync_record", sa.Column("log_uid", sa.Uuid(), nullable=True))
    op.add_column("sync_record", sa.Column("number", sa.Integer(), nullable=True))
    op.create_index(
        "ix_sync_record_unsettled_log", "sync_record", ["log_uid"], postgresql_where=UNSETTLED
    )


def downgrade():
    op.drop_index("ix_sync_record_unsettled_log", table_name="sync_record")
    op.drop_column("sync_record", "number")
    op.drop_column("sync_record", "log_uid")
