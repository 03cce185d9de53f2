"""The weekly plan: its page, editing by hand, exports, and making it in the background."""

from inspect_app.web.plans import edit, exports, page, runs, sentences
from inspect_app.web.plans.blueprint import pages

__all__ = ["edit", "exports", "page", "pages", "runs", "sentences"]
