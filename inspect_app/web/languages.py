"""Languages: Chinese first, English second; the person's choice is kept with the session."""

from flask import Flask, request, session
from flask_babel import Babel, gettext, ngettext

LANGUAGES = {"zh": "中文", "en": "English"}


def init_languages(app: Flask) -> None:
    """Choose the language by the query, the session, else Chinese."""
    Babel(
        app,
        default_locale="zh",
        default_timezone=app.extensions["settings"].time_zone,
        locale_selector=current_language,
    )
    # Jinja's own marks what it translates as safe HTML; a name from a file must never become that.
    app.jinja_env.globals.update(_=gettext, gettext=gettext, ngettext=ngettext)


def current_language() -> str:
    """Return the language of this request; `?lang=en` changes it for the session."""
    asked = request.args.get("lang")
    if asked in LANGUAGES and session.get("language") != asked:
        session["language"] = asked
    chosen = session.get("language", "zh")
    return str(chosen)
