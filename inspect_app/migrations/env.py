"""Alembic environment: models are the aim, PostGIS's own tables are left alone."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection

from inspect_app.config import Settings
from inspect_app.db import make_engine
from inspect_app.migrations import include_object
from inspect_app.models import Base

LOCK_TIMEOUT = "SET lock_timeout = '10s'"  # A migration waits for nobody longer than this.


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_schemas=True,
        include_object=include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
    )
    with context.begin_transaction():
        context.execute(LOCK_TIMEOUT)
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(Settings()).connect() as opened:
        run(opened)
        opened.commit()
