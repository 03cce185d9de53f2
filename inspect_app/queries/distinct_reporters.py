"""Who complained, as far as counting needs it: never a name, only whether two are the same."""

from sqlalchemy import ColumnElement, String, cast, distinct, func

from inspect_app.models import Complaint


def reporter() -> ColumnElement[str]:
    """Return what tells one reporter from another; a complaint of an unknown one is its own."""
    return cast(Complaint.id, String)


def reporters() -> ColumnElement[int]:
    """Return how many different people are behind the complaints of a group."""
    return func.count(distinct(reporter()))
