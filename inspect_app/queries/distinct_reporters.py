"""Who complained, as far as counting needs it: never a name, only whether two are the same."""

from sqlalchemy import ColumnElement, String, cast, distinct, func, select

from inspect_app.models import Complaint, Reporter


def reporter() -> ColumnElement[str]:
    """Return what tells reporters apart: the keyed hash of the telephone, else of the name.

    A complaint whose reporter is unknown counts as a person of its own. Costs one look-up by
    primary key for each complaint counted.
    """
    known = (
        select(func.coalesce(Reporter.phone_hash, Reporter.name_hash))
        .where(Reporter.complaint_id == Complaint.id)
        .correlate(Complaint)
        .scalar_subquery()
    )
    return func.coalesce(known, cast(Complaint.id, String))


def reporters() -> ColumnElement[int]:
    """Return how many different people are behind the complaints of a group."""
    return func.count(distinct(reporter()))
