"""The edge: parses requests, calls one workflow or query, answers with a template or JSON."""

import importlib
import pkgutil

from flask import Blueprint, Flask

from inspect_app.web.http import init_http
from inspect_app.web.languages import init_languages
from inspect_app.web.sessions import init_sessions
from inspect_app.web.views import init_templates

__all__ = [
    "init_blueprints",
    "init_http",
    "init_languages",
    "init_sessions",
    "init_templates",
]


def init_blueprints(app: Flask) -> None:
    """Register the blueprint `pages` of every module of this package that has one."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        if module.name.endswith(".wsgi"):
            continue
        pages = getattr(importlib.import_module(module.name), "pages", None)
        if isinstance(pages, Blueprint):
            app.register_blueprint(pages)
