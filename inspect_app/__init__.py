"""The web application: a factory that only puts the parts together."""

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from inspect_app.config import Settings
from inspect_app.db import make_engine, session_factory
from inspect_app.web import (
    init_blueprints,
    init_http,
    init_languages,
    init_sessions,
    init_templates,
)


def create_app(settings: Settings, *, sessions: sessionmaker[Session] | None = None) -> Flask:
    """Return the application; tests hand in sessions bound to their own connection."""
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.extensions["settings"] = settings
    app.extensions["sessions"] = sessions or session_factory(make_engine(settings))
    init_sessions(app)
    init_http(app)
    init_languages(app)
    init_templates(app)
    init_blueprints(app)
    return app
