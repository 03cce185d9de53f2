"""The WSGI application for gunicorn."""

from inspect_app import create_app
from inspect_app.config import Settings
from inspect_app.web.logs import init_logging

init_logging()
app = create_app(Settings())  # type: ignore[call-arg]  # filled from the environment
