"""The health check of proxies and containers: says only that it is alive."""

from flask import Blueprint

from inspect_app.web.http import database, public

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@public
def alive() -> str:
    """Answer `ok` when the database answers."""
    database().connection()  # the pool tries the connection before it hands it out
    return "ok"
