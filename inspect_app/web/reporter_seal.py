"""The seal of this request: which key opens the stored reporters."""

from flask import g

from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.web.http import database, now, settings
from inspect_app.workflows.reporter_keys import KeyPlace, seal_in_use


def seal() -> ReporterSeal:
    """Return the seal in use, read once a request: a key changed meanwhile counts at once."""
    if "reporter_seal" not in g:
        place = KeyPlace(settings().data_dir, settings().reporter_key)
        g.reporter_seal = seal_in_use(database(), place, now=now())
    found: ReporterSeal = g.reporter_seal
    return found
