"""`inspect-app migrate`: bring the database to the newest version."""

import click
from alembic import command as alembic
from alembic.config import Config
from sqlalchemy import Engine

import inspect_app.migrations
from inspect_app.cli.edge import console, read_settings
from inspect_app.db import make_engine


def migrate(engine: Engine, *, revision: str = "head") -> None:
    """Upgrade the database in one transaction; used by the command and by the tests."""
    config = Config()
    config.set_main_option("script_location", inspect_app.migrations.__path__[0])
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.upgrade(config, revision)


@click.command("migrate")
def command() -> None:
    """Create or upgrade the tables."""
    engine = make_engine(read_settings())
    migrate(engine)
    engine.dispose()
    console.print("database is at the newest version")
