"""The map ("一张图"): its page, features, tiles, lists and clicks."""

from inspect_app.web.map.routes import pages

__all__ = ["pages"]
