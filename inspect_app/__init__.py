"""The web application: a factory that only puts the parts together."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session, sessionmaker

    from inspect_app.config import Settings


def create_app(settings: "Settings", *, sessions: "sessionmaker[Session] | None" = None) -> "Flask":
    """Return the application; tests hand in sessions bound to their own connection.

    The web's modules are loaded here and not with the package: commands do without them.
    """
    from flask import Flask

    from inspect_app import web
    from inspect_app.db import make_engine, session_factory

    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.extensions["settings"] = settings
    app.extensions["sessions"] = sessions or session_factory(make_engine(settings))
    web.init_sessions(app)
    web.init_http(app)
    web.init_languages(app)
    web.init_templates(app)
    web.init_blueprints(app)
    return app
