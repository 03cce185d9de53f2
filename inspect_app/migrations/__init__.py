"""Alembic migrations, dated."""

from geoalchemy2 import alembic_helpers


def include_object(thing, name, kind, *comparison):
    """Leave PostGIS's tables and the job queue's out of the comparison."""
    if kind == "table" and name is not None and name.startswith("procrastinate_"):
        return False
    if kind == "table" and comparison[0] and getattr(thing, "schema", None) not in (None, "pii"):
        return False
    return alembic_helpers.include_object(thing, name, kind, *comparison)
