"""Background jobs on PostgreSQL: one module a job, found by its `register`."""

import importlib
import pkgutil

from procrastinate import App, PsycopgConnector
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings

SCHEMA_OPTIONS = "-c search_path=jobs,public -c timezone=UTC"


def make_queue(settings: Settings, sessions: sessionmaker[Session]) -> App:
    """Return the queue with every job of this package; the worker runs it."""
    address = settings.sqlalchemy_url.replace("+psycopg", "", 1)
    queue = App(connector=PsycopgConnector(conninfo=address, kwargs={"options": SCHEMA_OPTIONS}))
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        register = getattr(importlib.import_module(module.name), "register", None)
        if register is not None:
            register(queue, settings, sessions)
    return queue
